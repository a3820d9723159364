"""What a training with the weighting in the loop leaves behind: one record per epoch, and the result."""

from dataclasses import dataclass
from enum import Enum

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pico_core.common.axes import Columns
from pico_core.method.history import History
from pico_core.training.heads import AlignmentHeads
from pico_core.training.settings import AlignmentConfig, EncoderConfig


class TrainingEnd(Enum):
    """Why a training ended; each member is a sentence."""

    COMPLETED = "All planned epochs were done."
    PATIENCE = "Feedback had not improved for as long as the patience allows."


@dataclass(frozen=True, eq=False)
class Epoch:
    """One epoch; number 0 is the state before any training.

    Attributes:
        index: Counted from 0.
        loss: Mean over the batches; None before any training.
        feedback_rsum: rSum on the feedback split at the end, with the weights of this epoch.
        weights: P of this epoch, mean 1 (of a trained vector: at the end).
        gain: Relative gain of the epoch's construction on its sample of the feedback split, where there was one;
            as everywhere in the construction at strength 1, whatever the strength of `weights`.
        accepted: Whether the guard let that construction through, whether or not anybody asked.
        seconds: Time that the epoch took.
    """

    index: int
    loss: float | None
    feedback_rsum: float
    weights: Columns
    gain: float | None
    accepted: bool | None
    seconds: float


@dataclass(frozen=True, eq=False)
class TrainedPrototypes:
    """The constructions inside a training, as one history: its iterations are the epochs that had one.

    The newest prototypes have all the feedback weight: a training uses those of its epoch, and
    averages none over epochs. Prototypes are numbered like the nearest ones of the epoch before.

    Attributes:
        history: Empty where P came from elsewhere.
        epochs: Number of the epoch of every iteration.
        image_columns: The columns as points in image anchor coordinates, at the last construction; None without one.
        text_columns: The same in text anchor coordinates.
    """

    history: History
    epochs: tuple[int, ...]
    image_columns: Float[Tensor, "d a"] | None
    text_columns: Float[Tensor, "d b"] | None


@dataclass(frozen=True, eq=False)
class Training:
    """A finished training, whatever was trained.

    Attributes:
        weights: P of the best epoch.
        best_epoch: The first of highest rSum on the feedback split; 0 = nothing was better than no training.
        epochs: All of them, the state before training first.
        prototypes: What the constructions inside the training found.
        end: Why it ended.
    """

    weights: Columns
    best_epoch: int
    epochs: tuple[Epoch, ...]
    prototypes: TrainedPrototypes
    end: TrainingEnd

    @property
    def weights_by_epoch(self) -> Float[Tensor, "t d"]:
        """P of every epoch."""
        return torch.stack([epoch.weights for epoch in self.epochs])

    @property
    def seconds(self) -> float:
        """Time of all epochs."""
        return sum(epoch.seconds for epoch in self.epochs)


@dataclass(frozen=True, eq=False)
class Alignment(Training):
    """A finished training of alignment heads.

    Attributes:
        heads: Of the best epoch.
        config: The settings.
    """

    heads: AlignmentHeads
    config: AlignmentConfig


@dataclass(frozen=True, eq=False)
class TrainedEncoder(Training):
    """A finished training of the small encoder.

    Attributes:
        model: Of the best epoch, in evaluation.
        config: The settings.
    """

    model: nn.Module
    config: EncoderConfig
