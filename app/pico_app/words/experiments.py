"""What an experiment found, in sentences; the words stand in findings.toml."""

import re

from pico_app.words import capitalised, finding
from pico_core.experiments.order import FeedbackOrder
from pico_core.experiments.reading import Reached
from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.sweeps import Sweeps
from pico_core.experiments.verdicts import Cost, ExperimentAnswer, Leads, SplitLeads
from pico_core.retrieval.records import Verdict
from pico_core.retrieval.schemes.catalogue import simpler_ideas


def answer_sentence(answer: ExperimentAnswer) -> str:
    """The answer, verdict before digits; it says plainly where nothing helps."""
    method, rival = answer.method, answer.rival
    if method is None or method.change is None:
        because = finding("experiment.because", method) if method is not None and method.note else ""
        return finding("experiment.no-result", answer, because=because)
    seeds = finding(f"experiment.{'seeds' if method.n_seeds > 1 else 'one-seed'}", method)
    own = finding("experiment.own", answer, verdict=_verdict(method), seeds=seeds)
    if rival is None:
        return finding("experiment.alone", own=own)
    if method.verdict == "helps":
        beside = f"against.{_lead(rival)}"
    else:
        beside = f"instead.{'helps' if rival.verdict == 'helps' else 'hurts' if method.verdict == 'hurts' else 'none'}"
    idea = finding(f"experiment.{beside}", answer, idea=_called(rival), minus=_minus(rival))
    return finding("experiment.beside", own=own, idea=idea)


def controls_sentence(answer: ExperimentAnswer) -> str:
    """What the two blind controls did; empty where neither is computed."""
    parts = []
    if answer.permuted is not None and answer.permuted.signed:
        draws = re.search(r" \(mean of \d+\)$", answer.permuted.label)  # older tables have a single draw
        parts.append(finding("blind.permuted", answer.permuted, draws=draws.group() if draws else ""))
    if answer.shuffled is not None and answer.shuffled.lead is not None:
        result = finding(f"blind.{_lead(answer.shuffled)}")
        parts.append(finding("blind.shuffled", result=result, minus=_minus(answer.shuffled)))
    return f"{capitalised('; '.join(parts))}." if parts else ""


def leads_sentence(leads: Leads) -> str:
    """How many of the others do as well, simpler ones by name."""
    others = (*leads.behind, *leads.level, *leads.ahead)
    if not others:
        return finding("leads.too-early")
    level = [_called(summary) for summary in (*leads.ahead, *leads.level) if summary.variant in simpler_ideas()]
    n_simpler = sum(summary.variant in simpler_ideas() for summary in others)
    behind, same, ahead = (len(some) for some in (leads.behind, leads.level, leads.ahead))
    return finding(
        "leads.counts",
        n=len(others),
        behind=f"{behind} {_are(behind)}",
        level=same,
        ahead=f"{ahead} {_are(ahead)}",
        ideas=finding("leads.ideas", level=len(level), n=n_simpler, are=_are(len(level)), names=", ".join(level))
        if level
        else finding("leads.no-idea"),
    )


def split_leads_sentence(leads: SplitLeads | None, name: str) -> str:
    """In how many splits the method is ahead of a variant; `name` is what people call it."""
    if leads is None:
        return finding("split-leads.none", name=name)
    level = finding("split-leads.level", leads) if leads.n_level else ""
    return finding("split-leads.counts", leads, name=name, level=level)


def cost_sentence(cost: Cost | None) -> str:
    """What the method costs beside the best simpler idea."""
    if cost is None:
        return finding("cost.none")
    times = f"{cost.times:,.0f}" if cost.times >= 10 else f"{cost.times:.1f}"
    return finding("cost.beside", cost, times=times, idea=_called(cost.simpler))


def sweeps_sentence(sweeps: Sweeps) -> str:
    """Which values do detectably better or worse than the dataset's own; each by its own interval.

    >>> sweeps_sentence(Sweeps(()))
    'No setting was changed on this dataset.'
    """
    if not sweeps.sweeps:
        return finding("sweeps.none")
    others = [(sweep.setting, swept) for sweep in sweeps.sweeps for swept in sweep.values if not swept.is_own]
    if all(swept.own_lead is None for _, swept in others):
        return finding("sweeps.one-seed")
    parts = {}
    for word, verdict in (("better", Verdict.HURTS), ("worse", Verdict.HELPS)):
        names = [f"{setting} = {swept.value}" for setting, swept in others if swept.own_lead is verdict]
        do = "does" if len(names) == 1 else "do"
        parts[word] = finding(f"sweeps.{'some' if names else 'no-value'}", names=", ".join(names), do=do, word=word)
    return finding("sweeps.counts", n=len(others), better=parts["better"], worse=parts["worse"])


def feedback_order_sentence(order: FeedbackOrder) -> str:
    """How often a feedback rule kept the order of the gains, verdict first.

    >>> feedback_order_sentence(FeedbackOrder("softmax", 3, 30, 0, 0))
    'In all 3 recorded runs of rule softmax no pair is in the wrong order (30 pairs of candidates).'
    """
    runs = finding(f"feedback-order.{'runs' if order.n_runs > 1 else 'one-run'}", order)
    return finding(f"feedback-order.{'fails' if order.n_wrong else 'holds'}", order, runs=runs)


def reached_sentence(reached: Reached) -> str:
    """How far an experiment is, and how long it still takes.

    >>> reached_sentence(Reached(30, 120, "going", 200.0))
    '30 of 120 cells, about 3 min left'
    """
    going, seconds = finding("reached.going", reached), reached.seconds_left
    if reached.state != "going" or seconds is None:
        return finding(f"reached.{reached.state}", reached, going=going)
    return finding("reached.left", going=going, left=f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min")


def _called(summary: VariantSummary) -> str:
    return simpler_ideas().get(summary.variant, summary.label)


def _verdict(summary: VariantSummary) -> str:
    """The verdict; where the interval alone would say more than the adjusted p value, that is said too."""
    name = summary.verdict if summary.verdict in ("helps", "hurts") else "none"
    if name == "none" and summary.p_adjusted is not None and summary.by_interval is not Verdict.NONE:
        name = "overruled"
    return finding(f"experiment.{name}", summary)


def _lead(summary: VariantSummary) -> str:
    """What the method's lead over a variant says of the method: by its interval, which one split does not have."""
    return "one-split" if summary.lead_estimate is None else Verdict.of(summary.lead_estimate).value


def _minus(summary: VariantSummary) -> str:
    lead = summary.lead_estimate
    return finding("experiment.minus", lead=f"{summary.lead:+z.1f}" if lead is None else lead.signed)


def _are(n: int) -> str:
    return "is" if n == 1 else "are"
