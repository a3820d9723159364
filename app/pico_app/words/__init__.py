"""Words that the pages share: the glossary, whose idea everything is, and how words of data are shown."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any


@cache
def read_words(name: str) -> dict[str, Any]:
    """What a file of this room holds, such as `glossary` for glossary.toml; read once and never changed."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text(encoding="utf-8"))


PARAGRAPHS: dict[str, str] = read_words("paragraphs")
