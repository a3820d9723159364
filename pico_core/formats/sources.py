"""Foreign files as named arrays: their headers first, and each array only when it is asked for."""

import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from torch import Tensor

from pico_core.errors import DataError
from pico_core.storage.headers import (
    ArrayHeader,
    check_total,
    npy_header,
    npz_headers,
    reading,
    safetensors_headers,
    zip_members,
)

ARRAY_EXTENSIONS = (".npz", ".npy", ".safetensors", ".pt", ".pth")
TABLE_EXTENSIONS = (".parquet", ".csv", ".tsv")
UNSAFE = (
    "it holds Python objects that only a pickle can rebuild, and a pickle can run code, so it is not opened; "
    "save a dictionary of tensors and lists of strings with torch.save"
)


@dataclass(frozen=True)
class Source:
    """A file of named arrays.

    Attributes:
        path: The file.
        format: Its kind, as its extension without the dot.
        headers: What it declares to hold.
        load: Reads one array by name; use `read`, which names the file in its errors.
    """

    path: Path
    format: str
    headers: tuple[ArrayHeader, ...]
    load: Callable[[str], Tensor | list[str]]

    def header(self, name: str) -> ArrayHeader:
        """The header of one array."""
        return next(header for header in self.headers if header.name == name)

    def tensor(self, name: str) -> Tensor:
        """One array of numbers, in native byte order and row-major."""
        values = self._read(name)
        if isinstance(values, list):
            raise DataError(f"{self.path.name}: array {name!r} holds text; numbers are needed")
        return values

    def strings(self, name: str) -> list[str]:
        """One array as text; numbers are written out."""
        values = self._read(name)
        return values if isinstance(values, list) else [str(value) for value in values.tolist()]

    def _read(self, name: str) -> Tensor | list[str]:
        with reading(self.path, f"array {name!r}"):
            values = self.load(name)
            if isinstance(values, list):
                "".join(values).encode()  # half a surrogate pair would break every table later
            return values


def check_file(path: Path, extensions: tuple[str, ...]) -> None:
    """The file must be there, hold something and be of a known kind."""
    if not path.exists():
        raise DataError(f"{path.name}: there is no such file in {path.parent}; check the path")
    if not path.is_file():
        raise DataError(f"{path.name}: is a folder; name a file ({', '.join(extensions)})")
    if path.suffix.lower() not in extensions:
        raise DataError(
            f"{path.name}: files ending in {path.suffix or 'nothing'} are not known here; expected one of "
            f"{', '.join(extensions)}: save the data in one of these"
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path.name}: the file is empty (0 bytes); copy or save it again")


def open_source(path: Path, text_path: Path | None = None) -> Source:
    """Read the headers of a foreign file; nothing large is allocated.

    Args:
        path: .npz, .safetensors, .pt, .pth, or the .npy of the images.
        text_path: The .npy of the texts, when `path` is one.

    Raises:
        DataError: the file is missing, empty, damaged, unsafe, or of an unknown kind.
    """
    check_file(path, (*ARRAY_EXTENSIONS, *TABLE_EXTENSIONS))
    kind = path.suffix.lower()
    if kind in TABLE_EXTENSIONS:
        raise DataError(
            f"{path.name}: a table holds captions and labels, not embeddings; name the file of the embeddings "
            f"({', '.join(ARRAY_EXTENSIONS)}) and give this one as its table of images or texts"
        )
    if text_path is not None and kind != ".npy":
        raise DataError(
            f"{path.name}: a second file for the texts ({text_path.name}) goes with an .npy of images only; "
            f"a {kind} file holds both: leave the second one out"
        )
    if kind == ".npy":
        return _npy_source(path, text_path)
    with reading(path, kind[1:]):
        if kind == ".npz":
            return Source(path, "npz", npz_headers(path), lambda name: _read_npz(path, name))
        if kind == ".safetensors":
            return Source(path, "safetensors", safetensors_headers(path), lambda name: _read_safetensors(path, name))
        content = _torch_content(path)
        headers = check_total(tuple(_torch_header(name, value) for name, value in content.items()))
        return Source(path, kind[1:], headers, lambda name: _torch_values(content[name]))


