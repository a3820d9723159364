"""Every metric on the left, on the right, and its paired change; the verdict on them in words."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.metrics import (
    median_differences,
    mrr_difference,
    paired_difference,
    recall_differences,
    retrieval_metrics,
)
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.switching.effect import widened

# In the order of the table: image to text, text to image, both.
METRICS = (
    "i2t_r1",
    "i2t_r5",
    "i2t_r10",
    "i2t_median_rank",
    "t2i_r1",
    "t2i_r5",
    "t2i_r10",
    "t2i_median_rank",
    "rsum",
    "mrr",
)


RECALLS = ("i2t_r1", "i2t_r5", "i2t_r10", "t2i_r1", "t2i_r5", "t2i_r10")


@dataclass(frozen=True)
class MetricChange:
    """One metric under both scorings; per cent, rSum of 600, median ranks in places.

    Attributes:
        name: Of `METRICS`.
        left: On the left.
        right: On the right.
        change: Right minus left, on the same queries.
        conclusive: Whether the interval may be judged: one of no width from a sample may not.
    """

    name: str
    left: Estimate
    right: Estimate
    change: Estimate
    conclusive: bool = True

    @property
    def lower_is_better(self) -> bool:
        """Whether a fall is a gain: of ranks, but not of reciprocal ones."""
        return self.name.endswith("median_rank")

    @property
    def verdict(self) -> Verdict:
        """What the paired interval says: HELPS where the right side is better.

        >>> fall = Estimate(-3.0, -5.0, -1.0)
        >>> MetricChange("i2t_median_rank", Estimate(9.0, 8.0, 10.0), Estimate(6.0, 5.0, 7.0), fall).verdict
        <Verdict.HELPS: 'helps'>
        """
        return Verdict.of(
            replace(self.change, low=-self.change.high, high=-self.change.low) if self.lower_is_better else self.change
        )

    @property
    def word(self) -> str:
        """The verdict in a word or three."""
        return {"helps": "better", "hurts": "worse", "none": "no detectable difference"}[self.verdict.value]


@dataclass(frozen=True, eq=False)
class MetricTable:
    """All metrics of two scorings.

    Attributes:
        rows: In the order of `METRICS`.
        paired: The ranks that they come from.
    """

    rows: tuple[MetricChange, ...]
    paired: PairedRanks

    def row(self, name: str) -> MetricChange:
        """One of them."""
        return self.rows[METRICS.index(name)]

    @property
    def frame(self) -> pl.DataFrame:
        """One row per metric: both sides and the change, each with its interval, and the verdict."""
        sides = ("left", "right", "change")
        return pl.DataFrame(
            {
                "metric": [row.name for row in self.rows],
                **{
                    f"{side}{end}": [float(getattr(getattr(row, side), part)) for row in self.rows]
                    for side in sides
                    for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
                },
                "verdict": [row.word for row in self.rows],
            }
        )

    def sentence(self, left: str, right: str) -> str:
        """The verdict on rSum, in words before digits; the arguments name the sides."""
        row, where = self.row("rsum"), self.paired.where
        change, values = row.change, f"{row.left.value:.1f} for “{left}”, {row.right.value:.1f} for “{right}”"
        if self.paired.unmoved:
            said = "Nothing changes" if self.paired.exact else "No change seen"
            return (
                f"{said}: no query that was asked has another rank on the right; {row.left.value:.1f} of 600 {where}."
            )
        verdict = {"helps": "Better on the right", "hurts": "Worse on the right"}.get(
            row.verdict.value, row.verdict.sentence
        )
        return (
            f"{verdict}: rSum {values}, difference {change.value:+z.1f} [{change.low:+z.1f}, {change.high:+z.1f}] "
            f"points {where}."
        )


def metric_table(paired: PairedRanks, *, n_draws: int = 1000, seed: int = 0) -> MetricTable:
    """Metrics of both sides and their paired changes, resampled by image.

    With all queries the intervals are those of `retrieval_report`; those of a sample of images are
    widened for its number (`effect.widened`).

    Args:
        paired: Ranks of the same queries on both sides.
        n_draws: Resamples of the images.
        seed: Of the resamples.
    """
    ways = {"n_draws": n_draws, "seed": seed}
    left, right = (retrieval_metrics(one, paired.owner, **ways) for one in (paired.left, paired.right))
    changes = dict(zip(RECALLS, recall_differences(paired.right, paired.left, paired.owner, **ways), strict=True))
    medians = median_differences(paired.right, paired.left, paired.owner, **ways)
    changes |= {"i2t_median_rank": medians[0], "t2i_median_rank": medians[1]}
    changes["rsum"] = paired_difference(paired.right, paired.left, paired.owner, **ways)
    changes["mrr"] = mrr_difference(paired.right, paired.left, paired.owner, **ways)
    fit = _fitted(paired)
    return MetricTable(
        tuple(
            MetricChange(
                name,
                fit(getattr(left, name)),
                fit(getattr(right, name)),
                fit(changes[name]),
                paired.exact or changes[name].low < changes[name].high,
            )
            for name in METRICS
        ),
        paired,
    )


def _fitted(paired: PairedRanks) -> Callable[[Estimate], Estimate]:
    return lambda one: one if paired.exact else widened(one, len(paired.images))
