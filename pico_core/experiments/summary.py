"""The answer over all seeds: one record per variant, scored or trained, whose interval knows that splits overlap.

Intervals and p values are those of `retrieval.over_splits`. P values are adjusted by Benjamini and Yekutieli, 2001,
which holds for tests that depend on each other as these do: among the named variants on all datasets, apart from
them among the swept settings, which ask another question, and among all trainings of a list. PICO's leads over its
controls in training have the same kind of interval, not adjusted.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import get_type_hints

import polars as pl

from pico_core.experiments.rows import LEAD, TRAINED, current_rows, is_trained
from pico_core.method.config import StudyConfig
from pico_core.retrieval.over_splits import adjusted, count_verdicts, over_paired, over_seeds, verdict_of
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.schemes.catalogue import METHOD, REFERENCE
from pico_core.training.schemes import PLAIN, UNTRAINED

ONE_SEED = "one seed: the interval is that of its test images, and there is no p value"
LAST_UNWEIGHTED = 1  # in this epoch of a training P is still 1, whatever the weighting of the loop


@dataclass(frozen=True)
class VariantSummary:
    """One variant on one dataset over all seeds: a scheme against equal weights, or a training against one with P = 1.

    Attributes:
        dataset: What the experiment calls it.
        variant: Name of the variant; of a lead of trainings, the control that PICO is compared with.
        label: The same for people.
        family: What kind of comparison it is.
        n_seeds: Seeds that gave a number.
        baseline: Mean rSum at P = 1.
        difference: Mean of rSum minus baseline; None where the variant does not apply.
        low: Lower end of its 95 % interval: the corrected one, or with one seed the paired one of its images.
        high: Upper end.
        p: Two-sided; None for the reference, and with one seed.
        p_adjusted: Among the named variants on all datasets, the swept settings, or the trainings of a list.
        verdict: "helps", "hurts" or "none": by the adjusted p value, and where there is none by the interval; None
            where the variant does not apply.
        lead: Mean of PICO's rSum minus this variant's, in the same splits.
        lead_low: Lower end of its 95 % interval, not adjusted.
        lead_high: Upper end.
        seconds: Mean time of a cell.
        note: What a reader has to know.
        rsum: Mean rSum; None where the variant does not apply.
        verdicts: How often the paired interval within a seed said helps, hurts, none.
        best_epochs: Of trainings the epoch that was tested, by seed; None where nothing was trained or noted.
        experiment: Its name.
    """

    dataset: str
    variant: str
    label: str
    family: str
    n_seeds: int
    baseline: float
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    verdict: str | None
    lead: float | None = None
    lead_low: float | None = None
    lead_high: float | None = None
    seconds: float = 0.0
    note: str | None = None
    rsum: float | None = None
    verdicts: tuple[int, int, int] = (0, 0, 0)
    best_epochs: tuple[int | None, ...] = ()
    experiment: str = ""

    @property
    def change(self) -> Estimate | None:
        """The difference with its interval."""
        return _estimate(self.difference, self.low, self.high)

    @property
    def lead_estimate(self) -> Estimate | None:
        """PICO's lead with its interval; None with one seed, which has none."""
        return _estimate(self.lead, self.lead_low, self.lead_high)

    @property
    def signed(self) -> str:
        """The difference with its interval, such as +1.0 [-0.5, +2.5]; empty where the variant does not apply."""
        return "" if self.change is None else self.change.signed

    @property
    def by_interval(self) -> Verdict:
        """What the interval alone says, whatever the number of comparisons."""
        return Verdict.NONE if self.change is None else Verdict.of(self.change)

    @property
    def early(self) -> int:
        """Seeds whose best epoch came before the weighting began: P was still 1 in training and in the test."""
        if self.variant in (UNTRAINED, PLAIN):
            return 0
        return sum(epoch is not None and epoch <= LAST_UNWEIGHTED for epoch in self.best_epochs)

    @property
    def within(self) -> str:
        """What the paired intervals within the seeds said.

        >>> VariantSummary("toy", "pico", "PICO", "training", 3, 400.0, -2.0, -9.0, 5.0, 0.3, 0.3, "none",
        ...                verdicts=(0, 2, 1)).within
        'hurts in 2, no difference in 1'
        """
        words = ("helps", "hurts", "no difference")
        return ", ".join(f"{word} in {n}" for word, n in zip(words, self.verdicts, strict=True) if n)


_KINDS = get_type_hints(VariantSummary)
_INNER = ("rsum", "verdicts", "best_epochs", "experiment")
SCHEMA = pl.Schema({name: kind for name, kind in _KINDS.items() if name not in _INNER})


def summarise(table: pl.DataFrame) -> tuple[VariantSummary, ...]:
    """Summarise a table of cells, scored or trained, in its order; one that is not finished yet gives what it can."""
    table = current_rows(table).with_columns(
        baseline=pl.when(is_trained()).then(pl.col("rsum") - pl.col("difference")).otherwise("baseline"),
        seconds=pl.col("seconds").fill_null(0.0),
    )
    groups = table.partition_by("experiment", "dataset", "family", "variant", maintain_order=True)
    datasets = table.select("experiment", "dataset").unique(maintain_order=True).rows()
    groups.sort(key=lambda group: datasets.index(group.select("experiment", "dataset").row(0)))  # stable
    method = {
        (row["dataset"], row["seed"]): row["rsum"]
        for row in table.filter(~is_trained() & (pl.col("variant") == METHOD)).iter_rows(named=True)
    }
    return _judged([_with_lead(_summarised(group), group, method) for group in groups])


