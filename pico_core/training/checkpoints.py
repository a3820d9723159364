"""A training on disk after every epoch: arrays and a record, written whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pico_core.errors import DataError
from pico_core.storage.atomic import atomic_file
from pico_core.storage.headers import reading, safetensors_headers


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


def write_checkpoint(path: Path, found: Checkpoint, *, kind: str) -> None:
    """Write a checkpoint; the old file stays until the new one is whole.

    Raises:
        DataError: it cannot be written.
    """
    plain = {name: value.detach().cpu().clone().contiguous() for name, value in found.arrays.items()}
    record = json.dumps({"key": found.key, **found.record}, allow_nan=False)
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
            told = (stored.metadata() or {}).get(kind)
            arrays = {name: stored.get_tensor(name) for name in stored.keys()}  # noqa: SIM118
        record = {} if told is None else json.loads(told)
        if told is None and key is None:
            raise DataError("it holds no training of this kind; give a file that the training wrote")
        if key is not None and record.get("key") != key:
            raise DataError("it was kept by a training with other data or settings; remove it, or train elsewhere")
        return Checkpoint(str(record.pop("key")), record, arrays)


def optimiser_arrays(optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """The moments of an optimiser, by name."""
    return {
        f"adam.{place}.{name}": torch.as_tensor(value)
        for place, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }


def resume_optimiser(optimiser: torch.optim.Optimizer, found: Checkpoint) -> None:
    """Take up the moments again."""
    moments: dict[int, dict[str, Tensor]] = {}
    for name, value in found.family("adam.").items():
        place, kind = name.split(".", 1)
        moments.setdefault(int(place), {})[kind] = value
    optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
