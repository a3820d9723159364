"""Arrays that are written as they come, a block after the other: a safetensors file larger than memory."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.storage.headers import SAFETENSORS_TYPES

CODES = {getattr(torch, name): code for code, (name, _) in SAFETENSORS_TYPES.items()}


@dataclass(frozen=True, eq=False)
class ComingArray:
    """An array whose blocks come one after the other along its first axis.

    Attributes:
        name: In the file.
        shape: Of the whole array.
        dtype: Of every block.
        parts: The blocks.
    """

    name: str
    shape: tuple[int, ...]
    dtype: torch.dtype
    parts: Iterable[Tensor]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole array."""
        return prod(self.shape) * self.dtype.itemsize


def write_arrays(file: Path, arrays: Sequence[ComingArray], metadata: Mapping[str, str]) -> None:
    """Write a safetensors file; of every array only the block at hand is in memory.

    Arrays of wide numbers come first whatever their order here, so that each lies at a multiple of its width;
    their blocks are asked for in that order.

    Raises:
        DataError: blocks are not those that were announced.
    """
    ordered = sorted(arrays, key=lambda array: -array.dtype.itemsize)
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for array in ordered:
        offsets = [end, end := end + array.nbytes]
        header[array.name] = {"dtype": CODES[array.dtype], "shape": list(array.shape), "data_offsets": offsets}
    encoded = json.dumps(header, separators=(",", ":")).encode()
    encoded += b" " * (-len(encoded) % 8)
    with file.open("wb") as stream:
        stream.write(len(encoded).to_bytes(8, "little") + encoded)
        for array in ordered:
            rows = 0
            for part in array.parts:
                if part.dtype != array.dtype or part.shape[1:] != array.shape[1:]:
                    raise DataError(
                        f"array {array.name!r}: a block of {list(part.shape)} {part.dtype} came; expected rows of "
                        f"{list(array.shape[1:])} {array.dtype}"
                    )
                stream.write(part.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
                rows += len(part)
            if rows != array.shape[0]:
                raise DataError(f"array {array.name!r}: {rows} rows came; expected {array.shape[0]}")
