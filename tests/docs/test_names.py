"""Parameters and local variables are called what the thing is, not by words that fit any value."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.places import ROOT

EMPTY = {"found", "one", "said", "told", "place", "asked", "made", "reach", "wish", "shelf", "company", "fellows"}
FILES = sorted(
    path.relative_to(ROOT).as_posix() for name in ("pico_core", "app") for path in (ROOT / name).rglob("*.py")
)


def empty_names(source: str) -> list[str]:
    """Every parameter and variable of a function that says nothing, with its line."""
    tree = ast.parse(source)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    ]
    named = {pair for function in functions for node in ast.walk(function) for pair in _named(node)}
    return [f"line {line}: {name}" for line, name in sorted(named) if name in EMPTY]


def _named(node: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(node, ast.arg):
        yield node.lineno, node.arg
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.lineno, node.id
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name is not None:
        yield node.lineno, node.name


@pytest.mark.parametrize("file", FILES)
def test_names_say_what_the_thing_is(file: str) -> None:
    assert empty_names(Path(ROOT, file).read_text(encoding="utf-8")) == []


def test_empty_names_are_seen_wherever_a_function_binds_them() -> None:
    source = "\n".join(
        (
            "def f(found, *, place=0, **said):",
            "    one = [asked for asked in found]",
            "    with g() as made, h(lambda told: told):",
            "        return (reach := 1)",
            "class C:",
            "    place: int = 0",
            "found = g(place=1).found",
        )
    )
    assert empty_names(source) == [
        "line 1: found",
        "line 1: place",
        "line 1: said",
        "line 2: asked",
        "line 2: one",
        "line 3: made",
        "line 3: told",
        "line 4: reach",
    ]
