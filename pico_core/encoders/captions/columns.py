"""Which columns a file of captions has, for people who choose among them."""

import csv
from pathlib import Path

from pico_core.encoders.captions.rows import Choice
from pico_core.encoders.captions.tables import DELIMITERS, delimiter_of
from pico_core.encoders.captions.text import decoded, is_token_file, json_content, judge_bytes
from pico_core.errors import DataError
from pico_core.storage.headers import reading

MAX_COLUMNS = 200


def caption_columns(path: Path | str) -> tuple[str, ...]:
    """Names of the columns of a table or of records; empty where the format says itself what is what.

    Raises:
        DataError: another kind of file, or damaged.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"{file.name}: there is no such file; check the path")
    with reading(file, "captions"):
        return tuple(dict.fromkeys(_names(file)))[:MAX_COLUMNS]


def _names(file: Path) -> list[str]:
    if judge_bytes(file) == "parquet":
        import pyarrow.parquet as pq

        return [str(name) for name in pq.read_schema(file).names]
    text = decoded(file)
    if text.lstrip()[:1] in ("{", "["):
        content = json_content(text)
        records = content if isinstance(content, list) else []
        return [str(name) for record in records if isinstance(record, dict) for name in record]
    return [] if is_token_file(text) else _header(text)


def _header(text: str) -> list[str]:
    """The names in the first line, divided as the reader divides them, else by what divides it most."""
    first = text.lstrip().split("\n", maxsplit=1)[0]
    try:
        marks: tuple[str, ...] = (delimiter_of(first, Choice()),)
    except DataError:
        marks = DELIMITERS
    divided = (next(csv.reader([first], delimiter=mark, skipinitialspace=True)) for mark in marks)
    return [name.strip() for name in max(divided, key=len)]
