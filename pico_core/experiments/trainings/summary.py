"""The table of trainings over all seeds, and its answer in words.

Rows are summarised and judged as those of an experiment. PICO's leads over its controls have the same kind of
interval, not adjusted.
"""

from dataclasses import dataclass

import polars as pl

from pico_core.experiments.summary import VariantSummary, judge, summarise_variant
from pico_core.experiments.trainings.tables import FAMILY, LABELS, LEAD
from pico_core.method.bases import BASES
from pico_core.retrieval.records import Estimate, Verdict


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
        told = (
            f"In training on “{self.dataset}” PICO in the loop {_said(pico)}: {pico.signed} points of test "
            f"rSum against {self.plain:.1f} of training with P = 1, {seeds}"
        )
        kind = (Verdict.HELPS, Verdict.HURTS, Verdict.NONE).index(Verdict(pico.verdict))
        if pico.n_seeds > 1 and pico.verdicts[kind] < pico.n_seeds:
            told += f"; the paired interval within each seed said: {pico.within}"
        return " ".join(part for part in (f"{told}.", self.caution, self._nearest()) if part)

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
        called = name or LABELS.get(nearest.variant, nearest.variant)
        if not called.startswith("PICO"):
            called = f"{called[:1].lower()}{called[1:]}"
        return f"{word}: {called} (PICO minus it: {nearest.signed})."


def training_summary(table: pl.DataFrame) -> TrainingSummary:
    """Gather the rows of one comparison over their seeds."""
    (summary,) = training_summaries(table)
    return summary


def training_summaries(table: pl.DataFrame, curves: pl.DataFrame | None = None) -> tuple[TrainingSummary, ...]:
    """Gather a table of trainings, one record per comparison, in its order.

    Args:
        table: As `tables.upgraded` gives it; rows of one `experiment` and `dataset` are one comparison.
        curves: One row per epoch; see `tables.CURVES`.
    """
    table = table.with_columns(
        baseline=pl.col("rsum") - pl.col("difference"), seconds=pl.lit(0.0), note=pl.lit(None, dtype=pl.String)
    )
    parts = [
        part
        for part in table.partition_by("experiment", "dataset", maintain_order=True)
        if part["family"].is_in([FAMILY]).any()
    ]
    drafts = [_rows(part, FAMILY) for part in parts]
    experiments = [str(part["experiment"][0]) for part, rows in zip(parts, drafts, strict=True) for _ in rows]
    judged = iter(judge([row for rows in drafts for row in rows], among=experiments))
    return tuple(
        _summary(part, tuple(next(judged) for _ in rows), curves) for part, rows in zip(parts, drafts, strict=True)
    )


def _rows(part: pl.DataFrame, family: str) -> tuple[VariantSummary, ...]:
    """One record per variant of one family of one comparison, in the order of the table."""
    own = part.filter(pl.col("family") == family)
    return tuple(summarise_variant(group) for group in own.partition_by("variant", maintain_order=True))


def _summary(part: pl.DataFrame, rows: tuple[VariantSummary, ...], curves: pl.DataFrame | None) -> TrainingSummary:
    own = part.filter(pl.col("family") == FAMILY)
    plain = own.unique("seed", keep="first", maintain_order=True)["baseline"].to_list()
    return TrainingSummary(
        experiment=str(part["experiment"][0]),
        dataset=str(part["dataset"][0]),
        basis=BASES.current_name(str(part["basis"][0] or "")) if "basis" in part.columns else "",
        n_images=int(own["n_images"][0]),
        n_seeds=len(plain),
        fresh=bool(own["fresh"][0]),
        plain=sum(plain) / len(plain),
        rows=rows,
        leads=_rows(part, LEAD),
        curves=() if curves is None else _curves(curves, part, {row.variant: row.label for row in rows}),
    )


def _curves(lines: pl.DataFrame, part: pl.DataFrame, labels: dict[str, str]) -> tuple[LearningCurve, ...]:
    """The curves of one comparison; older ones do not say of which experiment they are."""
    for name in {"dataset", "experiment"} & set(lines.columns):
        lines = lines.filter(pl.col(name) == part[name][0])
    return tuple(
        LearningCurve(
            variant=str(own["variant"][0]),
            label=labels.get(str(own["variant"][0]), str(own["variant"][0])),
            seed=int(own["seed"][0]),
            epochs=tuple(int(epoch) for epoch in own["epoch"]),
            feedback=tuple(float(value) for value in own["feedback_rsum"]),
        )
        for training in lines.partition_by("variant", "seed", maintain_order=True)
        for own in [training.sort("epoch")]
    )


def _said(pico: VariantSummary) -> str:
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
