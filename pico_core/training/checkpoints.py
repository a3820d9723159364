"""A training on disk after every epoch, whole or not at all, and how one with P in the loop is taken up again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from pico_core.common.errors import DataError
from pico_core.method.history import History, Iteration
from pico_core.storage.atomic import atomic_file
from pico_core.storage.headers import reading, safetensors_headers
from pico_core.studies.plain_values import history_from, history_numbers, history_tensors
from pico_core.training.records import Epoch, TrainedPrototypes
from pico_core.training.weighting import WeightVector


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What lies in a checkpoint.

    Attributes:
        key: Everything that decides the training, as a digest.
        record: Plain values.
        arrays: By name, in families such as "model.".
    """

    key: str
    record: Mapping[str, Any]
    arrays: Mapping[str, Tensor]

    def family(self, name: str) -> dict[str, Tensor]:
        """The arrays whose names begin so, without that beginning.

        >>> Checkpoint("", {}, {"model.a": torch.ones(1), "adam.b": torch.ones(1)}).family("model.")
        {'a': tensor([1.])}
        """
        return {key.removeprefix(name): value for key, value in self.arrays.items() if key.startswith(name)}


def write_checkpoint(path: Path, checkpoint: Checkpoint, *, kind: str) -> None:
    """Write a checkpoint; the old file stays until the new one is whole.

    Raises:
        DataError: it cannot be written.
    """
    plain = {name: value.detach().cpu().clone().contiguous() for name, value in checkpoint.arrays.items()}
    record = json.dumps({"key": checkpoint.key, **checkpoint.record}, allow_nan=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_file(path) as draft:
            save_file(plain, draft, metadata={kind: record})
    except OSError as error:
        raise DataError(f"{path.name}: the training could not be kept ({error.strerror or error})") from error


def read_checkpoint(path: Path, *, kind: str, key: str | None = None) -> Checkpoint:
    """Read a checkpoint, safely; with `key`, refuse that of another training.

    Raises:
        DataError: damaged, no training of this kind, or another training.
    """
    with reading(path, "a training"):
        safetensors_headers(path)
        with safe_open(path, framework="pt", device="cpu") as stored:
            text = (stored.metadata() or {}).get(kind)
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        record = {} if text is None else json.loads(text)
        if text is None and key is None:
            raise DataError("it holds no training of this kind; give a file that the training wrote")
        if key is not None and record.get("key") != key:
            raise DataError("it was kept by a training with other data or settings; remove it, or train elsewhere")
        return Checkpoint(str(record.pop("key")), record, arrays)


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The moments of an optimiser, by name."""
    return {
        f"adam.{index}.{name}": torch.as_tensor(value)
        for index, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def resume_optimiser(optimiser: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Take up the moments again."""
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in checkpoint.family("adam.").items():
        index, kind = name.split(".", 1)
        moments.setdefault(int(index), {})[kind] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})


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
    checkpoint = read_checkpoint(path, kind=KIND, key=key)
    state.model.load_state_dict(checkpoint.family("model."))
    state.best_model = checkpoint.family("best.")
    if (
        state.vector is not None and "vector" in checkpoint.arrays
    ):  # it is not in what another weighting kept at its start
        state.vector.free.data.copy_(checkpoint.arrays["vector"])
    resume_optimiser(state.optimiser, checkpoint)
    state.epochs = epochs_from(checkpoint)
    state.best = int(checkpoint.record["best"])
    kept = prototypes_from(checkpoint)
    state.iterations, state.constructed = list(kept.history.iterations), list(kept.epochs)
    if kept.image_columns is not None and kept.text_columns is not None:
        state.columns = kept.image_columns, kept.text_columns


def epochs_from(checkpoint: Checkpoint) -> list[Epoch]:
    """The epochs of a checkpoint, with their weights."""
    rows = zip(checkpoint.record["epochs"], checkpoint.arrays["weights"], strict=True)
    return [Epoch(**numbers, weights=weights) for numbers, weights in rows]


def prototypes_from(checkpoint: Checkpoint) -> TrainedPrototypes:
    """The constructions of a checkpoint."""
    return TrainedPrototypes(
        history_from(checkpoint.record["iterations"], checkpoint.family("history.")),
        tuple(checkpoint.record["constructed"]),
        checkpoint.arrays.get("image_columns"),
        checkpoint.arrays.get("text_columns"),
    )


def read_prototypes(path: Path) -> TrainedPrototypes:
    """The prototypes of every epoch of a kept training: what draws a construction's history can draw them.

    Raises:
        DataError: it is no training with the weighting in the loop, or damaged.
    """
    return prototypes_from(read_checkpoint(path, kind=KIND))
