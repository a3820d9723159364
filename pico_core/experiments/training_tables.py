"""Tables of trainings with the weighting in the loop, read for a reader: learning curves, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.analysis.records import Estimate, Verdict
from pico_core.errors import RunError
from pico_core.experiments.verdicts import digits
from pico_core.trainings.summary import over_seeds

FAMILY: Final = "training"
LEAD: Final = "training lead"  # PICO in the loop minus a control in the loop; its variant names the control
PLAIN: Final = "none"
# Table and curves: beside an experiment (of heads, and of the encoder), and as a comparison of trainings writes them.
BESIDE: Final = (("training.parquet", "training_curves.parquet"), ("encoder.parquet", "encoder_curves.parquet"))
ALONE: Final = ("table.parquet", "curves.parquet")
NAMES: Final = (*BESIDE, ALONE)
_TEXTS: Final = ("experiment", "dataset", "variant", "label", "family")
_NUMBERS: Final = ("rsum", "difference", "low", "high", "n_images", "seed")
_CURVE_NUMBERS: Final = ("seed", "epoch", "feedback_rsum")


@dataclass(frozen=True, eq=False)
class TrainingTables:
    """What lies in a folder.

    Attributes:
        table: One row per training and seed; with the columns of an experiment's table.
        curves: One row per epoch: dataset, variant, seed, epoch, feedback_rsum.
    """

    table: pl.DataFrame
    curves: pl.DataFrame


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
class TrainedVariant:
    """One weighting in the loop over all seeds.

    Attributes:
        variant: Its name.
        label: The same for people.
        n_seeds: Trainings.
        rsum: Mean of test rSum.
        change: Against training with P = 1: a t interval over seeds, of one seed its paired interval.
        lead: PICO in the loop minus this one; None where they were not compared.
    """

    variant: str
    label: str
    n_seeds: int
    rsum: float
    change: Estimate
    lead: Estimate | None


@dataclass(frozen=True)
class TrainingGroup:
    """All trainings of one comparison on one dataset."""

    experiment: str
    dataset: str
    n_images: int
    rows: tuple[TrainedVariant, ...]
    curves: tuple[LearningCurve, ...]

    @property
    def title(self) -> str:
        """For a chooser."""
        return f"{self.dataset}: {self.experiment}"

    @property
    def sentence(self) -> str:
        """What PICO in the loop came to, and the control that comes closest; verdict before digits."""
        pico = next((row for row in self.rows if row.variant == "pico"), None)
        if pico is None:
            return f"On “{self.dataset}” PICO was not trained with; the table shows what was."
        said = {"helps": "helps", "hurts": "hurts", "none": "makes no detectable difference"}
        seeds = f"{pico.n_seeds} seeds" if pico.n_seeds > 1 else "one seed"
        told = (
            f"In training on “{self.dataset}” PICO in the loop {said[Verdict.of(pico.change).value]}: "
            f"{digits(pico.change)} points of test rSum against training with P = 1, {seeds}"
        )
        rivals = [(row, row.lead) for row in self.rows if row.lead is not None]
        if not rivals:
            return f"{told}."
        nearest, lead = min(rivals, key=lambda pair: pair[1].value)
        word = {
            Verdict.HELPS: "no control does as well",
            Verdict.NONE: "a control cannot be told apart from it",
            Verdict.HURTS: "a control does better",
        }[Verdict.of(lead)]
        return f"{told}; {word}: {nearest.label} (PICO minus it: {digits(lead)})."


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
    return TrainingTables(_read(table, _TEXTS, _NUMBERS), _read(lines, ("dataset", "variant"), _CURVE_NUMBERS))


def training_groups(found: TrainingTables) -> tuple[TrainingGroup, ...]:
    """Gather trainings by comparison and dataset, in the order of their table."""
    groups = []
    for part in found.table.partition_by("experiment", "dataset", maintain_order=True):
        of, leads = part.filter(pl.col("family") == FAMILY), part.filter(pl.col("family") == LEAD)
        if of.is_empty():
            continue
        experiment, dataset = str(part["experiment"][0]), str(part["dataset"][0])
        lines = found.curves.filter(pl.col("dataset") == dataset)
        if "experiment" in lines.columns:
            lines = lines.filter(pl.col("experiment") == experiment)
        groups.append(
            TrainingGroup(experiment, dataset, int(of["n_images"][0]), _rows(of, leads), _curves(lines, _labels(of)))
        )
    return tuple(groups)


def _rows(of: pl.DataFrame, leads: pl.DataFrame) -> tuple[TrainedVariant, ...]:
    against = {row.variant: row.difference for row in over_seeds(leads)}
    return tuple(
        TrainedVariant(
            variant=row.variant,
            label=row.label,
            n_seeds=sum(row.verdicts),
            rsum=row.rsum,
            change=row.difference,
            lead=against.get(row.variant),
        )
        for row in over_seeds(of)
    )


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


def _labels(of: pl.DataFrame) -> dict[str, str]:
    return {str(variant): str(label) for variant, label in of.select("variant", "label").iter_rows()}


def _read(path: Path, texts: Sequence[str], numbers: Sequence[str]) -> pl.DataFrame:
    try:
        table = pl.read_parquet(path)
        held = table.select(*texts, *numbers)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise RunError(f"{path.name}: is no table of trainings ({error}); train again with pico-lens train") from None
    right = all(held[name].dtype == pl.String for name in texts) and all(held[n].dtype.is_numeric() for n in numbers)
    if not right or held.is_empty() or not _finite(held.select(numbers)) or sum(held.null_count().row(0)):
        raise RunError(f"{path.name}: holds rows that no training writes; train again with pico-lens train")
    return table


def _finite(numbers: pl.DataFrame) -> bool:
    return bool(numbers.cast(pl.Float64).select(pl.all_horizontal(pl.all().is_finite().all())).item())
