"""Recall at every k, not only at 1, 5 and 10: curves of both scorings with bands, and their paired change."""

from dataclasses import dataclass

import polars as pl
import torch

from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.records import Estimate, estimate_columns
from pico_core.retrieval.scoring import QueryKind
from pico_core.retrieval.uncertainty import bootstrap_counts

POINTS = 40  # cuts of a curve


@dataclass(frozen=True)
class RecallCurve:
    """R@k of one direction for growing k, in per cent.

    Attributes:
        kind: Who asks: "image" is image to text.
        cuts: The k, rising from 1 to the number of candidates.
        left: R@k on the left, with pointwise intervals.
        right: R@k on the right.
        change: Right minus left, paired.
    """

    kind: QueryKind
    cuts: tuple[int, ...]
    left: tuple[Estimate, ...]
    right: tuple[Estimate, ...]
    change: tuple[Estimate, ...]

    @property
    def frame(self) -> pl.DataFrame:
        """One row per cut: k, and both sides and the change with the ends of their bands."""
        sides = {"left": self.left, "right": self.right, "change": self.change}
        return pl.DataFrame({"k": self.cuts, **estimate_columns(sides)})


def curve_cuts(n_candidates: int, *, points: int = POINTS) -> tuple[int, ...]:
    """Cuts from 1 to all candidates, evenly spread on a log scale; 5 and 10 are always among them.

    >>> curve_cuts(12, points=4)
    (1, 2, 5, 10, 12)
    """
    spread = torch.logspace(0, torch.tensor(float(n_candidates)).log10().item(), points).round().long().tolist()
    return tuple(sorted({min(k, n_candidates) for k in (1, 5, 10, *spread, n_candidates)}))


def recall_curve(paired: PairedRanks, kind: QueryKind, *, n_draws: int = 1000, seed: int = 0) -> RecallCurve:
    """The curve of one direction.

    R@k = share of queries with a rank of at most k. Bands hold pointwise, resampled by image; those
    of a sample of queries are widened for its number.

    Args:
        paired: Ranks of the same queries on both sides.
        kind: Who asks.
        n_draws: Resamples of the images; the same for both sides, so that the change is paired.
        seed: Of the resamples.
    """
    cuts = curve_cuts(paired.n_texts if kind == "image" else paired.n_images)
    counts = bootstrap_counts(len(paired.images), n_draws=n_draws, seed=seed)
    limits = torch.tensor(cuts)
    hits = [100 * (ranks[:, None] <= limits).double() for ranks in paired.sides(kind)]
    left, right, change = (paired.means(values, kind, counts) for values in (*hits, hits[1] - hits[0]))
    return RecallCurve(kind, cuts, left, right, change)
