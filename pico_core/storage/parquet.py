"""Parquet files that anybody may have written: judged by what they declare before anything is unpacked.

Arrow reads them. The reader of polars trusts a page's number of values: for a file made so, it asks for an exabyte and
the whole process is ended, with no error to catch.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import polars as pl

from pico_core.common.errors import DataError
from pico_core.storage.parquet_footer import read_footer

MAX_VALUES: Final = 50_000_000  # values in lists counted: a billion equal ones take a few bytes
MAX_UNPACKED: Final = 2**30  # bytes
# What is raised on damaged files: polars even panics, outside Exception, on what it is given.
UNREADABLE: Final = (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException)


def check_declared(
    path: Path, *, rows: int | None = None, of: str = "rows", columns: Collection[str] | None = None
) -> None:
    """Refuse a file that declares more than the memory should hold, or another number of rows.

    Args:
        path: The file.
        rows: How many rows it must have; None = any number.
        of: What the rows are, for the message.
        columns: Which will be read; None = all.

    Raises:
        DataError: too much, or another number. The message names no file.
        OSError: no parquet at all.
    """
    declared = read_footer(path)
    if rows is not None and declared.n_rows != rows:
        raise DataError(f"the table has {declared.n_rows} rows, but there are {rows} {of}; one row each is needed")
    chunks = [chunk for chunk in declared.chunks if columns is None or chunk.column.decode(errors="replace") in columns]
    values, unpacked = sum(chunk.n_values for chunk in chunks), sum(chunk.unpacked for chunk in chunks)
    if max(values, declared.n_rows) > MAX_VALUES or unpacked > MAX_UNPACKED:
        raise DataError(
            f"the table declares {declared.n_rows} rows, {values} values and {unpacked / 2**20:.0f} MiB; the limits "
            f"are {MAX_VALUES} values and {MAX_UNPACKED / 2**20:.0f} MiB: keep fewer rows or columns"
        )


def read_parquet(path: Path, *, rows: int | None = None, of: str = "rows") -> pl.DataFrame:
    """A whole table, if it declares no more than the memory should hold; arguments as for `check_declared`.

    Raises:
        DataError: as there.
        UNREADABLE: damaged.
    """
    check_declared(path, rows=rows, of=of)
    with _opened(path) as file:
        table = file.read(use_threads=False)
        table.validate(full=True)  # polars takes its word that texts are UTF-8 and lists end within their values
        frame = pl.DataFrame(pl.from_arrow(table))
    check_letters(frame)
    return frame


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """A file in the hands of Arrow, whose errors become those of a file."""
    # Arrow's own pool claims a gigabyte of addresses to read a header; it looks here once, when it is loaded.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, UnicodeDecodeError) as error:  # names of columns need not be UTF-8
        raise OSError(str(error)) from error


def check_letters(frame: pl.DataFrame) -> None:
    """Refuse texts that take more than the memory should hold: in the file, equal ones may be stored once.

    Raises:
        DataError: they do.
    """
    size = sum(int(column.str.len_bytes().sum()) for column in frame.select(pl.col(pl.String)).iter_columns())
    if size > MAX_UNPACKED:
        raise DataError(
            f"the texts take {size / 2**30:.1f} GiB; the limit is {MAX_UNPACKED / 2**30:g} GiB: shorten them"
        )
