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
    ordered = sorted(arrays, key=lambda one: -one.dtype.itemsize)
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for one in ordered:
        offsets = [end, end := end + one.nbytes]
        header[one.name] = {"dtype": CODES[one.dtype], "shape": list(one.shape), "data_offsets": offsets}
    told = json.dumps(header, separators=(",", ":")).encode()
    told += b" " * (-len(told) % 8)
    with file.open("wb") as stream:
        stream.write(len(told).to_bytes(8, "little") + told)
        for one in ordered:
            rows = 0
            for part in one.parts:
                if part.dtype != one.dtype or part.shape[1:] != one.shape[1:]:
                    raise DataError(
                        f"array {one.name!r}: a block of {list(part.shape)} {part.dtype} came; expected rows of "
                        f"{list(one.shape[1:])} {one.dtype}"
                    )
                stream.write(part.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
                rows += len(part)
            if rows != one.shape[0]:
                raise DataError(f"array {one.name!r}: {rows} rows came; expected {one.shape[0]}")
