"""Files of a folder that fills while it is read: each is whole at any moment."""

from pathlib import Path

import polars as pl

from pico_core.storage.atomic import atomic_file


def write_table(path: Path, table: pl.DataFrame, *, drafts: Path | None = None, level: int = 3) -> None:
    """Write a table as zstd parquet.

    Args:
        path: Its file.
        table: What to write.
        drafts: Where the draft lies; default beside the file.
        level: Of compression; tables that are kept in the repository take the highest.
    """
    with atomic_file(path, drafts=drafts) as draft:
        table.write_parquet(draft, compression_level=level)


def write_text(path: Path, text: str, *, drafts: Path | None = None) -> None:
    """Write a text; see `write_table`."""
    with atomic_file(path, drafts=drafts) as draft:
        draft.write_text(text, encoding="utf-8")
