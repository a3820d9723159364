"""The planted semantic share of every column, in a file beside its dataset."""

from pathlib import Path

import polars as pl
import torch

from pico_core.axes import Columns
from pico_core.errors import DataError
from pico_core.storage.atomic import atomic_file
from pico_core.storage.parquet import UNREADABLE, read_parquet


def write_truth(share: Columns, path: Path) -> None:
    """Write the planted semantic share, one row per column."""
    with atomic_file(path) as draft:
        pl.DataFrame({"column": list(range(len(share))), "semantic_share": share.tolist()}).write_parquet(draft)


def read_truth(path: Path, n_columns: int) -> Columns:
    """Read what `write_truth` wrote.

    Raises:
        DataError: damaged, or of another number of columns.
    """
    try:
        share = read_parquet(path)["semantic_share"].cast(pl.Float64)
    except (DataError, *UNREADABLE) as error:
        raise DataError(f"{path.name}: cannot be read ({error}); remove it or make the data again") from None
    if len(share) != n_columns or not share.is_finite().fill_null(False).all():
        raise DataError(f"{path.name}: {len(share)} rows; expected one number per column, {n_columns}")
    return torch.tensor(share.to_list(), dtype=torch.float32)
