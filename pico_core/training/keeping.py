"""The state of a training with the weighting in the loop, and how it is kept and taken up again."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from pico_core.method.history import History, Iteration
from pico_core.studies.histories import history_from, history_numbers, history_tensors
from pico_core.training.checkpoints import (
    Checkpoint,
    optimiser_arrays,
    read_checkpoint,
    resume_optimiser,
    write_checkpoint,
)
from pico_core.training.records import Epoch, TrainedPrototypes
from pico_core.training.weighting import WeightVector

KIND: Final = "pico-lens alignment 1"  # older than the training of the encoder, which is kept in the same form
NUMBERS: Final = ("index", "loss", "feedback_rsum", "gain", "accepted", "seconds")


@dataclass
class Progress:
    """Everything that changes while a model is trained; the loop alone writes to it."""

    model: nn.Module
    vector: WeightVector | None
    optimiser: torch.optim.Optimizer
    epochs: list[Epoch] = field(default_factory=list)
    iterations: list[Iteration] = field(default_factory=list)
    constructed: list[int] = field(default_factory=list)
    columns: tuple[Tensor, Tensor] | None = None
    best: int = 0
    best_model: dict[str, Tensor] = field(default_factory=dict)

    def add(self, epoch: Epoch, iteration: Iteration | None) -> None:
        """Count an epoch in; the model is remembered if none was better before."""
        self.epochs.append(epoch)
        if iteration is not None:
            self.iterations.append(iteration)
            self.constructed.append(epoch.index)
        if epoch.index == 0 or epoch.feedback_rsum > self.epochs[self.best].feedback_rsum:
            self.best = epoch.index
            self.best_model = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}

    @property
    def prototypes(self) -> TrainedPrototypes:
        """What the constructions found so far."""
        image, text = self.columns or (None, None)
        return TrainedPrototypes(History(tuple(self.iterations)), tuple(self.constructed), image, text)


def keep(path: Path, key: str, state: Progress) -> None:
    """Write the model, moments, the best model so far, weights and prototypes of every epoch."""
    arrays = {
        **{f"model.{name}": value for name, value in state.model.state_dict().items()},
        **{f"best.{name}": value for name, value in state.best_model.items()},
        **optimiser_arrays(state.optimiser),
        "weights": torch.stack([epoch.weights for epoch in state.epochs]),
    }
    if state.vector is not None:
        arrays["vector"] = state.vector.free
    if state.columns is not None:
        arrays["image_columns"], arrays["text_columns"] = state.columns
    history = History(tuple(state.iterations))
    if state.iterations:
        arrays |= {f"history.{name}": value for name, value in history_tensors(history).items()}
    record = {
        "best": state.best,
        "epochs": [{name: getattr(epoch, name) for name in NUMBERS} for epoch in state.epochs],
        "constructed": state.constructed,
        "iterations": history_numbers(history),
    }
    write_checkpoint(path, Checkpoint(key, record, arrays), kind=KIND)


def resume(path: Path, key: str, state: Progress) -> None:
    """Take up a training again where it was kept.

    Raises:
        DataError: it is damaged, or of other data or settings.
    """
    found = read_checkpoint(path, kind=KIND, key=key)
    state.model.load_state_dict(found.family("model."))
    state.best_model = found.family("best.")
    if state.vector is not None and "vector" in found.arrays:  # it is not in what another weighting kept at its start
        state.vector.free.data.copy_(found.arrays["vector"])
    resume_optimiser(state.optimiser, found)
    state.epochs = epochs_from(found)
    state.best = int(found.record["best"])
    kept = prototypes_from(found)
    state.iterations, state.constructed = list(kept.history.iterations), list(kept.epochs)
    if kept.image_columns is not None and kept.text_columns is not None:
        state.columns = kept.image_columns, kept.text_columns


def epochs_from(found: Checkpoint) -> list[Epoch]:
    """The epochs of a checkpoint, with their weights."""
    rows = zip(found.record["epochs"], found.arrays["weights"], strict=True)
    return [Epoch(**numbers, weights=weights) for numbers, weights in rows]


def prototypes_from(found: Checkpoint) -> TrainedPrototypes:
    """The constructions of a checkpoint."""
    return TrainedPrototypes(
        history_from(found.record["iterations"], found.family("history.")),
        tuple(found.record["constructed"]),
        found.arrays.get("image_columns"),
        found.arrays.get("text_columns"),
    )


def read_prototypes(path: Path) -> TrainedPrototypes:
    """The prototypes of every epoch of a kept training: what draws a construction's history can draw them.

    Raises:
        DataError: it is no training with the weighting in the loop, or damaged.
    """
    return prototypes_from(read_checkpoint(path, kind=KIND))
