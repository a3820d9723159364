"""Tables of trainings with the weighting in the loop, read for a reader: learning curves, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.errors import DataError, RunError
from pico_core.experiments.checking import LARGEST, TableCheck, check_table
from pico_core.experiments.trainings.summary import TrainingSummary, training_summaries
from pico_core.experiments.trainings.tables import ALONE, CURVES, FAMILY, LISTED, SCHEMA, TrainingTables, upgraded
from pico_core.storage.parquet import UNREADABLE, read_parquet

# Table and curves: beside an experiment (of heads, and of the encoder), and as a comparison of trainings writes them.
BESIDE: Final = (LISTED, ("encoder.parquet", "encoder_curves.parquet"))
NAMES: Final = (*BESIDE, ALONE)
_TEXTS: Final = ("experiment", "dataset", "variant", "label", "family")
_NUMBERS: Final = ("rsum", "difference", "low", "high", "n_images", "seed")
_CURVE_NUMBERS: Final = ("seed", "epoch", "feedback_rsum")
_KINDS: Final = {**CURVES, **SCHEMA}  # older tables may lack some of them
_AGAIN: Final = "train again with pico-lens train"


@dataclass(frozen=True)
class LearningCurve:
    """One training.

    Attributes:
        variant: Its weighting.
        label: The same for people.
        seed: Its seed.
        epochs: Numbers of its epochs; 0 is the state before training.
        feedback: rSum on the feedback split after each.
    """

    variant: str
    label: str
    seed: int
    epochs: tuple[int, ...]
    feedback: tuple[float, ...]

    @property
    def best(self) -> int:
        """Place of the first epoch of highest feedback: the one whose heads are tested.

        >>> LearningCurve("none", "P = 1", 0, (0, 1, 2), (5.0, 9.0, 9.0)).best
        1
        """
        return self.feedback.index(max(self.feedback))


@dataclass(frozen=True)
class TrainingGroup:
    """All trainings of one comparison on one dataset.

    Attributes:
        summary: What came of them.
        curves: How they went.
    """

    summary: TrainingSummary
    curves: tuple[LearningCurve, ...]

    @property
    def title(self) -> str:
        """For a chooser."""
        return f"{self.summary.dataset}: {self.summary.experiment}"


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


def check_trainings(table: pl.DataFrame, other: pl.DataFrame) -> TableCheck:
    """Compare tables of trainings, training by training: the leads follow from them.

    Args:
        table: Of trainings done now.
        other: Such as a committed one.

    Raises:
        RunError: the other table does not say of which data it is.
    """
    if "digest" not in other.columns:
        raise RunError(f"the table to compare with does not say of which data it is; {_AGAIN}")
    return check_table(*(one.filter(pl.col("family") == FAMILY) for one in (table, other)))


def training_groups(found: TrainingTables) -> tuple[TrainingGroup, ...]:
    """Gather trainings by comparison and dataset, in the order of their table."""
    groups = []
    for summary in training_summaries(found.table):
        lines = found.curves.filter(pl.col("dataset") == summary.dataset)
        if "experiment" in lines.columns:
            lines = lines.filter(pl.col("experiment") == summary.experiment)
        groups.append(TrainingGroup(summary, _curves(lines, {row.variant: row.label for row in summary.rows})))
    return tuple(groups)


def _curves(lines: pl.DataFrame, labels: dict[str, str]) -> tuple[LearningCurve, ...]:
    return tuple(
        LearningCurve(
            variant=str(own["variant"][0]),
            label=labels.get(str(own["variant"][0]), str(own["variant"][0])),
            seed=int(own["seed"][0]),
            epochs=tuple(int(epoch) for epoch in own["epoch"]),
            feedback=tuple(float(value) for value in own["feedback_rsum"]),
        )
        for part in lines.partition_by("variant", "seed", maintain_order=True)
        for own in [part.sort("epoch")]
    )


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
