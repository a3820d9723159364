"""What a comparison of trainings says of PICO in the loop, in words, and how its trainings went."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pico_core.experiments.rows import CURVES, LEAD, TRAINED, current_rows, is_trained
from pico_core.experiments.summary import VariantSummary, summarise
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.training.schemes import loop_label


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
class TrainingSummary:
    """All variants of one comparison over all seeds.

    Attributes:
        experiment: What was done.
        dataset: On which data.
        basis: In which columns; empty where the table does not say it.
        n_images: Test images of the first seed.
        n_seeds: How many seeds.
        fresh: Whether every seed has images of its own, so that nothing overlaps.
        plain: Mean test rSum of the heads trained with P = 1.
        rows: Every variant against P = 1 in training.
        leads: PICO in the loop minus every control in the loop.
        curves: How the trainings went.
    """

    experiment: str
    dataset: str
    basis: str
    n_images: int
    n_seeds: int
    fresh: bool
    plain: float
    rows: tuple[VariantSummary, ...]
    leads: tuple[VariantSummary, ...]
    curves: tuple[LearningCurve, ...] = ()

    @property
    def title(self) -> str:
        """For a chooser."""
        return f"{self.dataset}: {self.experiment}"

    def lead(self, variant: str) -> Estimate | None:
        """PICO in the loop minus this control; None where they were not compared."""
        return next((row.change for row in self.leads if row.variant == variant), None)

    @property
    def pico(self) -> VariantSummary | None:
        """PICO in the loop."""
        return next((row for row in self.rows if row.variant == "pico"), None)

    @property
    def sentence(self) -> str:
        """The answer about PICO in the loop, verdict before digits, and the control that comes closest to it."""
        pico = self.pico
        if pico is None:
            return (
                f"On “{self.dataset}” PICO was not trained with; training with P = 1 reaches {self.plain:.1f} points "
                "of test rSum."
            )
        seeds = f"over {pico.n_seeds} seeds" if pico.n_seeds > 1 else "with one seed, so of one split only"
        answer = (
            f"In training on “{self.dataset}” PICO in the loop {_verdict(pico)}: {pico.signed} points of test "
            f"rSum against {self.plain:.1f} of training with P = 1, {seeds}"
        )
        kind = (Verdict.HELPS, Verdict.HURTS, Verdict.NONE).index(Verdict(pico.verdict))
        if pico.n_seeds > 1 and pico.verdicts[kind] < pico.n_seeds:
            answer += f"; the paired interval within each seed said: {pico.within}"
        return " ".join(part for part in (f"{answer}.", self.caution, self._nearest()) if part)

    @property
    def caution(self) -> str:
        """Where PICO's best epoch came before the weighting began: that says nothing of the weighting."""
        pico = self.pico
        if pico is None or not pico.early:
            return ""
        where = "The" if pico.n_seeds == 1 else f"In {_of(pico.early, pico.n_seeds)} the"
        these = {1: "this seed tells", pico.n_seeds: "this tells"}.get(pico.early, "these seeds tell")
        return (
            f"{where} best epoch came before the weighting began, with P still 1, so {these} of a training that ended "
            "early and not of the weighting."
        )

    def _nearest(self) -> str:
        if not self.leads:
            return ""
        nearest = min(self.leads, key=lambda row: row.difference or 0.0)
        word = {
            "helps": "No control does as well",
            "none": "A control cannot be told apart from it",
            "hurts": "A control does better",
        }[nearest.verdict or "none"]
        name = next((row.label for row in self.rows if row.variant == nearest.variant), None)
        called = name or loop_label(nearest.variant)
        if not called.startswith("PICO"):
            called = f"{called[:1].lower()}{called[1:]}"
        return f"{word}: {called} (PICO minus it: {nearest.signed})."


def training_summaries(table: pl.DataFrame, curves: pl.DataFrame | None = None) -> tuple[TrainingSummary, ...]:
    """Gather the trainings of a table, one record per comparison, in its order.

    Args:
        table: Of cells; trained ones of one `experiment` and `dataset` are one comparison.
        curves: One row per epoch; see `rows.CURVES`.
    """
    table = current_rows(table).filter(is_trained())
    summaries, lines = summarise(table), pl.DataFrame(schema=CURVES) if curves is None else curves
    return tuple(
        _gathered(cells, summaries, lines.filter(pl.col("dataset") == cells["dataset"][0]))
        for cells in table.partition_by("experiment", "dataset", maintain_order=True)
        if cells["family"].is_in([TRAINED]).any()
    )


def _gathered(cells: pl.DataFrame, summaries: Sequence[VariantSummary], lines: pl.DataFrame) -> TrainingSummary:
    """One comparison: its cells, the summaries of all, its curves."""
    own = cells.filter(pl.col("family") == TRAINED)
    experiment, dataset = str(own["experiment"][0]), str(own["dataset"][0])
    here = [row for row in summaries if (row.experiment, row.dataset) == (experiment, dataset)]
    rows = tuple(row for row in here if row.family == TRAINED)
    first = own.unique("seed", keep="first", maintain_order=True)
    plain = (first["rsum"] - first["difference"]).to_list()
    trainings = lines.partition_by("variant", "seed", maintain_order=True)
    return TrainingSummary(
        experiment=experiment,
        dataset=dataset,
        basis=str(own["basis"][0] or ""),
        n_images=int(own["n_images"][0]),
        n_seeds=len(plain),
        fresh=bool(own["fresh"][0]),
        plain=sum(plain) / len(plain),
        rows=rows,
        leads=tuple(row for row in here if row.family == LEAD),
        curves=tuple(_curve(training.sort("epoch"), rows) for training in trainings),
    )


def _curve(epochs: pl.DataFrame, rows: Sequence[VariantSummary]) -> LearningCurve:
    variant = str(epochs["variant"][0])
    return LearningCurve(
        variant=variant,
        label=next((row.label for row in rows if row.variant == variant), variant),
        seed=int(epochs["seed"][0]),
        epochs=tuple(epochs["epoch"].to_list()),
        feedback=tuple(epochs["feedback_rsum"].to_list()),
    )


def _verdict(pico: VariantSummary) -> str:
    """The verdict; where the interval alone would say more than the adjusted p value, that is said too."""
    if pico.verdict in ("helps", "hurts"):
        return pico.verdict
    if pico.p_adjusted is not None and pico.by_interval is not Verdict.NONE:
        return f"makes no difference that holds once all comparisons are adjusted for (p = {pico.p_adjusted:.2g})"
    return "makes no detectable difference"


def _of(some: int, every: int) -> str:
    """A share of the seeds in words.

    >>> _of(2, 3), _of(3, 3)
    ('2 of 3 seeds', 'all 3 seeds')
    """
    return f"all {every} seeds" if some == every else f"{some} of {every} seeds"
