"""Words that the pages share: the glossary, whose idea everything is, and how words of data are shown."""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_words(name: str) -> dict[str, Any]:
    """What a file of this room holds, such as `glossary` for glossary.toml; read once and never changed."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


PARAGRAPHS: dict[str, str] = read_words("paragraphs")


def finding(name: str, /, *record: object, **values: object) -> str:
    """A sentence of findings.toml, or a part of one, with a record and further values in its braces.

    >>> finding("labels.better", values="sepia (+2.0)")
    'better for sepia (+2.0)'
    """
    words: Any = read_words("findings")
    for part in name.split("."):
        words = words[part]
    return str(words).format(*record, **values)


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["p̂"]), listed(["p̂", "p", "the correlation"])
    ('p̂', 'p̂, p and the correlation')
    """
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), *names[-1:]])


def capitalised(sentence: str) -> str:
    """The sentence with a capital at its start, and the rest as it is."""
    return sentence[:1].upper() + sentence[1:]
