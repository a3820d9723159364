"""A mean over random splits of one dataset, with an interval that knows that the splits overlap.

Random splits share most of their images, so the differences of several seeds are not independent, and Student's
interval is too narrow. The corrected resampled t test widens it:

    t = mean / sqrt( variance (1/J + n_test/n_train) )        J seeds, J - 1 degrees of freedom

Source: Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning, 2003. Here n_train is the fit
split and the feedback split together.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pico_core.retrieval.records import Estimate, Verdict

LEVEL = 0.05


@dataclass(frozen=True)
class OverSeeds:
    """A mean over seeds: its interval, and the p value of a mean of 0 (None with one seed)."""

    mean: Estimate
    p: float | None


def over_seeds(values: Sequence[float], *, test_share: float) -> OverSeeds:
    """The corrected resampled t test of a mean of 0.

    Args:
        values: One per seed, at least two.
        test_share: n_test / n_train of the splits.

    Source: Nadeau and Bengio, 2003.

    >>> over_seeds([1.0, 3.0], test_share=0.5)  # error sqrt(2 (1/2 + 1/2)) = 1.41, t = 1.41 with 1 degree of freedom
    OverSeeds(mean=Estimate(value=2.0, low=-15.9..., high=19.9..., level=0.95), p=0.391...)
    """
    from scipy.stats import t

    n = len(values)
    mean = math.fsum(values) / n
    variance = math.fsum((value - mean) ** 2 for value in values) / (n - 1)
    error = math.sqrt(variance * (1 / n + test_share))
    margin = float(t.ppf(1 - LEVEL / 2, n - 1)) * error
    certain = 1.0 if mean == 0 else 0.0  # the same difference in every split
    p = float(2 * t.sf(abs(mean) / error, n - 1)) if error > 0 else certain
    return OverSeeds(Estimate(mean, mean - margin, mean + margin), p)


def over_paired(paired: Sequence[Estimate], *, test_share: float) -> OverSeeds:
    """The mean of differences of which each has an interval of its own; a single one keeps that, without a p value."""
    if len(paired) == 1:
        return OverSeeds(paired[0], None)
    return over_seeds([difference.value for difference in paired], test_share=test_share)


def count_verdicts(verdicts: Sequence[Verdict]) -> tuple[int, int, int]:
    """How many say helps, hurts, none, in this order.

    >>> count_verdicts([Verdict.NONE, Verdict.HELPS, Verdict.NONE])
    (1, 0, 2)
    """
    return verdicts.count(Verdict.HELPS), verdicts.count(Verdict.HURTS), verdicts.count(Verdict.NONE)


def adjusted(p_values: Sequence[float]) -> list[float]:
    """P values adjusted for their number, whatever their dependence.

    Source: Benjamini and Yekutieli, Annals of Statistics, 2001.

    >>> adjusted([0.01, 0.04])  # 0.01 x 2 x (1 + 1/2), and 0.04 x 1 x (1 + 1/2)
    [0.03, 0.06]
    """
    from scipy.stats import false_discovery_control

    return [float(p) for p in false_discovery_control(list(p_values), method="by")] if p_values else []


def verdict_of(change: Estimate, p_adjusted: float | None) -> Verdict:
    """By the adjusted p value and the sign; with one seed, which has none, by the interval.

    >>> verdict_of(Estimate(2.0, 1.0, 3.0), 0.2), verdict_of(Estimate(2.0, 1.0, 3.0), None)
    (<Verdict.NONE: 'none'>, <Verdict.HELPS: 'helps'>)
    """
    if p_adjusted is None:
        return Verdict.of(change)
    if p_adjusted > LEVEL:
        return Verdict.NONE
    return Verdict.HELPS if change.value > 0 else Verdict.HURTS
