"""What the engine found of the columns and of the prototypes, in sentences; the words stand in findings.toml."""

import math
from collections.abc import Sequence

from pico_app.words import capitalised, finding, listed
from pico_core.columns.detectors import DETECTORS, Trust
from pico_core.columns.stability import Stability
from pico_core.columns.summary import CLEAR, LOWEST, STRONG, ColumnsSummary, RankAgreement
from pico_core.columns.trajectories import Concentration, FeedbackReading, OrderCheck, PrototypePlanes
from pico_core.retrieval.records import Verdict

# Of a rank correlation: words for people, nothing is decided by them.
SAME, SIMILAR, LOOSE = 0.9, 0.6, 0.3
WEAK = 0.2


def trust_sentence(trust: Trust) -> str:
    """Which detector to trust by one yardstick."""
    wrong = finding("trust.wrong", detectors=_detectors(trust.against)) if trust.against else ""
    if trust.best is None:
        return finding("trust.none", trust, wrong=wrong)
    number = "alone" if not trust.as_good else "another" if len(trust.as_good) == 1 else "others"
    others = finding(f"trust.{number}", others=_detectors(trust.as_good))
    best, rho = DETECTORS[trust.best].title, trust.rho[trust.best]
    return finding("trust.best", trust, best=best, rho=rho, others=others, wrong=wrong)


def stability_sentence(stability: Stability) -> str:
    """What the order of the columns depends on: the start, or the images."""
    starts, order = _order(stability.seeds), _order(stability.halves)
    other = finding("stability.starts", starts=starts, **_range(stability.seeds))
    if not stability.halves:
        return finding("stability.few", starts=other)
    halves = finding("stability.halves", **_range(stability.halves))
    return finding(f"stability.{'alike' if starts == order else 'apart'}", starts=other, halves=halves, order=order)


def truth_sentence(agreement: RankAgreement) -> str:
    """How well the order of the columns agrees with the planted truth."""
    rho = agreement.rho.value
    if math.isnan(rho):
        return finding("truth.no-order")
    degree = "closely" if rho >= STRONG else "clearly" if rho >= CLEAR else "weakly"
    how = finding(f"truth.{'against' if rho <= -WEAK else 'hardly' if rho < WEAK else 'follow'}", how=degree)
    return finding("truth.agrees", agreement, how=how)


def columns_sentence(summary: ColumnsSummary) -> str:
    """Which column is the lowest, how settled that is, and how many columns differ from chance."""
    lowest = finding(f"columns.{'one' if summary.n_lowest == 1 else 'tied'}-lowest", summary)
    settled = ""
    if summary.sure is not None and summary.n_columns > LOWEST:
        name = "unsettled" if summary.sure == 0 else "settled" if summary.sure >= LOWEST else "partly-settled"
        settled = finding(f"columns.{name}", summary, lowest=LOWEST)
    below = finding("columns.below", summary) if summary.n_below else ""
    return finding("columns.summary", summary, lowest=capitalised(lowest), settled=settled, below=below)


def ways_sentence(planes: PrototypePlanes) -> str:
    """How far the prototypes moved."""
    return finding("prototypes.ways", planes)


def order_sentence(order: OrderCheck) -> str:
    """Whether the proposition holds on a record."""
    return finding(f"order.{'no-pair' if order.n_pairs == 0 else 'holds' if order.holds else 'fails'}", order)


def concentration_sentence(concentration: Concentration) -> str:
    """How few candidates hold half of the weight, beside what equal shares would need; begins small, without a stop."""
    equal = -(-concentration.n_candidates // 2)
    number = "one" if concentration.n_heaviest == 1 else "several"
    return finding(f"concentration.{number}", concentration, equal=equal)


def feedback_sentence(reading: FeedbackReading) -> str:
    """What performance feedback did to the prototypes."""
    shape = finding("feedback.shape", reading, uneven=concentration_sentence(reading.concentration))
    if reading.over_uniform is None:
        return finding("feedback.alone", shape=capitalised(shape))
    verdict = finding(f"feedback.{Verdict.of(reading.over_uniform).value}")
    return finding("feedback.beside", reading, verdict=verdict, shape=shape)


def _detectors(places: Sequence[int]) -> str:
    return listed([f"the {DETECTORS[index].title}" for index in places])


def _order(rhos: tuple[float, ...]) -> str:
    rho = sum(rhos) / len(rhos) if rhos else math.nan
    if rho >= SAME:
        return "nearly the same"
    if rho >= SIMILAR:
        return "a similar"
    return "a loosely similar" if rho >= LOOSE else "another"


def _range(rhos: tuple[float, ...]) -> dict[str, float]:
    return {"lowest": min(rhos), "highest": max(rhos), "n": len(rhos)}
