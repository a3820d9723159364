"""What the construction leaves behind: frozen records, one per iteration, and their result."""

from dataclasses import dataclass
from enum import Enum

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.method.config import ConstructionConfig


class StopReason(Enum):
    """Why the construction ended; each member is a sentence."""

    COMPLETED = "All planned iterations were done."
    CONVERGED = "The prototypes stopped moving."
    PATIENCE = "Feedback had not improved for as long as the patience allows."
    CANCELLED = "It was stopped before the planned number of iterations."


@dataclass(frozen=True, eq=False)
class ModalityPrototypes:
    """Style prototypes of one modality: centres of columns in anchor coordinates.

    Attributes:
        centres: One row per prototype, in the coordinates of the anchors.
        labels: The nearest prototype of every column (assigned to these very centres).
        inertia: Sum over columns of instance weight x squared distance to the nearest centre.
    """

    centres: Float[Tensor, "k a"]
    labels: Int[Tensor, " d"]
    inertia: float


@dataclass(frozen=True, eq=False)
class StylePrototypes:
    """Style prototypes of both modalities."""

    image: ModalityPrototypes
    text: ModalityPrototypes


@dataclass(frozen=True, eq=False)
class Iteration:
    """One turn of the construction.

    Attributes:
        index: t, counted from 0.
        pseudo_semantic: p̂ of this batch (paper).
        candidate: The prototypes that this batch suggests.
        candidate_probabilities: Semantic probabilities from the candidate alone.
        candidate_gain: (R(candidate) - R(1)) / R(1) on the feedback split.
        candidate_shares: Share of every candidate so far in `prototypes`; sums to 1.
        prototypes: The candidates averaged by those shares (what is called mu_t).
        probabilities: Semantic probabilities from `prototypes`.
        gain: Relative gain of `probabilities` on the feedback split.
        shift: Largest movement of a prototype coordinate since the iteration before.
        seconds: Time that this iteration took.
    """

    index: int
    pseudo_semantic: Columns
    candidate: StylePrototypes
    candidate_probabilities: Columns
    candidate_gain: float
    candidate_shares: Float[Tensor, " t"]
    prototypes: StylePrototypes
    probabilities: Columns
    gain: float
    shift: float
    seconds: float


@dataclass(frozen=True, eq=False)
class History:
    """All iterations, and views of them as tables."""

    iterations: tuple[Iteration, ...]

    @property
    def gains(self) -> Float[Tensor, " t"]:
        """Gain of the averaged prototypes at every iteration."""
        return torch.tensor([step.gain for step in self.iterations])

    @property
    def candidate_gains(self) -> Float[Tensor, " t"]:
        """Gain of every candidate on its own."""
        return torch.tensor([step.candidate_gain for step in self.iterations])

    @property
    def final_shares(self) -> Float[Tensor, " t"]:
        """Share of every candidate in the last prototypes."""
        return self.iterations[-1].candidate_shares

    @property
    def probabilities(self) -> Float[Tensor, "t d"]:
        """Semantic probability of every column at every iteration."""
        return torch.stack([step.probabilities for step in self.iterations])

    def frame(self) -> pl.DataFrame:
        """One row per iteration: index, candidate_gain, gain, final_weight, shift, seconds."""
        return pl.DataFrame(
            {
                "iteration": [step.index for step in self.iterations],
                "candidate_gain": [step.candidate_gain for step in self.iterations],
                "gain": [step.gain for step in self.iterations],
                "final_weight": self.final_shares.tolist(),
                "shift": [step.shift for step in self.iterations],
                "seconds": [step.seconds for step in self.iterations],
            }
        )


@dataclass(frozen=True)
class GuardDecision:
    """Whether the weighting may be used for retrieval, decided on the feedback split alone.

    Attributes:
        accepted: False: retrieval uses P = 1, and the app says so.
        iteration: Whose probabilities were the best candidate.
        strength: At which exponent lambda.
        gain: Its paired gain over P = 1, in units of the feedback score (points of rSum).
        standard_error: Of that gain, clustered by image.
        margin: Standard errors that the gain had to exceed.
    """

    accepted: bool
    iteration: int
    strength: float
    gain: float
    standard_error: float
    margin: float

    @property
    def sentence(self) -> str:
        """The decision in words.

        >>> GuardDecision(False, 0, 0.25, -5.2, 5.7, 1.0).sentence
        'The guard kept equal weights: the best candidate changed by -5.2 ± 5.7 on the feedback split at strength 0.25.'
        """
        gain = f"{self.gain:+.1f} ± {self.standard_error:.1f} on the feedback split at strength {self.strength:g}"
        if self.accepted:
            return f"The weights passed the guard: {gain}."
        verb = "gained only" if self.gain > 0 else "changed by"
        return f"The guard kept equal weights: the best candidate {verb} {gain}."


@dataclass(frozen=True, eq=False)
class Construction:
    """The result of the prototype iterative construction.

    Attributes:
        probabilities: Semantic probability of every column, in [0, 1]: the best by feedback among
            the constructed ones. What the instruments show.
        best_iteration: The iteration whose prototypes and probabilities these are.
        weights: P, mean 1: what retrieval applies. All ones when the guard refused.
        unguarded_weights: P of the guard's best candidate, used or not.
        guard: The decision between the two.
        pseudo_semantic: p̂ over the whole fit split (paper).
        prototypes: Style prototypes of the best iteration.
        image_columns: The columns as points in image anchor coordinates.
        text_columns: The columns as points in text anchor coordinates.
        image_similarity: Style similarity of every column on the image side.
        text_similarity: Style similarity on the text side.
        reference: R(1), the unweighted score on the feedback split.
        history: Every iteration.
        stop_reason: Why it ended.
        config: The settings.
    """

    probabilities: Columns
    best_iteration: int
    weights: Columns
    unguarded_weights: Columns
    guard: GuardDecision
    pseudo_semantic: Columns
    prototypes: StylePrototypes
    image_columns: Float[Tensor, "d a"]
    text_columns: Float[Tensor, "d b"]
    image_similarity: Columns
    text_similarity: Columns
    reference: float
    history: History
    stop_reason: StopReason
    config: ConstructionConfig
