"""What an experiment says of the method on one dataset: does it help, does something simpler, and at what cost?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pico_core.experiments.summary import VariantSummary
from pico_core.retrieval.records import Verdict
from pico_core.retrieval.schemes.catalogue import METHOD, PERMUTED, SHUFFLED, simpler_ideas


@dataclass(frozen=True)
class ExperimentAnswer:
    """What an experiment says on one dataset.

    Attributes:
        dataset: What the experiment calls it.
        method: The method's own record; None where it is not computed yet.
        rival: The simpler idea that the method has to beat: the best of those that are not detectably behind it, or
            the best of all where every one is; None where none is computed. Picked after looking, it flatters itself.
        n_simpler: Among how many.
        permuted: The method's weights on other columns.
        shuffled: The method with feedback in random order.
    """

    dataset: str
    method: VariantSummary | None
    rival: VariantSummary | None
    n_simpler: int
    permuted: VariantSummary | None
    shuffled: VariantSummary | None


def answer_on(summaries: Sequence[VariantSummary], dataset: str) -> ExperimentAnswer:
    """The answer on one dataset of an experiment; a table that is not finished yet gives what it can.

    Args:
        summaries: Of the experiment.
        dataset: One of its datasets.

    Source: beyond the paper.

    >>> summary = VariantSummary("toy", "pico", "PICO", "method", 5, 300.0, 9.0, 4.0, 14.0, 0.01, 0.03, "helps", None,
    ...                          None, None, 1.0, None)
    >>> answer = answer_on([summary], "toy")
    >>> answer.method.signed, answer.n_simpler, answer.rival
    ('+9.0 [+4.0, +14.0]', 0, None)
    """
    here = {summary.variant: summary for summary in summaries if summary.dataset == dataset}
    simpler = [summary for name, summary in here.items() if name in simpler_ideas() and summary.difference is not None]
    method = here.get(METHOD)
    rivals = simpler
    if method is not None and method.verdict == "helps":
        rivals = [summary for summary in simpler if not _beaten(summary)] or simpler
    else:
        rivals = [summary for summary in simpler if summary.verdict == "helps"] or simpler
    return ExperimentAnswer(
        dataset=dataset,
        method=method,
        rival=max(rivals, key=lambda summary: summary.difference or 0.0, default=None),
        n_simpler=len(simpler),
        permuted=here.get(PERMUTED),
        shuffled=here.get(SHUFFLED),
    )


@dataclass(frozen=True)
class Leads:
    """The method against every other variant of one dataset.

    Attributes:
        behind: Variants that are detectably behind the method.
        level: Those that cannot be told apart from it.
        ahead: Those that are detectably ahead.
    """

    behind: tuple[VariantSummary, ...]
    level: tuple[VariantSummary, ...]
    ahead: tuple[VariantSummary, ...]


def leads_on(summaries: Sequence[VariantSummary], dataset: str) -> Leads:
    """Sort everything but settings by the interval of the method's lead over it; each by its own interval.

    >>> leads_on([], "toy").behind
    ()
    """
    here = [row for row in summaries if row.dataset == dataset and row.family != "setting" and row.variant != METHOD]
    held = [(row, lead) for row in here if (lead := row.lead_estimate) is not None]

    def of(verdict: Verdict) -> tuple[VariantSummary, ...]:
        return tuple(summary for summary, lead in held if Verdict.of(lead) is verdict)

    return Leads(of(Verdict.HELPS), of(Verdict.NONE), of(Verdict.HURTS))


@dataclass(frozen=True)
class SplitLeads:
    """The method beside one variant, split by split.

    Attributes:
        n_splits: In which both were scored.
        n_ahead: Of them, where the method is ahead.
        n_level: Where both score the same.
        mean: The method's rSum minus the variant's, over all of them.
    """

    n_splits: int
    n_ahead: int
    n_level: int
    mean: float


def split_leads(table: pl.DataFrame, variant: str) -> SplitLeads | None:
    """In how many splits the method is ahead of a variant; None where both were scored in none.

    Args:
        table: Cells of one dataset.
        variant: Beside which one.
    """
    own, other = (
        table.filter((pl.col("variant") == scored) & pl.col("rsum").is_not_null()).select("seed", "rsum")
        for scored in (METHOD, variant)
    )
    leads = [ours - theirs for _, ours, theirs in own.join(other, on="seed", suffix="_other").iter_rows()]
    if not leads:
        return None
    ahead, level = sum(lead > 0 for lead in leads), sum(lead == 0 for lead in leads)
    return SplitLeads(len(leads), ahead, level, math.fsum(leads) / len(leads))


@dataclass(frozen=True)
class Cost:
    """What the method costs beside the simpler idea that scores most."""

    method: VariantSummary
    simpler: VariantSummary

    @property
    def times(self) -> float:
        """How many times as long a split of the method takes; below a millisecond times say nothing."""
        return self.method.seconds / max(self.simpler.seconds, 1e-3)


def cost_on(summaries: Sequence[VariantSummary]) -> Cost | None:
    """The cost on one dataset, from its summaries; None before both the method and a simpler idea are there."""
    here = {summary.variant: summary for summary in summaries if summary.n_seeds}
    simpler = [summary for name, summary in here.items() if name in simpler_ideas()]
    if METHOD not in here or not simpler:
        return None
    return Cost(here[METHOD], max(simpler, key=lambda summary: summary.difference or 0.0))


def _beaten(summary: VariantSummary) -> bool:
    lead = summary.lead_estimate
    return lead is not None and Verdict.of(lead) is Verdict.HELPS
