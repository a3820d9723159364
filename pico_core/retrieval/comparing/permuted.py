"""The control of a comparison: the weights of the right side, handed to other columns."""

from dataclasses import dataclass

import torch

from pico_core.reporter import SILENT, Reporter
from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.metrics import image_rsum
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.schemes.scheme import permuted_weights
from pico_core.retrieval.scoring import Scorable
from pico_core.retrieval.switching.query_sample import ranks_of

N_DRAWS = 8


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

    def sentence(self, change: Estimate) -> str:
        """Whether the weights do more than the same weights on other columns, in words before digits."""
        low, high = min(self.changes), max(self.changes)
        does = (
            "does more harm than" if change.value < low else "does more good than" if change.value > high else "is what"
        )
        any_draw = "" if does == "is what" else " in any draw"
        return (
            f"That {does} the same weights do on other columns{any_draw}: {low:+z.1f} to {high:+z.1f} points in "
            f"{len(self.changes)} permutations; they win {min(self.won):.0f} to {max(self.won):.0f} % of the queries "
            f"and lose {min(self.lost):.0f} to {max(self.lost):.0f} %."
        )


def permuted_control(
    paired: PairedRanks,
    right: Scorable,
    *,
    n_draws: int = N_DRAWS,
    seed: int = 0,
    reporter: Reporter = SILENT,
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
    changes, won, lost = [], [], []
    draws = permuted_weights(right.weights, n_draws, generator=torch.Generator().manual_seed(seed))
    for number, weights in enumerate(draws):
        part = reporter.part(number / n_draws, (number + 1) / n_draws)
        after = ranks_of(right.pairs, weights, images=paired.images, reporter=part)
        changes.append(float(image_rsum(after, paired.owner).double().mean() - before))
        rise = torch.cat(
            [
                paired.left.image_to_text - after.image_to_text,
                paired.left.text_to_image - after.text_to_image,
            ]
        )
        won.append(100 * float((rise > 0).double().mean()))
        lost.append(100 * float((rise < 0).double().mean()))
    return PermutedControl(tuple(changes), tuple(won), tuple(lost))
