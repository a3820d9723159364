"""The table of trainings over all seeds, and its answer in words.

A change over seeds has the interval of the corrected resampled t test, as in experiments: splits overlap. Its p value
is adjusted (Benjamini and Yekutieli, 2001) among all weightings of all comparisons of its list. PICO's leads over
its controls have the same kind of interval, not adjusted.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from pico_core.experiments.trainings.settings import ComparisonConfig
from pico_core.experiments.trainings.tables import FAMILY, LABELS, LAST_UNWEIGHTED, LEAD
from pico_core.method.bases import BASES
from pico_core.retrieval.over_splits import OverSeeds, adjusted, over_seeds, verdict_of
from pico_core.retrieval.records import Estimate, Verdict

PLAIN = "none"


@dataclass(frozen=True)
class TrainedOverSeeds:
    """One variant over all seeds.

    Attributes:
        variant: Its name; of a lead, the control that PICO is compared with.
        label: The same for people.
        n_seeds: Trainings.
        rsum: Mean of test rSum.
        difference: Mean of the difference: its corrected 95 % interval, or of one seed its paired interval.
        p: Two-sided; None with one seed, and for training with P = 1 itself.
        p_adjusted: Among all weightings and comparisons of its list; None where p is, and in leads.
        verdict: "helps", "hurts" or "none": by the adjusted p value, and where there is none by the interval.
        verdicts: How often the paired interval within a seed said helps, hurts, none.
        best_epochs: The epoch that was tested, by seed; None where nothing was trained, or nobody wrote it down.
    """

    variant: str
    label: str
    n_seeds: int
    rsum: float
    difference: Estimate
    p: float | None
    p_adjusted: float | None
    verdict: str
    verdicts: tuple[int, int, int]
    best_epochs: tuple[int | None, ...]

    @property
    def early(self) -> int:
        """Seeds whose best epoch came before the weighting began: P was still 1 in training and in the test."""
        if self.variant in ("frozen", PLAIN):
            return 0
        return sum(epoch is not None and epoch <= LAST_UNWEIGHTED for epoch in self.best_epochs)

    @property
    def within(self) -> str:
        """What the paired intervals within the seeds said.

        >>> TrainedOverSeeds("pico", "PICO", 3, 400.0, Estimate(-2.0, -9.0, 5.0), 0.3, 0.3, "none", (0, 2, 1),
        ...                  (1, 4, 2)).within
        'hurts in 2, no difference in 1'
        """
        words = ("helps", "hurts", "no difference")
        return ", ".join(f"{word} in {n}" for word, n in zip(words, self.verdicts, strict=True) if n)


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
    """

    experiment: str
    dataset: str
    basis: str
    n_images: int
    n_seeds: int
    fresh: bool
    plain: float
    rows: tuple[TrainedOverSeeds, ...]
    leads: tuple[TrainedOverSeeds, ...]

    def lead(self, variant: str) -> Estimate | None:
        """PICO in the loop minus this control; None where they were not compared."""
        return next((row.difference for row in self.leads if row.variant == variant), None)

    @property
    def pico(self) -> TrainedOverSeeds | None:
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
            f"In training on “{self.dataset}” PICO in the loop {_said(pico)}: {pico.difference.signed} points of test "
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
        nearest = min(self.leads, key=lambda row: row.difference.value)
        word = {
            "helps": "No control does as well",
            "none": "A control cannot be told apart from it",
            "hurts": "A control does better",
        }[nearest.verdict]
        name = next((row.label for row in self.rows if row.variant == nearest.variant), None)
        called = name or LABELS.get(nearest.variant, nearest.variant)
        if not called.startswith("PICO"):
            called = f"{called[:1].lower()}{called[1:]}"
        return f"{word}: {called} (PICO minus it: {nearest.difference.signed})."


def training_summary(table: pl.DataFrame) -> TrainingSummary:
    """Gather the rows of one comparison over their seeds."""
    (found,) = training_summaries(table)
    return found


