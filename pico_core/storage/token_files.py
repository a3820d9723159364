"""Tokens that do not fit into memory stay in their file and are read a block of items at a time: the home of streaming.

`StoredTokens` stands where tokens stand. Choosing items reads nothing; a change of all tokens, such as
of the basis, is kept and done to the rows that are read. Whatever needs the numbers reads them: of
some items gladly, of more than `MOST_AT_ONCE` bytes never, so no step fills the memory unnoticed.
Rows are read into memory of their own instead of being mapped: mapped pages stay resident as long as
the system likes, and a file that is cut short would end the process.
"""

import hashlib
import io
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_map

from pico_core.common.errors import DataError

BLOCK_BYTES = 3 * 2**20  # of a block in float32: it stays in the cache while it is looked at
STREAM_FROM = 2**30  # bytes of tokens in a dataset's file from which on they stay there
NEVER = 2**62  # for work that goes over all tokens again and again, such as training
MOST_AT_ONCE = 2**30  # bytes of tokens that one step may read at once
END_BYTES = 2**18  # a file is known by: the header, which tells all shapes, and the last array

Change = Callable[[Tensor, Tensor], Tensor]  # tokens and mask of some items to other tokens of them


def blocks(n: int, size: int) -> Iterator[slice]:
    """Consecutive ranges that together are all n items.

    >>> list(blocks(5, 2))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return (slice(start, min(start + size, n)) for start in range(0, n, size))


def items_at_once(tokens: Tensor, nbytes: int = BLOCK_BYTES) -> int:
    """How many items make a block of so many bytes in float32; at least one.

    >>> items_at_once(torch.zeros(9, 4, 8, dtype=torch.float16), nbytes=256)
    2
    """
    return max(1, nbytes // max(1, 4 * tokens.shape[1:].numel()))


def block_reader(tokens: Tensor, size: int) -> Callable[[slice], Tensor]:
    """What reads a block of at most `size` items; of tokens in a file, the disk goes on with the block that follows.

    A block is good until the next one is asked of the same reader: all are read into the same memory. New memory for
    each, with small results kept in between, would leave holes that no later block fits into, and grow with the data.

    >>> block_reader(torch.tensor([[[1.0]], [[2.0]]]), 1)(slice(1, 2))
    tensor([[[2.]]])
    """
    if not isinstance(tokens, StoredTokens):
        return tokens.__getitem__
    scratch = torch.empty(size * tokens.file.row_bytes, dtype=torch.uint8)

    def read(part: slice) -> Tensor:
        tokens.picked(slice(part.stop, part.stop + size)).announce()
        return tokens.picked(part).read(scratch)

    return read


def dense(tokens: Tensor) -> Tensor:
    """The tokens in memory.

    Raises:
        DataError: they lie in a file and are more than one step may read.
    """
    return tokens.read() if isinstance(tokens, StoredTokens) else tokens


def with_change(tokens: Tensor, mask: Tensor, change: Change) -> Tensor:
    """Change all tokens: at once where they are in memory, else whenever rows of them are read.

    Args:
        tokens: [items, tokens, d].
        mask: True = real.
        change: Tokens and mask of any items to their new tokens, each item by itself.
    """
    return tokens.changed(mask, change) if isinstance(tokens, StoredTokens) else change(tokens, mask)


@dataclass(frozen=True, eq=False)
class TokenFile:
    """An array [items, tokens, d] of a file, of which rows can be read.

    Attributes:
        path: The file.
        start: Where the array begins in it, in bytes.
        shape: Items, tokens, columns.
        dtype: How they are stored.
    """

    path: Path
    start: int
    shape: tuple[int, int, int]
    dtype: torch.dtype
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def row_bytes(self) -> int:
        """Bytes of one item."""
        return self.shape[1] * self.shape[2] * self.dtype.itemsize

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process: where the tokens lie, none of them."""
        path = self.path.resolve()
        return _reopened, (path, self.start, self.shape, self.dtype, file_mark(path))

    def read(self, items: Tensor, scratch: Tensor | None = None) -> Tensor:
        """The tokens of these items, in this order; neighbours in one go; into `scratch` (bytes) where it is given."""
        size = len(items) * self.row_bytes
        raw = torch.empty(size, dtype=torch.uint8) if scratch is None else scratch[:size]
        view = memoryview(raw.numpy().data)
        for first, n, row in _runs(items):
            part = view[row * self.row_bytes : (row + n) * self.row_bytes]
            self._fill(part, self.start + first * self.row_bytes)
        return raw.view(self.dtype).view(len(items), *self.shape[1:])

    def announce(self, items: Tensor) -> None:
        """Have the system read these items from the disk while something else is done, where it can."""
        if hasattr(os, "posix_fadvise"):
            with self._lock:
                file = self._stream.fileno()
                for first, n, _ in _runs(items):
                    start = self.start + first * self.row_bytes
                    os.posix_fadvise(file, start, n * self.row_bytes, os.POSIX_FADV_WILLNEED)

    @cached_property
    def _stream(self) -> io.FileIO:
        stream = io.FileIO(self.path)
        weakref.finalize(self, stream.close)
        return stream

    def _fill(self, part: memoryview, start: int) -> None:
        with self._lock:  # one place in the file for all threads
            self._stream.seek(start)
            while part:
                n = self._stream.readinto(part)
                if not n:
                    raise DataError(
                        f"{self.path.name}: the file ends before its array does; it was changed since it was opened: "
                        "open the dataset again"
                    )
                part = part[n:]


