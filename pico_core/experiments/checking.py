"""Does a table of an experiment say what a committed one says? Cell by cell, within a stated tolerance."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.errors import DataError, RunError
from pico_core.experiments.cells import SCHEMA, current_names
from pico_core.storage.parquet import UNREADABLE, read_parquet

TOLERANCE: Final = 1.0  # points of rSum: other libraries round sums otherwise, and close ranks then swap
LARGEST: Final = 2.0**53  # of a number in a table: far beyond any rSum, and its square is still finite
CELL: Final = ("dataset", "variant", "seed")


@dataclass(frozen=True)
class TableCheck:
    """How a table compares with another.

    Attributes:
        n_cells: Cells of both together: a variant on a dataset under a seed, scored or trained.
        missing: Cells of the other table that this one lacks, as "dataset / variant / seed".
        added: Cells that only this one has.
        different: Cells whose rSum differs by more than the tolerance, or exists on one side only.
        largest: Largest difference of rSum among common cells, in points.
        other_data: Datasets whose content differs.
    """

    n_cells: int
    missing: tuple[str, ...]
    added: tuple[str, ...]
    different: tuple[str, ...]
    largest: float
    other_data: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether both hold the same cells with the same numbers, within the tolerance."""
        return not (self.missing or self.added or self.different or self.other_data)

    @property
    def sentence(self) -> str:
        """The answer, verdict before digits."""
        within = f"within {TOLERANCE:.1f} point of rSum per cell"
        if self.agrees:
            return f"The tables agree {within}: {self.n_cells} cells, largest difference {self.largest:.2f}."
        parts = [
            f"{len(cells)} {words} ({', '.join(cells[:3])}{', ...' if len(cells) > 3 else ''})"
            for words, cells in (
                ("datasets with other content", self.other_data),
                ("cells missing", self.missing),
                ("cells more than there", self.added),
                ("cells differ", self.different),
            )
            if cells
        ]
        return f"The tables do not agree {within}: {'; '.join(parts)}; largest difference {self.largest:.2f}."


def read_table(path: Path | str) -> pl.DataFrame:
    """Read the table of an experiment.

    Raises:
        RunError: not there, damaged, or not such a table.
    """
    path = Path(path)
    try:
        table = read_parquet(path)
    except (DataError, *UNREADABLE) as error:
        raise RunError(f"{path.name}: cannot be read ({error}); name the results.parquet of an experiment") from None
    if table.schema != SCHEMA:
        raise RunError(f"{path.name}: has other columns than the table of an experiment; run the experiment again")
    return current_names(table)


def check_table(table: pl.DataFrame, other: pl.DataFrame) -> TableCheck:
    """Compare the table of a run with another one, such as a committed one."""
    both = table.select(*CELL, "rsum", "digest", here=True).join(
        other.select(*CELL, "rsum", "digest", there=True), on=CELL, how="full", coalesce=True, suffix="_other"
    )
    common = both.filter(pl.col("here") & pl.col("there"))
    apart = (pl.col("rsum") - pl.col("rsum_other")).abs()
    one_sided = pl.col("rsum").is_null() != pl.col("rsum_other").is_null()
    largest = common.select(apart.max()).item()
    return TableCheck(
        n_cells=both.height,
        missing=_names(both.filter(pl.col("here").is_null())),
        added=_names(both.filter(pl.col("there").is_null())),
        different=_names(common.filter((apart > TOLERANCE).fill_null(False) | one_sided)),
        largest=0.0 if largest is None else float(largest),
        other_data=tuple(
            common.filter(pl.col("digest") != pl.col("digest_other"))["dataset"].unique(maintain_order=True).to_list()
        ),
    )


def _names(cells: pl.DataFrame) -> tuple[str, ...]:
    return tuple(f"{dataset} / {variant} / {seed}" for dataset, variant, seed in cells.select(*CELL).sort(CELL).rows())
