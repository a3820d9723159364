"""The cache of the server: bounded in bytes as well as in entries.

`st.cache_resource` counts entries only, and one entry may be a split of eight gigabytes or one of two megabytes;
`st.cache_data` copies at every hit.
"""

import sys
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Generic, TypeVar

import numpy as np
import polars as pl
from torch import Tensor

Value = TypeVar("Value")
GIGABYTE = 1_000_000_000
_caches: "weakref.WeakSet[ByteLRU[Any]]" = weakref.WeakSet()


class ByteLRU(Generic[Value]):
    """Values by key, the one used longest ago first to go; shared by all visits.

    The newest value stays even where it alone is larger than the cache: it is in use, and to make it anew at every run
    would cost time and save nothing.

    Args:
        entries: Most values.
        max_bytes: Most bytes of all values together.

    >>> cache = ByteLRU(entries=2, max_bytes=100)
    >>> [cache.get(key, lambda: b"x" * 40) is not None for key in "abc"], cache.keys, cache.n_bytes
    ([True, True, True], ['b', 'c'], 80)
    """

    def __init__(self, *, entries: int, max_bytes: int) -> None:
        self._entries, self._max_bytes = entries, max_bytes
        self._held: OrderedDict[Any, tuple[Value, int]] = OrderedDict()
        self._making: dict[Any, threading.Lock] = {}
        self._lock = threading.Lock()
        _caches.add(self)

    @property
    def keys(self) -> list[Any]:
        """Keys of what is kept, the one used longest ago first."""
        with self._lock:
            return list(self._held)

    @property
    def values(self) -> list[Value]:
        """What is kept, the one used longest ago first."""
        with self._lock:
            return [value for value, _ in self._held.values()]

    @property
    def n_bytes(self) -> int:
        """Bytes of all values, each counted by itself."""
        with self._lock:
            return sum(size for _, size in self._held.values())

    def get(self, key: Any, make: Callable[[], Value]) -> Value:
        """The value of a key, made where it is not there; two that ask at once wait for one making.

        Args:
            key: Names the value by all that goes into it.
            make: Makes it.
        """
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key][0]
            turn = self._making.setdefault(key, threading.Lock())
        with turn:
            with self._lock:
                if key in self._held:
                    return self._held[key][0]
            try:
                value = make()
                self.put(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return value

    def peek(self, key: Any) -> Value | None:
        """The value of a key if it is kept."""
        with self._lock:
            if key not in self._held:
                return None
            self._held.move_to_end(key)
            return self._held[key][0]

    def clear(self) -> None:
        """Let go of everything."""
        with self._lock:
            self._held.clear()

    def put(self, key: Any, value: Value) -> None:
        """Keep a value that was made elsewhere; others go where it leaves no room."""
        size = held_bytes(value)
        with self._lock:
            self._held.pop(key, None)
            self._held[key] = (value, size)
            while len(self._held) > 1 and (
                len(self._held) > self._entries or sum(size for _, size in self._held.values()) > self._max_bytes
            ):
                self._held.popitem(last=False)


def empty() -> None:
    """Let go of all that is kept; what is in use stays with whoever uses it."""
    for cache in list(_caches):
        cache.clear()


def held_bytes(value: object) -> int:
    """Bytes of all arrays, tables and texts that a value holds, every block of memory once.

    >>> numbers = np.zeros(10)
    >>> held_bytes([numbers, numbers]), held_bytes({"a": b"1234"})
    (80, 4)
    """
    seen: set[int] = set()
    total, waiting = 0, [value]
    while waiting:
        item = waiting.pop()
        mark = item.untyped_storage().data_ptr() if isinstance(item, Tensor) else id(item)
        if mark in seen:
            continue
        seen.add(mark)
        if isinstance(item, Tensor):
            total += item.untyped_storage().nbytes()
        elif isinstance(item, np.ndarray):
            total += item.nbytes
        elif isinstance(item, pl.DataFrame | pl.Series):
            total += int(item.estimated_size())
        elif isinstance(item, bytes):
            total += len(item)
        elif isinstance(item, str):
            total += sys.getsizeof(item)
        elif isinstance(item, Mapping):
            waiting += item.values()
        elif isinstance(item, list | tuple | set | frozenset):
            waiting += item
        elif is_dataclass(item) and not isinstance(item, type):
            waiting += [getattr(item, field.name) for field in fields(item)]
    return total
