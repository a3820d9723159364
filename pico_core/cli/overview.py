"""What `pico-lens --help` lists, read from the sources of the commands: nothing of what they need is loaded."""

import ast
from collections.abc import Callable
from pathlib import Path

import typer

FAMILIES = ("datasets", "encode", "studies", "experiment", "train", "retrieve", "probe")  # modules, in the order shown
GROUPS = ("demo",)  # whose commands stand below their name


def overview(words: str | None) -> typer.Typer:
    """A command line that can only say which commands there are.

    Args:
        words: What it says above them.
    """
    app = typer.Typer(help=words, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for family in FAMILIES:
        commands = typer.Typer()
        for node in (node for node in _source(family).body if isinstance(node, ast.FunctionDef)):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "app.command":
                    named = [ast.literal_eval(part.value) for part in decorator.keywords if part.arg == "name"]
                    commands.command(name=(*named, node.name)[0])(_stub(ast.get_docstring(node)))
        app.add_typer(commands)
    for group in GROUPS:
        below = typer.Typer(help=ast.get_docstring(_source(group)))
        below.command()(_stub(None))
        app.add_typer(below, name=group)
    return app


def _source(module: str) -> ast.Module:
    return ast.parse((Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8"))


def _stub(words: str | None) -> Callable[[], None]:
    def stub() -> None:
        pass

    stub.__doc__ = words
    return stub
