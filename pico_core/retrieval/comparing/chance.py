"""The control of a comparison: the weights of the right side, handed to other columns; and what all controls share."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch

from pico_core.common.reporter import SILENT, Reporter
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.metrics import image_rsum
from pico_core.retrieval.query_sample import ranks_of
from pico_core.retrieval.schemes.scheme import permuted_weights
from pico_core.retrieval.scoring import WeightedPairs

N_DRAWS = 8


def drawn_ranks(
    paired: PairedRanks, drawn: Iterable[WeightedPairs], *, n_draws: int, reporter: Reporter = SILENT
) -> Iterator[QueryRanks]:
    """Ranks of the same queries under scorings that chance drew, one after the other."""
    for number, weighted_pairs in enumerate(drawn):
        part = reporter.part(number / n_draws, (number + 1) / n_draws)
        yield ranks_of(weighted_pairs.pairs, weighted_pairs.weights, images=paired.images, reporter=part)


@dataclass(frozen=True)
class PermutedControl:
    """What the same weights do on other columns, drawn a few times.

    Attributes:
        changes: Change of rSum against the left side in every draw.
        won: Share of all queries that rank better than on the left, in per cent, in every draw.
        lost: Share that rank worse.
    """

    changes: tuple[float, ...]
    won: tuple[float, ...]
    lost: tuple[float, ...]


def permuted_control(
    paired: PairedRanks, right: WeightedPairs, *, n_draws: int = N_DRAWS, seed: int = 0, reporter: Reporter = SILENT
) -> PermutedControl:
    """Score with the weights of the right side in a random order, a few times, on the same queries.

    Args:
        paired: Both sides; the left one is what is compared with.
        right: The right side.
        n_draws: How many permutations.
        seed: Of the permutations.
        reporter: Hears of the share that is done.
    """
    before = image_rsum(paired.left, paired.owner).double().mean()
    weights = permuted_weights(right.weights, n_draws, generator=torch.Generator().manual_seed(seed))
    drawn = (WeightedPairs(right.pairs, permuted) for permuted in weights)
    changes, rises = [], []
    for ranks in drawn_ranks(paired, drawn, n_draws=n_draws, reporter=reporter):
        changes.append(float(image_rsum(ranks, paired.owner).double().mean() - before))
        rises.append(torch.cat([old - new for old, new in zip(paired.left[:2], ranks[:2], strict=True)]))
    won, lost = ([100 * float((sign * rise > 0).double().mean()) for rise in rises] for sign in (1, -1))
    return PermutedControl(tuple(changes), tuple(won), tuple(lost))
