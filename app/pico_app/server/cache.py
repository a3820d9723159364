"""Caches of what is large, bounded in bytes as well as in entries.

`st.cache_resource` counts entries only, and one entry may be a split of eight gigabytes or one of two megabytes.
Small things stay with Streamlit's caches; data frames and texts there take `max_size`.
"""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np
import polars as pl
import streamlit as st
from torch import Tensor

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")
GIGABYTE = 1_000_000_000
MANY = 32  # datasets of a visit each: with fewer entries visitors of one server drive out what the others look at


class ByteLRU(Generic[Value]):
    """Values by key, the one used longest ago first to go; shared by all visits.

    The newest value stays even where it alone is larger than the shelf: it is in use, and to make it anew at every run
    would cost time and save nothing.

    Args:
        entries: Most values.
        max_bytes: Most bytes of all values together.

    >>> shelf = ByteLRU(entries=2, max_bytes=100)
    >>> [shelf.get(key, lambda: b"x" * 40) is not None for key in "abc"], shelf.keys, shelf.n_bytes
    ([True, True, True], ['b', 'c'], 80)
    """

    def __init__(self, *, entries: int, max_bytes: int) -> None:
        self._entries, self._max_bytes = entries, max_bytes
        self._held: OrderedDict[Any, tuple[Value, int]] = OrderedDict()
        self._making: dict[Any, threading.Lock] = {}
        self._lock = threading.Lock()

    @property
    def keys(self) -> list[Any]:
        """What is kept, the one used longest ago first."""
        with self._lock:
            return list(self._held)

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
                made = make()
                self._put(key, made)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return made

    def _put(self, key: Any, made: Value) -> None:
        size = held_bytes(made)
        with self._lock:
            self._held[key] = (made, size)
            while len(self._held) > 1 and (
                len(self._held) > self._entries or sum(size for _, size in self._held.values()) > self._max_bytes
            ):
                self._held.popitem(last=False)


def kept(
    *, entries: int, max_bytes: int, spinner: str = ""
) -> Callable[[Callable[Arguments, Value]], Callable[Arguments, Value]]:
    """Keep what a function returns, bounded; arguments named "_..." are no part of the key, as in Streamlit.

    Args:
        entries: Most values.
        max_bytes: Most bytes of all values together.
        spinner: What is said while a value is made; nothing where empty.
    """

    def decorate(function: Callable[Arguments, Value]) -> Callable[Arguments, Value]:
        names = list(signature(function).parameters)
        own = f"{function.__module__}.{function.__qualname__}"

        @wraps(function)
        def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
            given = {**dict(zip(names, args, strict=False)), **kwargs}
            key = tuple(given[name] for name in names if name in given and not name.startswith("_"))

            def make() -> Value:
                with st.spinner(spinner) if spinner else nullcontext():
                    return function(*args, **kwargs)

            shelf: ByteLRU[Value] = _shelf(own, entries, max_bytes)
            return shelf.get(key, make)

        return call

    return decorate


@st.cache_resource(max_entries=64, show_spinner=False)
def _shelf(name: str, entries: int, max_bytes: int) -> ByteLRU[Any]:
    """The shelf of a function, for as long as the server runs."""
    return ByteLRU(entries=entries, max_bytes=max_bytes)


def empty() -> None:
    """Let go of all that is kept; what is in use stays with whoever uses it."""
    _shelf.clear()


def held_bytes(value: object) -> int:
    """Bytes of all arrays, tables and texts that a value holds, every block of memory once.

    >>> one = np.zeros(10)
    >>> held_bytes([one, one]), held_bytes({"a": b"1234"})
    (80, 4)
    """
    seen: set[int] = set()
    total, waiting = 0, [value]
    while waiting:
        one = waiting.pop()
        mark = one.untyped_storage().data_ptr() if isinstance(one, Tensor) else id(one)
        if mark in seen:
            continue
        seen.add(mark)
        if isinstance(one, Tensor):
            total += one.untyped_storage().nbytes()
        elif isinstance(one, np.ndarray):
            total += one.nbytes
        elif isinstance(one, pl.DataFrame | pl.Series):
            total += int(one.estimated_size())
        elif isinstance(one, bytes):
            total += len(one)
        elif isinstance(one, str):
            total += sys.getsizeof(one)
        elif isinstance(one, Mapping):
            waiting += one.values()
        elif isinstance(one, list | tuple | set | frozenset):
            waiting += one
        elif is_dataclass(one) and not isinstance(one, type):
            waiting += [getattr(one, field.name) for field in fields(one)]
    return total
