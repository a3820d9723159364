"""What an experiment says of the method on one dataset, in words: does it help, and does something simpler as well?"""

import math
import re
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

    @property
    def sentence(self) -> str:
        """The answer, verdict before digits; it says plainly where nothing helps."""
        if self.method is None or self.method.change is None:
            return f"On “{self.dataset}” the method has no result yet{_because(self.method)}."
        own = f"On “{self.dataset}” {_said(self.method)}: {self.method.signed} points of rSum {_seeds(self.method)}"
        if self.rival is None:
            return f"{own}; no simpler idea was computed beside it."
        return f"{own}; {self._against() if self.method.verdict == 'helps' else self._instead()}."

    @property
    def controls(self) -> str:
        """What the two blind controls did; empty where neither is computed."""
        parts = []
        if self.permuted is not None and self.permuted.signed:
            drawn = re.search(r" \(mean of \d+\)$", self.permuted.label)  # older tables have a single draw
            draws = drawn.group() if drawn else ""
            parts.append(f"the same weights on other columns{draws} change rSum by {self.permuted.signed}")
        if self.shuffled is not None and self.shuffled.lead is not None:
            words = {Verdict.NONE: "cannot be told apart", Verdict.HELPS: "does worse", Verdict.HURTS: "does better"}
            lead = self.shuffled.lead_estimate
            word = "was tried in one split only" if lead is None else words[Verdict.of(lead)]
            minus = f"(the weights minus it: {_lead_digits(self.shuffled)})"
            parts.append(f"with its feedback in random order the method {word} {minus}")
        sentence = "; ".join(parts)
        return f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""

    def _against(self) -> str:
        """Whether a simpler idea does as well as a method that helps."""
        assert self.rival is not None
        name, lead = called(self.rival), self.rival.lead_estimate
        minus = f"(the weights minus it: {_lead_digits(self.rival)})"
        if lead is None:
            return f"one split cannot tell it from a simpler idea such as {name} {minus}"
        return {
            Verdict.HELPS: f"no simpler idea does as well: the best of {self.n_simpler}, {name}, is behind {minus}",
            Verdict.NONE: f"but a simpler idea, {name}, does as well {minus}",
            Verdict.HURTS: f"but a simpler idea, {name}, does better {minus}",
        }[Verdict.of(lead)]

    def _instead(self) -> str:
        """Whether a simpler idea helps where the method does not."""
        assert self.rival is not None
        assert self.method is not None
        if self.rival.verdict != "helps" and self.method.verdict == "hurts":
            return f"and none of the {self.n_simpler} simpler ideas can be shown to help"
        if self.rival.verdict != "helps":
            return f"nor can any of the {self.n_simpler} simpler ideas be shown to help"
        return f"but a simpler idea, {called(self.rival)}, helps: {self.rival.signed}"


def answer_on(summaries: Sequence[VariantSummary], dataset: str) -> ExperimentAnswer:
    """The answer on one dataset of an experiment; a table that is not finished yet gives what it can.

    Args:
        summaries: Of the experiment.
        dataset: One of its datasets.

    Source: beyond the paper.

    >>> summary = VariantSummary("toy", "pico", "PICO", "method", 5, 300.0, 9.0, 4.0, 14.0, 0.01, 0.03, "helps", None,
    ...                          None, None, 1.0, None)
    >>> answer_on([summary], "toy").sentence
    'On “toy” the weights help: +9.0 [+4.0, +14.0] points of rSum over 5 seeds; no simpler idea was computed beside it.'
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

    @property
    def sentence(self) -> str:
        """How many of them do as well, simpler ones by name."""
        every = (*self.behind, *self.level, *self.ahead)
        if not every:
            return "A lead over another variant needs at least two seeds of both; until then there is none to show."
        level = [called(summary) for summary in (*self.ahead, *self.level) if summary.variant in simpler_ideas()]
        simpler = sum(summary.variant in simpler_ideas() for summary in every)
        named = f"{len(level)} of the {simpler} simpler ideas {_are(level)} not behind: {', '.join(level)}"
        return (
            f"Of {len(every)} others, {len(self.behind)} {_are(self.behind)} behind the weights, {len(self.level)} "
            f"cannot be told apart from them, {len(self.ahead)} {_are(self.ahead)} ahead; "
            f"{named if level else 'every simpler idea is behind'}."
        )


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


def called(summary: VariantSummary) -> str:
    """A variant as a sentence calls it."""
    return simpler_ideas().get(summary.variant, summary.label)


def split_sentence(table: pl.DataFrame, variant: str, name: str) -> str:
    """In how many splits the method is ahead of a variant.

    Args:
        table: Cells of one dataset.
        variant: Beside which one.
        name: What people call it.
    """
    own, other = (
        table.filter((pl.col("variant") == scored) & pl.col("rsum").is_not_null()).select("seed", "rsum")
        for scored in (METHOD, variant)
    )
    leads = [ours - theirs for _, ours, theirs in own.join(other, on="seed", suffix="_other").iter_rows()]
    if not leads:
        return f"There is no split yet in which both the method and “{name}” were scored."
    ahead, level = sum(lead > 0 for lead in leads), sum(lead == 0 for lead in leads)
    mean = math.fsum(leads) / len(leads)
    same = f" and level in {level}" if level else ""
    return f"PICO is ahead of “{name}” in {ahead} of {len(leads)} splits{same}; the mean lead is {mean:+z.1f} points."


def cost_sentence(summaries: Sequence[VariantSummary]) -> str:
    """What the method costs beside the best simpler idea."""
    here = {summary.variant: summary for summary in summaries if summary.n_seeds}
    simpler = [summary for name, summary in here.items() if name in simpler_ideas()]
    if METHOD not in here or not simpler:
        return "The method and a simpler idea are needed to compare what they cost; they are not both here yet."
    best = max(simpler, key=lambda summary: summary.difference or 0.0)
    times = here[METHOD].seconds / max(best.seconds, 1e-3)
    more = f"{times:,.0f} times as long as" if times >= 10 else f"{times:.1f} times as long as"
    return (
        f"The method takes {here[METHOD].seconds:.1f} s a split, {more} the simpler idea that scores most here, "
        f"{called(best)} ({best.seconds:.2f} s)."
    )


def _lead_digits(summary: VariantSummary) -> str:
    lead = summary.lead_estimate
    return f"{summary.lead:+z.1f}" if lead is None else lead.signed


def _beaten(summary: VariantSummary) -> bool:
    lead = summary.lead_estimate
    return lead is not None and Verdict.of(lead) is Verdict.HELPS


def _said(summary: VariantSummary) -> str:
    """The verdict; where the interval alone would say more than the adjusted p value, that is said too."""
    if summary.verdict in ("helps", "hurts"):
        return f"the weights {summary.verdict.removesuffix('s')}"
    if summary.p_adjusted is not None and summary.by_interval is not Verdict.NONE:
        return f"no difference holds once the number of comparisons is adjusted for (p = {summary.p_adjusted:.2g})"
    return "no difference can be detected"


def _seeds(summary: VariantSummary) -> str:
    return f"over {summary.n_seeds} seeds" if summary.n_seeds > 1 else "with one seed, so of one split only"


def _because(summary: VariantSummary | None) -> str:
    return f" ({summary.note})" if summary is not None and summary.note else ""


def _are(items: Sequence[object]) -> str:
    return "is" if len(items) == 1 else "are"
