"""The engine computes, the front end speaks: no sentence in a room whose findings only the front end shows."""

import ast
from pathlib import Path

import pytest

ENGINE = Path(__file__).parents[2] / "pico_core"
SILENT = ("teaching", "columns", "spaces", "retrieval", "experiments", "demo/lessons.py", "demo/measures.py")
PRINTED = {  # by what
    "columns/probe.py": "pico-lens probe",
    "columns/detectors.py": "pico-lens probe",
    "experiments/small.py": "the file of an experiment: it says what it asks",
    "experiments/summary.py": "pico-lens experiment",
    "experiments/tables.py": "pico-lens experiment --check, and errors",
    "experiments/toml_reading.py": "an error: it says what was expected",
    "experiments/trained.py": "the table of trainings: a note of every cell",
    "experiments/training_summary.py": "pico-lens train",
    "retrieval/records.py": "pico-lens run",
    "retrieval/schemes/method.py": "pico-lens experiment",
    "retrieval/switching/column_sets.py": "a file of columns: it names its axes",
}
WORDS = 5  # so many in a row read as a sentence; names of things are shorter


def modules() -> list[Path]:
    return [path for name in SILENT for path in ([ENGINE / name] if name[-3:] == ".py" else (ENGINE / name).rglob("*"))]


def sentences(source: str) -> list[str]:
    """Texts of many words; docstrings, errors and what an assertion says are no texts for the screen."""
    tree, spoken = ast.parse(source), []

    def visit(node: ast.AST) -> None:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if docstring or isinstance(node, ast.Raise | ast.Assert):
            return
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Error"):
            return
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values)
            spoken.extend([text] if reads_as_sentence(text) else [])
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and reads_as_sentence(node.value):
            spoken.append(node.value)
        for child in ast.iter_child_nodes(node):
            # The constants of an f-string were read together.
            if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
                visit(child)

    visit(tree)
    return spoken


def reads_as_sentence(text: str) -> bool:
    return sum(any(letter.isalpha() for letter in word) and len(word) > 1 for word in text.split()) >= WORDS


@pytest.mark.parametrize("path", [path for path in modules() if path.suffix == ".py"], ids=lambda path: path.stem)
def test_a_room_that_only_pages_read_holds_no_sentence(path):
    found = sentences(path.read_text(encoding="utf-8"))
    if path.relative_to(ENGINE).as_posix() in PRINTED:
        assert found, "nothing is printed from here any more: take it off the list"
    else:
        assert found == []


def test_a_sentence_is_told_from_a_name_an_error_and_a_docstring():
    told = 'def f(n):\n    """It has many words in one line."""\n    return f"the {n} heaviest of all of them hold"\n'
    assert sentences(told) == ["the 0 heaviest of all of them hold"]
    assert sentences('raise DataError(f"the weights have {n} columns, the patches none")') == []
    assert sentences('TITLE = "style similarity of images"') == []
    assert sentences('def g():\n    return "No change: the right answer stays"') != []