def file_mark(path: Path) -> str:
    """Whether two machines see the same file under one path: 16 hex digits over its size, its first and last bytes.

    >>> file_mark(Path(__file__)) == file_mark(Path(__file__).resolve())
    True
    """
    about = path.stat()
    return _mark(path, about.st_size, about.st_mtime_ns)


@lru_cache(maxsize=16)
def _mark(path: Path, size: int, _changed: int) -> str:
    total = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        total.update(stream.read(END_BYTES))
        stream.seek(-min(END_BYTES, size), os.SEEK_END)
        total.update(stream.read())
    return total.hexdigest()[:16]


def _reopened(path: Path, start: int, shape: tuple[int, int, int], dtype: torch.dtype, mark: str) -> TokenFile:
    """The file of another process, where this one finds the same."""
    if file_mark(path) != mark:
        raise DataError(
            f"{path}: this process finds another file there than the one that opened the dataset; put the dataset on "
            "a disk that all machines share"
        )
    return TokenFile(path, start, shape, dtype)


def _runs(items: Tensor) -> Iterator[tuple[int, int, int]]:
    """First item, number and place of every run of consecutive items.

    >>> list(_runs(torch.tensor([4, 5, 9])))
    [(4, 2, 0), (9, 1, 2)]
    """
    if not len(items):
        return
    starts = [0, *((items[1:] != items[:-1] + 1).nonzero()[:, 0] + 1).tolist()]
    ends = [*starts[1:], len(items)]
    for start, end, first in zip(starts, ends, items[starts].tolist(), strict=True):
        yield first, end - start, start


class StoredTokens(Tensor):
    """Tokens [items, tokens, d] that are read when their numbers are asked for; see the module.

    Indexing by items gives stored tokens again. Every other operation reads all of what it is asked of.
    """

    file: TokenFile
    items: Tensor
    changes: tuple[tuple[Tensor, Change], ...]

    @staticmethod
    def __new__(
        cls: type["StoredTokens"],
        file: TokenFile,
        items: Tensor | None = None,
        changes: Sequence[tuple[Tensor, Change]] = (),
        dtype: torch.dtype | None = None,
    ) -> "StoredTokens":
        """Tokens of some items of a file (default all), with the changes that are done to them, in order."""
        chosen = torch.arange(file.shape[0]) if items is None else items
        self = Tensor._make_wrapper_subclass(cls, (len(chosen), *file.shape[1:]), dtype=dtype or file.dtype)
        self.file, self.items, self.changes = file, chosen, tuple(changes)
        stored: StoredTokens = self
        return stored

    def read(self, scratch: Tensor | None = None) -> Tensor:
        """The tokens in memory, as they are after all changes.

        Args:
            scratch: Bytes to read them into, if there are some.

        Raises:
            DataError: they are more than `MOST_AT_ONCE` bytes.
        """
        size = self.numel() * self.dtype.itemsize
        if size > MOST_AT_ONCE:
            raise DataError(
                f"{self.file.path.parent.name}: this needs the tokens of {len(self.items):,} items in memory at once, "
                f"{size / 1e9:.1f} GB; at most {MOST_AT_ONCE / 1e9:.1f} GB are read: keep fewer items"
            )
        tokens = self.file.read(self.items, scratch)
        for mask, change in self.changes:
            tokens = change(tokens, mask)
        return tokens

    def announce(self) -> None:
        """Say that they will be read soon."""
        self.file.announce(self.items)

    def changed(self, mask: Tensor, change: Change) -> "StoredTokens":
        """The same tokens with one more change."""
        kind = change(self.file.read(self.items[:1]), mask[:1]).dtype
        return StoredTokens(self.file, self.items, (*self.changes, (mask, change)), kind)

    def picked(self, which: Tensor | slice) -> "StoredTokens":
        """Some of these items."""
        changes = [(mask[which], change) for mask, change in self.changes]
        return StoredTokens(self.file, self.items[which], changes, self.dtype)

    def __reduce_ex__(self, _protocol: Any) -> tuple[Any, ...]:
        """For another process: which rows of which file, and the changes."""
        return StoredTokens, (self.file, self.items, self.changes, self.dtype)

    def __repr__(self, *, tensor_contents: Any = None) -> str:  # type: ignore[override]
        """Where they lie; the numbers stay there."""
        return f"StoredTokens({list(self.shape)}, {self.dtype}, {self.file.path.name})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # type: ignore[override]
        """Items are chosen without reading; everything else reads what it is given."""
        first, aten = args[0] if args else None, torch.ops.aten
        if isinstance(first, StoredTokens):
            if func in (aten.detach.default, aten.alias.default):
                return first
            if func is aten.slice.Tensor:
                given = tuple(args[1:])
                dim, start, end, step = given + (0, None, None, 1)[len(given) :]
                if dim == 0:
                    return first.picked(slice(start, end, step))
            if func is aten.select.int and args[1] == 0:
                return first.picked(torch.arange(len(first))[args[2], None]).read()[0]
            if func is aten.index.Tensor and args[1][0] is not None and args[1][0].ndim == 1:
                which, *others = args[1]
                if all(other is None for other in others):
                    return first.picked(which)
                if which.dtype == torch.int64:  # tokens of some items: only those items are read
                    rows, places = which.unique(return_inverse=True)
                    return func(first.picked(rows).read(), [places, *others])
        return func(*tree_map(_in_memory, args), **tree_map(_in_memory, kwargs or {}))


def _in_memory(value: Any) -> Any:
    return value.read() if isinstance(value, StoredTokens) else value