def _npy_source(path: Path, text_path: Path | None) -> Source:
    if text_path is None:
        raise DataError(
            f"{path.name}: an .npy file holds one array, here the images; name the .npy file of the texts too "
            "(text_path), or save both in one .npz"
        )
    check_file(text_path, (".npy",))
    files = {"image_emb": path, "text_emb": text_path}
    headers = []
    for name, file in files.items():
        with reading(file, "npy"), file.open("rb") as stream:
            headers.append(npy_header(stream.read, name=name, size=file.stat().st_size))

    def load(name: str) -> Tensor | list[str]:
        with files[name].open("rb") as stream:
            return _from_numpy(np.lib.format.read_array(stream, allow_pickle=False))

    with reading(path, "npy"):
        return Source(path, "npy", check_total(tuple(headers)), load)


def _read_npz(path: Path, name: str) -> Tensor | list[str]:
    with zipfile.ZipFile(path) as archive, archive.open(f"{name}.npy") as stream:
        values = np.lib.format.read_array(stream, allow_pickle=False)
        stream.read(1)  # at the end the archive's checksum is compared
    return _from_numpy(values)


def _from_numpy(array: "np.ndarray[Any, np.dtype[Any]]") -> Tensor | list[str]:
    if array.dtype.kind == "U":
        plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        if plain.size and int(plain.view(np.uint32).max()) > sys.maxunicode:
            raise ValueError("its letters lie outside Unicode")  # NumPy would make impossible strings of them
        return [str(value) for value in array.tolist()]
    if array.dtype.kind == "S":
        return [value.decode() for value in array.tolist()]
    if array.dtype.kind == "u":
        array = np.minimum(array, np.iinfo(np.int64).max).astype(np.int64)
    return torch.from_numpy(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")))


def _read_safetensors(path: Path, name: str) -> Tensor:
    with safe_open(path, framework="pt", device="cpu") as file:
        values: Tensor = file.get_tensor(name)
    # A copy: the file is not ours, and memory mapped from a file that is cut later ends the process.
    return _plain(values.clone())


def _torch_content(path: Path) -> dict[str, Any]:
    """The dictionary of a .pt file; its tensors are views of the mapped file, so none is allocated."""
    zip_members(path, stored=True)
    try:
        # Mapping also bounds every tensor by the file, whatever size its record claims.
        content = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:
        if "weights_only" in str(error) or "Weights only" in str(error):
            raise DataError(UNSAFE) from error
        raise
    if not isinstance(content, dict) or not content:
        raise DataError(
            f"it holds a {type(content).__name__}; expected a dictionary of tensors and lists of strings: "
            'torch.save({"image_emb": ..., "text_emb": ...}, path)'
        )
    return {str(name): value for name, value in content.items()}


def _torch_header(name: str, value: object) -> ArrayHeader:
    if isinstance(value, Tensor) and value.layout == torch.strided and not value.is_quantized:
        check = value.numel() * value.element_size()
        if check > value.untyped_storage().nbytes():
            raise DataError(
                f"array {name!r}: the header declares shape {list(value.shape)}, {check} bytes, but the file holds "
                f"{value.untyped_storage().nbytes()}; save a contiguous copy (tensor.clone())"
            )
        return ArrayHeader(name, tuple(value.shape), str(value.dtype).removeprefix("torch."), check)
    if isinstance(value, list | tuple) and value and all(isinstance(item, str) for item in value):
        return ArrayHeader(name, (len(value),), "text", sum(len(item) for item in value))
    if isinstance(value, list | tuple) and value and all(type(item) is int for item in value):
        return ArrayHeader(name, (len(value),), "int64", 8 * len(value))
    return ArrayHeader(name, (), type(value).__name__, 0)


def _torch_values(value: Any) -> Tensor | list[str]:
    if isinstance(value, Tensor):
        return _plain(value.detach().clone(memory_format=torch.contiguous_format))
    return list(value) if isinstance(value[0], str) else torch.tensor(value)


def _plain(values: Tensor) -> Tensor:
    return values.to(torch.int64) if values.dtype in (torch.uint16, torch.uint32, torch.uint64) else values
