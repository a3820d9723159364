"""Tables of experiments and trainings: read as this version writes them, and compared with committed ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.common.errors import DataError, RunError
from pico_core.experiments.cells import SCHEMA, current_names
from pico_core.experiments.trainings import tables as trained
from pico_core.experiments.trainings.tables import ALONE, CURVES, LEAD, LISTED, TrainingTables, upgraded
from pico_core.storage.parquet import UNREADABLE, read_parquet

TOLERANCE: Final = 1.0  # points of rSum: other libraries round sums otherwise, and close ranks then swap
LARGEST: Final = 2.0**53  # of a number in a table: far beyond any rSum, and its square is still finite
CELL: Final = ("dataset", "variant", "seed")
# Table and curves of trainings beside an experiment: of heads, and of the encoder.
BESIDE: Final = (LISTED, ("encoder.parquet", "encoder_curves.parquet"))
_TEXTS: Final = ("experiment", "dataset", "variant", "label", "family")
_NUMBERS: Final = ("rsum", "difference", "low", "high", "n_images", "seed")
_CURVE_NUMBERS: Final = ("seed", "epoch", "feedback_rsum")
_KINDS: Final = {**CURVES, **trained.SCHEMA}  # older tables may lack some of them
_AGAIN: Final = "train again with pico-lens train"


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


def check_table(table: pl.DataFrame, other: pl.DataFrame) -> TableCheck:
    """Compare two tables cell by cell, or training by training: PICO's leads follow from them.

    Args:
        table: Of what was done now.
        other: Such as a committed one.

    Raises:
        RunError: the other table does not say of which data it is.
    """
    if "digest" not in other.columns:
        raise RunError(f"the table to compare with does not say of which data it is; {_AGAIN}")
    table, other = (one.filter(pl.col("family") != LEAD) for one in (table, other))
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


def read_training(folder: Path | str) -> TrainingTables | None:
    """The tables of trainings in a folder; None where there are none.

    Raises:
        RunError: they are there, and something else than that.
    """
    beside = [_tables(Path(folder), *names) for names in BESIDE]
    found = [one for one in beside if one is not None]
    if not found:
        return _tables(Path(folder), *ALONE)
    return TrainingTables(
        pl.concat([one.table for one in found], how="diagonal_relaxed"),
        pl.concat([one.curves for one in found], how="diagonal_relaxed"),
    )


def _tables(folder: Path, name: str, curves: str) -> TrainingTables | None:
    table, lines = folder / name, folder / curves
    if not table.is_file() or not lines.is_file():
        return None
    return TrainingTables(read_trainings(table), _read(lines, ("dataset", "variant"), _CURVE_NUMBERS))


def read_trainings(path: Path | str) -> pl.DataFrame:
    """The table of trainings alone, as this version writes it: what an older one lacks is filled in or null.

    Raises:
        RunError: not there, damaged, or something else.
    """
    table = upgraded(_read(Path(path), _TEXTS, _NUMBERS))
    wrong = (pl.col("n_train") < 1) | (pl.col("best_epoch") < 0)
    counts = table.schema["best_epoch"].is_integer() and table.schema["n_train"].is_integer()
    if not counts or table.schema["fresh"] != pl.Boolean:
        raise RunError(f"{Path(path).name}: counts epochs or images in no whole numbers; {_AGAIN}")
    if table.select(wrong.fill_null(False).any()).item():
        raise RunError(f"{Path(path).name}: holds rows that no training writes; {_AGAIN}")
    return table


def _read(path: Path, texts: Sequence[str], numbers: Sequence[str]) -> pl.DataFrame:
    try:
        table = read_parquet(path)
        held = table.select(*texts, *numbers)
    except (DataError, *UNREADABLE) as error:
        raise RunError(f"{path.name}: is no table of trainings ({error}); {_AGAIN}") from None
    right = all(held[name].dtype == pl.String for name in texts) and all(_counts(held[n]) for n in numbers)
    right &= all(table[name].dtype in (pl.String, pl.Null) for name in table.columns if _KINDS.get(name) == pl.String)
    if not right or held.is_empty() or not _finite(held.select(numbers)) or sum(held.null_count().row(0)):
        raise RunError(f"{path.name}: holds rows that no training writes; {_AGAIN}")
    return table


def _counts(column: pl.Series) -> bool:
    """Whether its values can be reckoned with beside others: decimals cannot."""
    return column.dtype.is_integer() or column.dtype.is_float()


def _finite(numbers: pl.DataFrame) -> bool:
    """Whether they are numbers whose squares still are."""
    small = pl.all().is_finite() & (pl.all().abs() <= LARGEST)
    return bool(numbers.cast(pl.Float64).select(pl.all_horizontal(small.all())).item())


def _names(cells: pl.DataFrame) -> tuple[str, ...]:
    return tuple(f"{dataset} / {variant} / {seed}" for dataset, variant, seed in cells.select(*CELL).sort(CELL).rows())
