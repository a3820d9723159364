"""May the weights be used for retrieval? Asked of the feedback split, answered with a margin."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from pico_core.axes import Columns, PerImage
from pico_core.method.config import ConstructionConfig
from pico_core.method.feedback import Feedback
from pico_core.method.history import GuardDecision
from pico_core.method.probabilities import weights_from


@dataclass(frozen=True, eq=False)
class Guarded:
    """The guard's decision, and the weights of its best candidate (used only if accepted)."""

    decision: GuardDecision
    candidate: Columns

    @property
    def weights(self) -> Columns:
        """What retrieval applies: the candidate, or all ones."""
        return self.candidate if self.decision.accepted else torch.ones_like(self.candidate)


def guard_weights(
    visited: Sequence[Columns], *, reference: PerImage, feedback: Feedback, config: ConstructionConfig
) -> Guarded:
    """Take the best visited weights on the feedback split if their gain exceeds `margin` standard errors.

    Candidates are the visited probabilities at every strength. The gain is paired by image:
    mean of (R_i(P) - R_i(1)), its standard error the deviation of those differences / sqrt(n).

    Args:
        visited: Probabilities of every iteration.
        reference: Performance of every feedback image at P = 1.
        feedback: Weights to performance per image.
        config: `strengths` and `margin`.

    Source: beyond the paper.
    """
    best: tuple[GuardDecision, Columns] | None = None
    for index, probabilities in enumerate(visited):
        if index and torch.equal(probabilities, visited[index - 1]):
            continue
        for strength in config.strengths:
            weights = weights_from(probabilities, strength=strength)
            change = (feedback(weights) - reference).double()
            gain, error = float(change.mean()), float(change.std() / len(change) ** 0.5)
            if best is None or gain > best[0].gain:
                accepted = gain > 0 and gain > config.margin * error
                decision = GuardDecision(accepted, index, strength, gain, error, config.margin)
                best = decision, weights
    assert best is not None
    return Guarded(*best)
