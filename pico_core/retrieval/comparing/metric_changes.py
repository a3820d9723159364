"""Every metric on the left, on the right, and its paired change."""

from dataclasses import dataclass, replace

import polars as pl

from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.metrics import differences_by, metrics_by
from pico_core.retrieval.records import IMAGE_RECALLS, TEXT_RECALLS, Estimate, Verdict, estimate_columns
from pico_core.retrieval.uncertainty import bootstrap_counts

# In the order of the table: image to text, text to image, both.
METRICS = (*IMAGE_RECALLS, "i2t_median_rank", *TEXT_RECALLS, "t2i_median_rank", "rsum", "mrr")


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
        return next(row for row in self.rows if row.name == name)

    @property
    def frame(self) -> pl.DataFrame:
        """One row per metric: both sides and the change, each with its interval, and the verdict."""
        sides = {side: [getattr(row, side) for row in self.rows] for side in ("left", "right", "change")}
        names, words = [row.name for row in self.rows], [row.word for row in self.rows]
        return pl.DataFrame({"metric": names, **estimate_columns(sides), "verdict": words})


def metric_table(paired: PairedRanks, *, n_draws: int = 1000, seed: int = 0) -> MetricTable:
    """Metrics of both sides and their paired changes, resampled by image.

    With all queries the intervals are those of `retrieval_report`; those of a sample of images are
    widened for its number (`uncertainty.widened`).

    Args:
        paired: Ranks of the same queries on both sides.
        n_draws: Resamples of the images.
        seed: Of the resamples.
    """
    counts = bootstrap_counts(len(paired.images), n_draws=n_draws, seed=seed)
    left, right = (metrics_by(ranks, paired.owner, counts) for ranks in (paired.left, paired.right))
    changes = differences_by(paired.right, paired.left, paired.owner, counts)
    rows, fit = [], paired.interval
    for name in METRICS:
        before, after, change = (getattr(metrics, name) for metrics in (left, right, changes))
        conclusive = paired.exact or change.low < change.high
        rows.append(MetricChange(name, fit(before), fit(after), fit(change), conclusive))
    return MetricTable(tuple(rows), paired)
