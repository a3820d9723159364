"""Tables of cells, scored or trained: read as this version writes them, and compared with committed ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from pico_core.common.errors import DataError, RunError
from pico_core.experiments.rows import CELL, CURVES, LEAD, SCHEMA, current_rows, is_trained
from pico_core.method.config import StudyConfig
from pico_core.storage.parquet import UNREADABLE, read_parquet

TOLERANCE: Final = 1.0  # points of rSum: other libraries round sums otherwise, and close ranks then swap
LARGEST: Final = 2.0**53  # of a number in a table: far beyond any rSum, and its square is still finite
# Table and curves of trainings: as a comparison writes them, as a list does, and beside an experiment of the encoder.
ALONE: Final = ("table.parquet", "curves.parquet")
LISTED: Final = ("training.parquet", "training_curves.parquet")
BESIDE: Final = (LISTED, ("encoder.parquet", "encoder_curves.parquet"))
NEEDED: Final = ("experiment", *CELL, "label", "family", "n_images", "rsum", "difference", "low", "high")
AGAIN: Final = "run the experiment again, or train again with pico-lens train"


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
    if "digest" not in other.columns or other["digest"].has_nulls():
        raise RunError(f"the table to compare with does not say of which data it is; {AGAIN}")
    table, other = (cells.filter(pl.col("family") != LEAD) for cells in (table, other))
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
    """Read the table of an experiment or of trainings, of any version, with all columns of `rows.CellRow`.

    Raises:
        RunError: not there, damaged, or no such table; a row that no cell writes.
    """
    path = Path(path)
    return check_rows(current_rows(_read(path, SCHEMA, NEEDED)), path.name)


def check_rows(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table, if every row can be reckoned with: a file may come from anywhere.

    Args:
        table: With the columns of `rows.CellRow`.
        name: Of its file, for the complaint.

    Raises:
        RunError: a row that no cell writes.
    """
    scored = ~is_trained()
    numbers = pl.col("rsum", "difference", "low", "high")
    lacking = pl.any_horizontal(numbers.is_null())
    nameless = pl.any_horizontal(pl.col(*CELL, "experiment", "label", "family").is_null())
    twice = pl.struct("experiment", *CELL, "family").is_duplicated() | (scored & pl.struct(CELL).is_duplicated())
    checks = {
        "the same cell twice": twice,
        "a cell without a name": nameless | (scored & pl.any_horizontal(pl.col("digest", "settings").is_null())),
        "a number that is none": pl.any_horizontal(~_sized(numbers)),
        "a baseline or a time that is no number": pl.any_horizontal(~_sized(pl.col("baseline", "seconds")))
        | (scored & pl.any_horizontal(pl.col("baseline", "seconds").is_null())),
        "a result without its interval": (~scored | pl.col("rsum").is_not_null()) & lacking,
        "a split without images": (pl.col("n_images") < 1) | (pl.col("n_train") < 1) | pl.col("n_images").is_null(),
        "gains without their weights": pl.col("gains").list.len().ne_missing(pl.col("feedback_weights").list.len()),
        "an epoch before the first": pl.col("best_epoch") < 0,
    }
    _check(table, checks, name)
    for settings in table["settings"].drop_nulls().unique():
        try:
            StudyConfig.from_dict(json.loads(settings))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise RunError(f"{name}: holds settings that this version does not know; run it again") from None
    return table


def read_curves(path: Path | str) -> pl.DataFrame:
    """Read the learning curves of trainings, with all columns of `rows.CURVES`.

    Raises:
        RunError: not there, damaged, or something else.
    """
    path, needed = Path(path), ("dataset", "variant", "seed", "epoch", "feedback_rsum")
    curves = _read(path, CURVES, needed)
    checks = {
        "an epoch without its numbers": pl.any_horizontal(pl.col(*needed).is_null()),
        "a number that is none": ~_sized(pl.col("feedback_rsum")),
    }
    _check(curves, checks, path.name)
    return curves


def _read(path: Path, schema: Mapping[str, Any], needed: Sequence[str]) -> pl.DataFrame:
    """The columns of a schema, null where the file lacks them; whole numbers stand for others, nulls for anything."""
    try:
        table = read_parquet(path)
    except (DataError, *UNREADABLE) as error:
        raise RunError(
            f"{path.name}: cannot be read ({error}); name the results.parquet of an experiment, or a table of trainings"
        ) from None
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise RunError(f"{path.name}: has other columns than a table of cells, and no {missing[0]}; {AGAIN}")
    table = table.select(name for name in schema if name in table.columns)
    for name, kind in table.schema.items():
        wanted = schema[name]
        fits = kind in (wanted, pl.Null) or (kind.is_integer() and (wanted.is_integer() or wanted.is_float()))
        if not fits and not (kind.is_float() and wanted.is_float()):
            raise RunError(f"{path.name}: its column {name} holds {kind}, not {wanted}; {AGAIN}")
    try:
        held = table.cast({name: schema[name] for name in table.columns})
        return held.match_to_schema(schema, missing_columns="insert")
    except pl.exceptions.PolarsError as error:
        raise RunError(f"{path.name}: holds a number that is too large ({error}); {AGAIN}") from None


def _check(table: pl.DataFrame, checks: Mapping[str, pl.Expr], name: str) -> None:
    for words, wrong in checks.items():
        if table.select(wrong.fill_null(False).any()).item():
            raise RunError(f"{name}: holds {words}; {AGAIN}")


def _sized(numbers: pl.Expr) -> pl.Expr:
    return numbers.is_finite() & (numbers.abs() <= LARGEST)


def _names(cells: pl.DataFrame) -> tuple[str, ...]:
    return tuple(f"{dataset} / {variant} / {seed}" for dataset, variant, seed in cells.select(*CELL).sort(CELL).rows())
