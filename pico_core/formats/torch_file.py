"""A dictionary of tensors and lists of strings that torch saved; no pickle in it is ever run."""

import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.formats.format import Format, NamedArrays, Values, tensor_values
from pico_core.storage.headers import ArrayHeader, check_total, zip_members

UNSAFE = (
    "it holds Python objects that only a pickle can rebuild, and a pickle can run code, so it is not opened; "
    "save a dictionary of tensors and lists of strings with torch.save"
)


def _sniff(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith("/data.pkl") for name in archive.namelist())


def _inspect(path: Path) -> NamedArrays:
    content = _content(path)
    headers = check_total(tuple(_header(name, value) for name, value in content.items()))
    return NamedArrays(path, headers, lambda name: _values(content[name]))


def _content(path: Path) -> dict[str, Any]:
    """The dictionary of a file; its tensors are views of the mapped file, so none is allocated."""
    content = load_plain(path, UNSAFE)
    if not isinstance(content, dict) or not content:
        raise DataError(
            f"it holds a {type(content).__name__}; expected a dictionary of tensors and lists of strings: "
            'torch.save({"image_emb": ..., "text_emb": ...}, path)'
        )
    return {str(name): value for name, value in content.items()}


def load_plain(path: Path, unsafe: str) -> Any:
    """What torch saved, if it needs no code of anybody to be rebuilt; the file must have been found to be there.

    Raises:
        DataError: compressed, damaged, or, with the sentence `unsafe`, of other than plain objects.
    """
    zip_members(path, stored=True)
    try:
        # Mapping also bounds every tensor by the file, whatever size its record claims.
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        if "weights_only" in str(error) or "Weights only" in str(error):
            raise DataError(unsafe) from error
        raise


def _header(name: str, value: object) -> ArrayHeader:
    if isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized:
        nbytes, held = value.numel() * value.element_size(), value.untyped_storage().nbytes()
        if nbytes > held:
            raise DataError(
                f"array {name!r}: the header declares shape {list(value.shape)}, {nbytes} bytes, but the file holds "
                f"{held}; save a contiguous copy (tensor.clone())"
            )
        return ArrayHeader(name, tuple(value.shape), str(value.dtype).removeprefix("torch."), nbytes)
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return ArrayHeader(name, (len(value),), "text", sum(len(item) for item in value))
    if isinstance(value, list | tuple) and value and all(type(item) is int for item in value):
        return ArrayHeader(name, (len(value),), "int64", 8 * len(value))
    return ArrayHeader(name, (), type(value).__name__, 0)


def _values(value: Any) -> Values:
    if isinstance(value, Tensor):
        return tensor_values(value.detach().clone(memory_format=torch.contiguous_format))
    return list(value) if isinstance(value[0], str) else torch.tensor(value)


TORCH = Format(
    name="pt",
    title="PyTorch dictionary",
    sentence="A dictionary of tensors and lists of strings, as torch.save writes it.",
    suffixes=(".pt", ".pth"),
    sniff=_sniff,
    inspect=_inspect,
)
