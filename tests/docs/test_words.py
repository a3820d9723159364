"""One word for one idea, in code, on the command line, on the pages and in the documents; see words/replaced.toml."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from pico_app.words import glossary, read_words
from pico_core import cli
from tests.places import ROOT

REPLACED = read_words("replaced")
WORDS = ROOT / "app" / "pico_app" / "words"
CODE = sorted(path for name in ("pico_core", "app") for path in (ROOT / name).rglob("*.py"))
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def identifiers(module: ast.AST) -> Iterator[str]:
    for node in ast.walk(module):
        for field in ("id", "arg", "attr", "asname"):
            yield str(getattr(node, field, None))
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.alias):
            yield node.name.rpartition(".")[2]


def texts(module: ast.AST) -> Iterator[str]:
    """String constants without docstrings."""
    documented = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield node.value


def leaves(words: Any) -> Iterator[str]:
    if isinstance(words, dict | list):
        for value in words.values() if isinstance(words, dict) else words:
            yield from leaves(value)
    else:
        yield str(words)


@cache
def screens() -> dict[str, str]:
    """What the pages say, by file: words, templates and the texts of the code."""
    shown = {
        name_of(path): "\n".join(leaves(read_words(path.stem)))
        for path in sorted(WORDS.glob("*.toml"))
        if path.stem not in ("replaced", "glossary")
    }
    shown |= {name_of(path): path.read_text(encoding="utf-8") for path in (ROOT / "app").rglob("*.j2")}
    return shown | {name_of(path): "\n".join(texts(tree(path))) for path in CODE if "pico_app" in path.parts}


@cache
def engine() -> str:
    """What the engine calls things: titles of axes, detectors and schemes, which pages show."""
    listed = [path.read_text(encoding="utf-8") for path in (ROOT / "pico_core").rglob("*.toml")]
    return "\n".join([*listed, *(text for path in CODE if "pico_core" in path.parts for text in texts(tree(path)))])


@cache
def command_line() -> str:
    """Names, options and help of every command."""

    def told(command: Any) -> Iterator[str]:
        yield from (command.name or "", command.help or "", command.epilog or "")
        for parameter in command.params:
            yield from (*parameter.opts, str(getattr(parameter, "help", "")), str(parameter.metavar or ""))
        for inner in getattr(command, "commands", {}).values():
            yield from told(inner)

    return "\n".join(told(typer.main.get_command(cli.app)))


@cache
def everything() -> str:
    """All that is said anywhere but in the glossary itself."""
    documents = [path.read_text(encoding="utf-8") for path in DOCUMENTS if path.name != "glossary.md"]
    return "\n".join([*screens().values(), command_line(), engine(), *documents])


def speaks_of(text: str, words: str) -> bool:
    """Whether a text has these words, over the end of a line as well, and not as a part of longer ones."""
    pattern = r"\s+".join(re.escape(word) for word in words.split())
    return re.search(rf"(?<![\w-]){pattern}(?![\w-])", text, re.IGNORECASE) is not None


@pytest.mark.parametrize("path", CODE, ids=name_of)
def test_code_uses_no_replaced_name(path):
    used = set(identifiers(tree(path))) & set(REPLACED["identifiers"])
    assert {name: REPLACED["identifiers"][name] for name in used} == {}
    values = set(texts(tree(path))) & set(REPLACED["values"])
    assert bool(values) == (name_of(path) in REPLACED["read"]), f"{values}: on the list, and nowhere else"


@pytest.mark.parametrize("phrase", REPLACED["phrases"])
def test_no_page_no_command_and_no_document_says_a_replaced_phrase(phrase):
    documents = {name_of(path): path.read_text(encoding="utf-8") for path in DOCUMENTS}
    said = screens() | documents | {"the command line": command_line()}
    assert [place for place, text in said.items() if speaks_of(text, phrase)] == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_no_document_shows_a_replaced_name(path):
    shown = set(
        re.findall(r"\w+", " ".join(re.findall(r"```.*?```|`[^`\n]+`", path.read_text(encoding="utf-8"), re.DOTALL)))
    )
    # The code says `unguarded` of weights; a scheme is no longer called so.
    values = set(REPLACED["values"]) - {name for module in CODE for name in identifiers(tree(module))}
    assert shown & (set(REPLACED["identifiers"]) | values) == set()


def test_what_is_said_instead_is_said():
    names = {name for path in CODE for name in identifiers(tree(path))}
    assert set(REPLACED["identifiers"].values()) <= names
    values = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "pico_core").rglob("*.toml"))
    assert [value for value in REPLACED["values"].values() if value not in values] == []


@pytest.mark.parametrize("term", [*glossary.TERMS, *glossary.EVERYDAY])
def test_a_term_of_the_glossary_is_used_and_is_no_replaced_one(term):
    forms = [term, f"{term}s", *(form for form, own in glossary.FORMS.items() if own == term)]
    assert any(speaks_of(everything(), form) for form in forms)
    assert term.casefold() not in REPLACED["phrases"]


def test_no_two_terms_mean_the_same():
    """A term that is explained by another one alone is that other one's form, or says that it is short for it."""
    meanings = glossary.TERMS | glossary.EVERYDAY
    terms = {term.casefold() for term in meanings}
    bare = {term: re.sub(r"^(an?|the) ", "", meaning.casefold()).rstrip(".") for term, meaning in meanings.items()}
    assert {term: meaning for term, meaning in bare.items() if meaning in terms} == {}


def test_a_word_is_told_from_a_part_of_one():
    assert speaks_of("its fellows\nat the prototype", "Fellows at")
    assert not speaks_of("a bedfellow, and a company-wide one", "company")
    assert not speaks_of("a bedfellow", "fellow")
    assert set(identifiers(ast.parse("import a.b as c\ndef f(x): return x.y"))) >= {"b", "c", "f", "x", "y"}