def summary_frame(summaries: Sequence[VariantSummary]) -> pl.DataFrame:
    """The records as a table, one column per attribute that an experiment has."""
    return pl.DataFrame([{name: getattr(summary, name) for name in SCHEMA} for summary in summaries], schema=SCHEMA)


def _summarised(group: pl.DataFrame) -> VariantSummary:
    """Everything about one variant on one dataset but what depends on the others."""
    held = group.filter(pl.col("rsum").is_not_null()).sort("seed", maintain_order=True)
    variant, family = str(group["variant"][0]), str(group["family"][0])
    paired = [Estimate(*values) for values in held.select("difference", "low", "high").iter_rows()]
    result = over_paired(paired, test_share=_test_share(held)) if paired else None
    mean = None if result is None else result.mean
    notes = [_counted([note for note in group["note"].to_list() if note is not None], of=group.height)]
    if held.height == 1:
        notes.append(ONE_SEED)
    return VariantSummary(
        dataset=str(group["dataset"][0]),
        variant=variant,
        label=str(group["label"][0]),
        family=family,
        n_seeds=held.height,
        baseline=math.fsum(group["baseline"].to_list()) / group.height,
        difference=None if mean is None else mean.value,
        low=None if mean is None else mean.low,
        high=None if mean is None else mean.high,
        p=None if result is None or variant in (REFERENCE, PLAIN) else result.p,
        p_adjusted=None,
        verdict=None if mean is None else Verdict.of(mean).value,
        seconds=math.fsum(group["seconds"].to_list()) / group.height,
        note="; ".join(note for note in notes if note) or None,
        rsum=math.fsum(held["rsum"].to_list()) / held.height if held.height else None,
        verdicts=count_verdicts([Verdict.of(difference) for difference in paired]),
        best_epochs=tuple(held["best_epoch"].to_list()) if family in (TRAINED, LEAD) else (),
        experiment=str(group["experiment"][0]),
    )


def _judged(drafts: Sequence[VariantSummary]) -> tuple[VariantSummary, ...]:
    """P values adjusted for the number of those that ask the same, and the verdicts drawn from them."""
    judged, questions = list(drafts), [_question(draft) for draft in drafts]
    for question in dict.fromkeys(questions):
        if question is None:
            continue
        tested = [n for n, draft in enumerate(drafts) if questions[n] == question and draft.p is not None]
        p_values = adjusted([drafts[n].p or 0.0 for n in tested])
        for n, p in zip(tested, p_values, strict=True):
            change = drafts[n].change
            assert change is not None  # it has a p value
            judged[n] = replace(drafts[n], p_adjusted=p, verdict=verdict_of(change, p).value)
    return tuple(judged)


def _question(draft: VariantSummary) -> Hashable:
    """What is adjusted together: named schemes, swept settings, the trainings of a list; None: leads are not."""
    if draft.family == LEAD:
        return None
    return (TRAINED, draft.experiment) if draft.family == TRAINED else draft.family == "setting"


def _with_lead(
    draft: VariantSummary, group: pl.DataFrame, method: Mapping[tuple[str, int], float | None]
) -> VariantSummary:
    """With PICO's lead over it, in the splits in which both have a number; trainings have rows of their own for it."""
    if draft.family in (TRAINED, LEAD):
        return draft
    held = group.filter(pl.col("rsum").is_not_null()).sort("seed")
    leads = [
        ours - rsum
        for seed, rsum in held.select("seed", "rsum").iter_rows()
        if draft.variant != METHOD and (ours := method.get((draft.dataset, seed))) is not None
    ]
    if len(leads) < 2:
        return replace(draft, lead=leads[0] if leads else None)
    mean = over_seeds(leads, test_share=_test_share(held)).mean
    return replace(draft, lead=mean.value, lead_low=mean.low, lead_high=mean.high)


def _test_share(held: pl.DataFrame) -> float:
    """Test images over images of fit and feedback; where an older table does not say it, that of the usual split.

    Where every seed of a training has images of its own nothing overlaps, and the test is Student's.
    """
    if held["fresh"][0]:
        return 0.0
    if held["n_train"][0] is None:
        usual = StudyConfig()
        return (1 - usual.fit - usual.feedback) / (usual.fit + usual.feedback)
    return float(held["n_images"][0]) / float(held["n_train"][0])


def _estimate(value: float | None, low: float | None, high: float | None) -> Estimate | None:
    return None if value is None or low is None or high is None else Estimate(value, low, high)


def _counted(notes: list[str], *, of: int) -> str:
    """Every note once, with its number where not every seed has it.

    >>> _counted(["shrinkage 0.1", "shrinkage 0.5", "shrinkage 0.1"], of=3)
    'shrinkage 0.1 (2 of 3 seeds); shrinkage 0.5 (1 of 3 seeds)'
    """
    counts = {note: notes.count(note) for note in notes}
    return "; ".join(note if count == of else f"{note} ({count} of {of} seeds)" for note, count in counts.items())
