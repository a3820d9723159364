"""Captions in tables: delimited text, parquet, and the token files of Flickr."""

import csv
import io
from pathlib import Path
from typing import Any

from pico_core.encoders.captions.rows import Choice, Rows, choose, table_rows
from pico_core.errors import DataError
from pico_core.storage.parquet import check_declared

DELIMITERS = ("\t", ",", ";", "|")
MAX_ROWS = 10_000_000
MAX_CHARACTERS = 2**30
ROWS_AT_ONCE = 1024
csv.field_size_limit(MAX_CHARACTERS)  # a caption may be long: the module's own limit is 128 KiB, for the whole process


def token_file_rows(text: str) -> Rows:
    """Flickr8k and Flickr30k: one caption per line, `name.jpg#0<TAB>caption`."""
    rows = Rows([], [])
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, tab, caption = line.partition("\t")
        image, mark, _ = name.rpartition("#")
        if not tab or not mark:
            raise DataError(f"line {number} is {line[:60]!r}; expected name.jpg#0, a tabulator and the caption")
        rows.images.append(image)
        rows.captions.append(caption)
    return rows


def delimited_rows(text: str, choice: Choice) -> Rows:
    """A table with a first line of names, divided by tabulators, commas, semicolons or bars."""
    first = text.lstrip().split("\n", maxsplit=1)[0]
    delimiter = delimiter_of(first, choice)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    header: list[str] = []
    table: list[list[str]] = []
    for line in lines:
        if not any(cell.strip() for cell in line):
            continue
        if not header:
            header = [name.strip() for name in line]
        elif len(line) != len(header):
            raise DataError(
                f"line {lines.line_num} has {len(line)} fields, but the first line names {len(header)}; put captions "
                "that hold the separator into quotation marks"
            )
        else:
            table.append(line)
    if len(set(header)) != len(header):
        raise DataError(
            f"the first line names a column twice: {', '.join(header)}; give every column a name of its own"
        )
    if not table:
        raise DataError("it has a first line of names and no row; check which file it is")
    return table_rows(dict(zip(header, map(list, zip(*table, strict=True)), strict=True)), choice)


def delimiter_of(first: str, choice: Choice) -> str:
    """The character that divides the first line into names among which the needed ones are."""
    refusal = None
    for delimiter in DELIMITERS:
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter, skipinitialspace=True))]
        if len(names) > 1:
            try:
                choose(names, choice)
            except DataError as error:
                refusal = refusal or error
            else:
                return delimiter
    raise refusal or DataError(
        f"its first line is {first[:80]!r}; expected names of columns, such as image,caption, with one row per caption "
        "below, or another of the known formats"
    )


def parquet_rows(path: Path, choice: Choice) -> Rows:
    """A parquet table, read a little at a time, so that nothing expands beyond its limit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows > MAX_ROWS:
            raise DataError(f"it declares {file.metadata.num_rows} rows; the limit is {MAX_ROWS}: divide it")
        columns = choose(file.schema_arrow.names, choice)
        plain = [
            name
            for name in columns.labels
            if (kind := file.schema_arrow.field(name).type) in (pa.string(), pa.large_string(), pa.bool_())
            or pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
        ]
        wanted = [columns.image, *columns.captions, *plain]
        check_declared(path, columns=wanted)
        table: dict[str, list[Any]] = {name: [] for name in wanted}
        size = 0
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted):
            size += batch.nbytes
            if size > MAX_CHARACTERS:
                raise DataError(
                    f"its columns take more than {MAX_CHARACTERS / 2**30:g} GiB; keep fewer or shorter ones"
                )
            for name in wanted:
                table[name].extend(batch.column(name).to_pylist())
    return table_rows(table, choice)
