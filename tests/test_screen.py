"""No sentence of the screen stands in more than one test file: a change of words is a change in one place."""

import ast
from collections import defaultdict
from pathlib import Path

from tests.docs.test_words import screens
from tests.places import ROOT

WORDS = 5  # so many make a sentence; labels of fewer words are names of things
OF_WORDS = ("tests/pico_app/words/", "tests/golden/", "tests/bench/")  # they test the words, or measure other versions


def sentences(path: Path, shown: str) -> set[str]:
    texts = {
        " ".join(node.value.split())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {text for text in texts if len(text.split()) >= WORDS and text in shown}


def repeated(folder: Path, shown: str) -> dict[str, list[str]]:
    """Sentences with the files that hold them, where there are several."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("*.py")):
        name = path.relative_to(folder.parent).as_posix()
        for sentence in sentences(path, shown) if not name.startswith(OF_WORDS) else ():
            files[sentence].append(name)
    return {sentence: names for sentence, names in files.items() if len(names) > 1}


def test_a_sentence_of_the_screen_stands_in_one_file_of_the_tests():
    assert repeated(ROOT / "tests", " ".join(" ".join(screens().values()).split())) == {}


def test_a_sentence_that_two_files_hold_is_found(tmp_path):
    for name, line in (("one", "SAID = 'This star stands left of all.'"), ("two", "SAID = 'This star'\n")):
        (tmp_path / f"{name}.py").write_text(line)
    assert repeated(tmp_path, "So: This star stands left of all. Give another.") == {}
    (tmp_path / "two.py").write_text("assert 'This star stands left of all.' in said\n")
    names = [f"{tmp_path.name}/{name}.py" for name in ("one", "two")]
    assert repeated(tmp_path, "So: This star stands left of all. Give another.") == {
        "This star stands left of all.": names
    }
