"""Tensors by name behind a header in JSON, as the safetensors library writes them."""

from pathlib import Path

import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.formats.format import Format, NamedArrays, first_bytes, tensor_values
from pico_core.storage.headers import MAX_HEADER_BYTES, ArrayHeader, safetensors_headers


def read_array(file: Path, header: ArrayHeader) -> Tensor:
    """One array, whole, in memory of its own: one mapped from a file that is cut later would end the process.

    Raises:
        DataError: the file has become shorter since its header was read.
    """
    raw = torch.empty(header.nbytes, dtype=torch.uint8)
    with file.open("rb") as stream:
        stream.seek(header.start)
        if stream.readinto(raw.numpy().data) < header.nbytes:
            raise DataError("the file ends before its arrays do; it was changed while it was read: open it again")
    return raw.view(getattr(torch, header.dtype)).view(header.shape)


def _sniff(path: Path) -> bool:
    first = first_bytes(path, 9)
    return first[8:] == b"{" and 2 <= int.from_bytes(first[:8], "little") <= MAX_HEADER_BYTES


def _inspect(path: Path) -> NamedArrays:
    headers = safetensors_headers(path)
    by_name = {header.name: header for header in headers}
    return NamedArrays(path, headers, lambda name: tensor_values(read_array(path, by_name[name])))


SAFETENSORS = Format(
    name="safetensors",
    title="safetensors",
    sentence="Tensors by name, as safetensors writes them; captions and names come in tables.",
    suffixes=(".safetensors",),
    sniff=_sniff,
    inspect=_inspect,
)