def training_summaries(table: pl.DataFrame) -> tuple[TrainingSummary, ...]:
    """Gather a table of trainings, one record per comparison, in its order.

    Args:
        table: As `tables.upgraded` gives it; rows of one `experiment` and `dataset` are one comparison.
    """
    drafts = [
        _summary(part)
        for part in table.partition_by("experiment", "dataset", maintain_order=True)
        if part["family"].is_in([FAMILY]).any()
    ]
    tested: dict[str, list[float]] = {draft.experiment: [] for draft in drafts}
    for draft in drafts:
        tested[draft.experiment] += [row.p for row in draft.rows if row.p is not None]
    after = {name: iter(adjusted(p_values)) for name, p_values in tested.items()}
    return tuple(
        replace(
            draft,
            rows=tuple(row if row.p is None else _judged(row, next(after[draft.experiment])) for row in draft.rows),
        )
        for draft in drafts
    )


def _summary(part: pl.DataFrame) -> TrainingSummary:
    of = part.filter(pl.col("family") == FAMILY)
    plain = of.unique("seed", keep="first", maintain_order=True).select(pl.col("rsum") - pl.col("difference"))
    return TrainingSummary(
        experiment=str(part["experiment"][0]),
        dataset=str(part["dataset"][0]),
        basis=BASES.current_name(str(part["basis"][0] or "")) if "basis" in part.columns else "",
        n_images=int(of["n_images"][0]),
        n_seeds=plain.height,
        fresh=bool(of["fresh"][0]),
        plain=sum(plain.to_series().to_list()) / plain.height,
        rows=_over_seeds(of),
        leads=_over_seeds(part.filter(pl.col("family") == LEAD)),
    )


def _over_seeds(table: pl.DataFrame) -> tuple[TrainedOverSeeds, ...]:
    """One row per variant, of one family of one comparison, in the order of the table."""
    rows = []
    for own in table.partition_by("variant", maintain_order=True):
        variant = str(own["variant"][0])
        paired = [Estimate(*values) for values in own.select("difference", "low", "high").iter_rows()]
        kinds = Counter(Verdict.of(one) for one in paired)
        found = _mean(own, paired)
        rows.append(
            TrainedOverSeeds(
                variant=variant,
                label=str(own["label"][0]),
                n_seeds=own.height,
                rsum=sum(own["rsum"].to_list()) / own.height,
                difference=found.mean,
                p=None if variant == PLAIN else found.p,
                p_adjusted=None,
                verdict=Verdict.of(found.mean).value,
                verdicts=(kinds[Verdict.HELPS], kinds[Verdict.HURTS], kinds[Verdict.NONE]),
                best_epochs=tuple(own["best_epoch"].to_list()),
            )
        )
    return tuple(rows)


def _mean(own: pl.DataFrame, paired: Sequence[Estimate]) -> OverSeeds:
    if len(paired) == 1:
        return OverSeeds(paired[0], None)
    return over_seeds([one.value for one in paired], test_share=_test_share(own))


def _test_share(own: pl.DataFrame) -> float:
    """Test images over images of fit and feedback; where an older table does not say it, that of the usual split.

    Where every seed has images of its own nothing overlaps, and the test is Student's.
    """
    if own["fresh"][0]:
        return 0.0
    if own["n_train"][0] is None:
        usual = ComparisonConfig()
        return (1 - usual.fit - usual.feedback) / (usual.fit + usual.feedback)
    return float(own["n_images"][0]) / float(own["n_train"][0])


def _judged(row: TrainedOverSeeds, p_adjusted: float) -> TrainedOverSeeds:
    return replace(row, p_adjusted=p_adjusted, verdict=verdict_of(row.difference, p_adjusted).value)


def _said(pico: TrainedOverSeeds) -> str:
    """The verdict; where the interval alone would say more than the adjusted p value, that is said too."""
    if pico.verdict != "none":
        return pico.verdict
    if pico.p_adjusted is not None and Verdict.of(pico.difference) is not Verdict.NONE:
        return f"makes no difference that holds once all comparisons are adjusted for (p = {pico.p_adjusted:.2g})"
    return "makes no detectable difference"


def _of(some: int, every: int) -> str:
    """A share of the seeds in words.

    >>> _of(2, 3), _of(3, 3)
    ('2 of 3 seeds', 'all 3 seeds')
    """
    return f"all {every} seeds" if some == every else f"{some} of {every} seeds"
