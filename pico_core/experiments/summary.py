"""The answer over all seeds: one record per dataset and variant, with an interval that knows that splits overlap.

Intervals and p values are those of `retrieval.over_splits`. P values are adjusted by Benjamini and Yekutieli, 2001,
which holds for tests that depend on each other as these do: among the named variants on all datasets, and apart from
them among the swept settings, which ask another question.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import polars as pl

from pico_core.retrieval.over_splits import OverSeeds, adjusted, over_seeds, verdict_of
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.schemes.catalogue import METHOD, REFERENCE

ONE_SEED = "one seed: the interval is that of its test images, and there is no p value"


@dataclass(frozen=True)
class VariantSummary:
    """One variant on one dataset over all seeds.

    Attributes:
        dataset: What the experiment calls it.
        variant: Name of the variant.
        label: The same for people.
        family: What kind of comparison it is.
        n_seeds: Seeds that gave a number.
        baseline: Mean rSum at P = 1.
        difference: Mean of rSum minus baseline; None where the variant does not apply.
        low: Lower end of its 95 % interval.
        high: Upper end.
        p: Two-sided; None for the reference, and with one seed.
        p_adjusted: Among the named variants on all datasets, or among the swept settings.
        verdict: "helps", "hurts" or "none"; None where the variant does not apply.
        lead: Mean of PICO's rSum minus this variant's, in the same splits.
        lead_low: Lower end of its 95 % interval, not adjusted.
        lead_high: Upper end.
        seconds: Mean time of a cell.
        note: What a reader has to know.
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
    lead: float | None
    lead_low: float | None
    lead_high: float | None
    seconds: float
    note: str | None


_TEXTS = ("dataset", "variant", "label", "family", "verdict", "note")
SCHEMA = pl.Schema(
    {
        name: pl.String() if name in _TEXTS else pl.Int64() if name == "n_seeds" else pl.Float64()
        for name in VariantSummary.__dataclass_fields__
    }
)


def summarise(table: pl.DataFrame) -> tuple[VariantSummary, ...]:
    """Summarise the table of an experiment, in its order; a table that is not finished yet gives what it can."""
    groups = table.partition_by("dataset", "variant", maintain_order=True)
    groups.sort(key=lambda group: _first(table, "dataset").index(str(group["dataset"][0])))  # stable
    method = {
        (row["dataset"], row["seed"]): row["rsum"]
        for row in table.filter(pl.col("variant") == METHOD).iter_rows(named=True)
    }
    drafts = [_summary(group, method) for group in groups]
    after: dict[int, float] = {}
    for swept in (False, True):
        tested = [n for n, draft in enumerate(drafts) if draft.p is not None and (draft.family == "setting") == swept]
        after |= zip(tested, adjusted([drafts[n].p or 0.0 for n in tested]), strict=True)
    return tuple(_judged(draft, after.get(place)) for place, draft in enumerate(drafts))


def summary_frame(summaries: Sequence[VariantSummary]) -> pl.DataFrame:
    """The records as a table, one column per attribute."""
    return pl.DataFrame([asdict(one) for one in summaries], schema=SCHEMA)


def _first(table: pl.DataFrame, name: str) -> list[str]:
    return table[name].unique(maintain_order=True).to_list()


def _summary(group: pl.DataFrame, method: Mapping[tuple[str, int], float | None]) -> VariantSummary:
    """Everything about one variant but what depends on the others."""
    held = group.filter(pl.col("rsum").is_not_null()).sort("seed")
    dataset, variant = str(group["dataset"][0]), str(group["variant"][0])
    found = _interval(held, held["difference"].to_list())
    leads = [
        ours - rsum
        for seed, rsum in held.select("seed", "rsum").iter_rows()
        if variant != METHOD and (ours := method.get((dataset, seed))) is not None
    ]
    lead = over_seeds(leads, test_share=_test_share(held)).mean if len(leads) > 1 else None
    notes = [_counted([note for note in group["note"].to_list() if note is not None], of=group.height)]
    if held.height == 1:
        notes.append(ONE_SEED)
    return VariantSummary(
        dataset=dataset,
        variant=variant,
        label=str(group["label"][0]),
        family=str(group["family"][0]),
        n_seeds=held.height,
        baseline=math.fsum(group["baseline"].to_list()) / group.height,
        difference=None if found is None else found.mean.value,
        low=None if found is None else found.mean.low,
        high=None if found is None else found.mean.high,
        p=None if found is None or variant == REFERENCE else found.p,
        p_adjusted=None,
        verdict=None,
        lead=None if not leads else math.fsum(leads) / len(leads),
        lead_low=None if lead is None else lead.low,
        lead_high=None if lead is None else lead.high,
        seconds=math.fsum(group["seconds"].to_list()) / group.height,
        note="; ".join(note for note in notes if note) or None,
    )


def _interval(held: pl.DataFrame, values: list[float]) -> OverSeeds | None:
    if not values:
        return None
    if len(values) == 1:
        low, high = float(held["low"][0]), float(held["high"][0])
        return OverSeeds(Estimate(values[0], low, high), None)
    return over_seeds(values, test_share=_test_share(held))


def _test_share(held: pl.DataFrame) -> float:
    return float(held["n_images"][0]) / float(held["n_train"][0])


def _judged(draft: VariantSummary, p_adjusted: float | None) -> VariantSummary:
    """With the verdict: by the adjusted p value and the sign, or with one seed by the interval."""
    if draft.difference is None or draft.low is None or draft.high is None:
        return draft
    own = Estimate(draft.difference, draft.low, draft.high)
    verdict = Verdict.NONE if draft.variant == REFERENCE else verdict_of(own, p_adjusted)
    return replace(draft, p_adjusted=p_adjusted, verdict=verdict.value)


def _counted(notes: list[str], *, of: int) -> str:
    """Every note once, with its number where not every seed has it.

    >>> _counted(["shrinkage 0.1", "shrinkage 0.5", "shrinkage 0.1"], of=3)
    'shrinkage 0.1 (2 of 3 seeds); shrinkage 0.5 (1 of 3 seeds)'
    """
    counts = {note: notes.count(note) for note in notes}
    return "; ".join(note if count == of else f"{note} ({count} of {of} seeds)" for note, count in counts.items())
