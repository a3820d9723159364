"""What a format is, and what each gives: named arrays, their headers first, an array only when it is asked for."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.storage.headers import ArrayHeader, check_file, reading

Values = Tensor | list[str]


@dataclass(frozen=True, eq=False)
class NamedArrays:
    """The arrays of a file or folder, none of them read.

    Attributes:
        path: The file.
        headers: What it declares to hold.
        load: Reads one array by name; `tensor` and `strings` name the file in their errors.
        images: The table with one row per image that belongs to it, if it brings one.
        texts: The table with one row per text.
    """

    path: Path
    headers: tuple[ArrayHeader, ...]
    load: Callable[[str], Values]
    images: Path | None = None
    texts: Path | None = None

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

    def _read(self, name: str) -> Values:
        with reading(self.path, f"array {name!r}"):
            values = self.load(name)
            if isinstance(values, list):
                "".join(values).encode()  # half a surrogate pair would break every table later
            return values


@dataclass(frozen=True, eq=False)
class Format:
    """A form in which embeddings are stored.

    Attributes:
        name: Short and stable, as `inspect` prints it.
        title: What people call it.
        sentence: What lies in it, for help and documents.
        suffixes: How the names of its files end, the usual ending first; none for a folder.
        sniff: Whether the content is of this form; reads little, and may fail on foreign bytes.
        inspect: Its arrays, once their headers are judged; nothing large is allocated.
        open: Reads a dataset that is paired already: the path, and the size of tokens in bytes from which on they
            stay in the file. None where roles and pairing are found from names and tables.
        one_array: Whether a file holds one array, so that images and texts come in a file each.
    """

    name: str
    title: str
    sentence: str
    suffixes: tuple[str, ...]
    sniff: Callable[[Path], bool]
    inspect: Callable[[Path], NamedArrays]
    open: Callable[[Path, int], PairedEmbeddings] | None = None
    one_array: bool = False

    def recognises(self, path: Path) -> bool:
        """Whether the content is of this form; False where it cannot be read."""
        try:
            return self.sniff(path)
        except Exception:  # parsers of foreign bytes raise anything at all
            return False

    def arrays(self, path: Path) -> NamedArrays:
        """The arrays of a file or folder.

        Raises:
            DataError: it is missing, empty, damaged or unsafe; the message names the file.
        """
        if not self.suffixes:
            return self.inspect(path)
        check_file(path, (path.suffix.lower(),))
        with reading(path, self.name):
            return self.inspect(path)


def first_bytes(path: Path, n: int) -> bytes:
    """The beginning of a file, by which many forms are known."""
    with path.open("rb") as stream:
        return stream.read(n)


def numpy_values(array: "np.ndarray[Any, np.dtype[Any]]") -> Values:
    """An array of NumPy as text, or as a tensor in native byte order.

    >>> numpy_values(np.array(["a", "b"])), numpy_values(np.array([1, 2], ">u2"))
    (['a', 'b'], tensor([1, 2]))
    """
    if array.dtype.kind == "U":
        plain = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("="))
        if plain.size and int(plain.view(np.uint32).max()) > sys.maxunicode:
            raise ValueError("its letters lie outside Unicode")  # NumPy would make impossible strings of them
        return [str(value) for value in array.tolist()]
    if array.dtype.kind == "S":
        return [value.decode() for value in array.tolist()]
    if array.dtype.kind == "u":
        array = np.minimum(array.astype(np.uint64), np.uint64(sys.maxsize)).astype(np.int64)
    return torch.from_numpy(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("=")))


def tensor_values(values: Tensor) -> Tensor:
    """Numbers in a type that torch can compute with."""
    return values.to(torch.int64) if values.dtype in (torch.uint16, torch.uint32, torch.uint64) else values
