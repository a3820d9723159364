"""The command line, put together: of what is not called only names and sentences, read from the sources.

What commands need takes seconds to load. So the module of the command that is called is loaded and no other; `--help`
loads none.
"""

import ast
from importlib import import_module
from pathlib import Path

import typer

FAMILIES = ("datasets", "encode", "studies", "experiment", "train", "retrieve", "probe")  # modules, in the order shown
GROUPS = ("demo",)  # whose commands stand below their name
EVERY = "*"


def command_line(words: str | None, *, called: str = EVERY) -> typer.Typer:
    """All commands of the engine, in the order shown.

    Args:
        words: What the help says above them.
        called: The command that can be called (default all can); of others there is only what `--help` lists.
    """
    app = typer.Typer(help=words, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
    for family in FAMILIES:
        sentences = _sentences(_source(family))
        loaded = called == EVERY or called in sentences
        app.add_typer(import_module(f"pico_core.cli.{family}").app if loaded else _listed(sentences))
    for group in GROUPS:
        if called in (EVERY, group):
            app.add_typer(import_module(f"pico_core.cli.{group}").app, name=group)
        else:
            app.add_typer(_listed({group: None}), name=group, help=ast.get_docstring(_source(group)))
    return app


def _source(module: str) -> ast.Module:
    return ast.parse(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8"))


def _sentences(source: ast.Module) -> dict[str, str | None]:
    """The names of the commands of a module, and what they say of themselves."""
    sentences = {}
    for node in (node for node in source.body if isinstance(node, ast.FunctionDef)):
        for decorator in node.decorator_list:
            if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "app.command":
                names = [ast.literal_eval(keyword.value) for keyword in decorator.keywords if keyword.arg == "name"]
                sentences[(*names, node.name)[0]] = ast.get_docstring(node)
    return sentences


def _listed(sentences: dict[str, str | None]) -> typer.Typer:
    """Commands that do nothing but stand in a list."""
    app = typer.Typer()
    for name, words in sentences.items():
        app.command(name=name, help=words)(_nothing)
    return app


def _nothing() -> None:
    pass
