"""What a column switch does to retrieval: recall with its paired interval, and what random columns do."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pico_core.common.reporter import SILENT, Reporter
from pico_core.retrieval.comparing.chance import N_DRAWS, drawn_ranks
from pico_core.retrieval.comparing.metric_changes import MetricChange, MetricTable, metric_table
from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.metrics import differences_by
from pico_core.retrieval.records import IMAGE_RECALLS, TEXT_RECALLS, Verdict
from pico_core.retrieval.scoring import WeightedPairs
from pico_core.retrieval.switching.setting import ColumnMeans, SwitchSetting, switched
from pico_core.retrieval.uncertainty import bootstrap_counts

METRICS = (*IMAGE_RECALLS, *TEXT_RECALLS, "rsum")


class SwitchEffect(MetricTable):
    """What a switch does to retrieval: the metrics of `METRICS` before it (left) and after it, on the same queries."""

    @property
    def rsum(self) -> MetricChange:
        """The last row."""
        return self.rows[-1]

    @property
    def verdict(self) -> Verdict:
        """What the paired interval of rSum says."""
        return self.rsum.verdict

    @property
    def may_still_change(self) -> float:
        """Largest share of images that could change although none that was asked did, at 95 % confidence.

        1 - 0.05 ^ (1 / n), the exact form of the rule of three; 0 where all were asked.
        """
        return 0.0 if self.paired.exact else 1 - 0.05 ** (1 / len(self.paired.images))


@dataclass(frozen=True, eq=False)
class ControlBand:
    """The same switch on as many random columns, on the same queries.

    Attributes:
        n_columns: How many were switched in every draw.
        changes: Change of every metric of `METRICS` in every draw.
    """

    n_columns: int
    changes: tuple[tuple[float, ...], ...]

    def ends(self, metric: int) -> tuple[float, float]:
        """Least and greatest change of one metric among the draws."""
        column = [draw[metric] for draw in self.changes]
        return min(column), max(column)


def switch_effect(paired: PairedRanks, *, seed: int = 0) -> SwitchEffect:
    """Compare ranks before and after a switch, paired by query, with intervals clustered by image.

    With all images as queries the intervals are those of `retrieval_report`. With a sample they are
    widened by t / z sqrt(q / (q - 1)), because a bootstrap of few images is too narrow.

    Args:
        paired: Ranks before the switch on the left, after it on the right.
        seed: Of the resamples.
    """
    table = metric_table(paired, seed=seed)
    return SwitchEffect(tuple(table.row(name) for name in METRICS), paired)


def random_columns(
    columns: Sequence[int], n_columns: int, *, n_draws: int = N_DRAWS, seed: int = 0
) -> tuple[tuple[int, ...], ...]:
    """As many columns as were switched, drawn at random from the others; from all where too few others are left.

    >>> random_columns([0], 2, n_draws=2)
    ((1,), (1,))
    """
    chosen = set(columns)
    others = [column for column in range(n_columns) if column not in chosen]
    pool = torch.tensor(others if len(others) >= len(chosen) else list(range(n_columns)))
    generator = torch.Generator().manual_seed(seed)
    draws = [pool[torch.randperm(len(pool), generator=generator)[: len(chosen)]] for _ in range(n_draws)]
    return tuple(tuple(sorted(draw.tolist())) for draw in draws)


def control_band(
    paired: PairedRanks,
    base: WeightedPairs,
    columns: Sequence[int],
    setting: SwitchSetting,
    *,
    means: ColumnMeans | None = None,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> ControlBand:
    """Switch as many random columns the same way, a few times, on the same queries.

    Args:
        paired: The ranks of the base on the left.
        base: What is scored before.
        columns: The columns that were switched.
        setting: To what.
        means: Of the fit split; needed for one-sided means.
        n_draws: How many draws.
        seed: Of the draws.
        reporter: Hears of the share that is done.
    """
    chosen = random_columns(columns, base.pairs.n_columns, n_draws=n_draws, seed=seed)
    drawn = (switched(base, some, setting, means=means) for some in chosen)
    counts, changes = bootstrap_counts(len(paired.images), n_draws=2), []
    for ranks in drawn_ranks(paired, drawn, n_draws=n_draws, reporter=reporter):
        differences = differences_by(ranks, paired.left, paired.owner, counts)
        recalls = [getattr(differences, name).value for name in METRICS[:-1]]
        changes.append((*recalls, sum(recalls)))
    return ControlBand(len(set(columns)), tuple(changes))
