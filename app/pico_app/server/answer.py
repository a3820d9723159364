"""Answers that all visits share: computed once for all that goes into them, at once or in a queue.

    @answer(entries=8)
    def columns_summary(space: Workspace) -> ColumnsSummary: ...

    @answer(queue="repeats", title="Constructing again")
    def stability(job: Reporter, space: Workspace) -> Stability: ...

    columns_summary(space)      # ColumnsSummary
    stability(space)            # Answer[Stability]

Every argument is part of the key, so a cached answer has no input that its signature does not name: a `Workspace` goes
by the data and settings of its study and *not* by its strength, which is an argument of its own where an answer follows
it. An argument named "_..." is left out; it has to follow from the others.
"""

from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import update_wrapper
from inspect import Signature, signature
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, overload

import streamlit as st
from torch import Tensor

from pico_app.server.cache import GIGABYTE, ByteLRU
from pico_app.server.queue import Job, QueueName, queue_of
from pico_app.workspace import Dataset, Workspace

Arguments = ParamSpec("Arguments")
Value = TypeVar("Value")
ENTRIES = 16
MANY = 32  # datasets of a visit each: with fewer entries visitors of one server drive out what the others look at


@dataclass(frozen=True, eq=False)
class Answer(Generic[Value]):
    """A value, or the job that is making it.

    Attributes:
        job: What makes it; None where it was there already.
    """

    job: Job[Value] | None = None
    _value: Value | None = None

    @classmethod
    def of(cls, value: Value) -> "Answer[Value]":
        """One that is there."""
        return cls(None, value)

    @property
    def value(self) -> Value | None:
        """What came out; None while it is on its way, and where it failed or was cancelled."""
        return self._value if self.job is None else self.job.result


def part_of_key(name: str, value: Any) -> Hashable:
    """What an argument says in a key: its `key` where it has one, what a dataset is, else itself.

    Raises:
        TypeError: something that is equal to nothing but itself, or cannot be hashed.

    >>> part_of_key("column", 3), part_of_key("style", ("season",))
    (3, ('season',))
    """
    if isinstance(value, Workspace):
        return value.key, part_of_key(name, value.dataset)
    if isinstance(value, Dataset):  # a copy of a demo lies elsewhere and has no finished runs
        return value.mark, value.folder, None if value.demo is None else value.demo.name
    own = getattr(value, "key", None)
    if isinstance(own, str):
        return own
    equality: object = type(value).__eq__
    by_value = value is None or equality is not object.__eq__
    if isinstance(value, Tensor) or type(value).__hash__ is None or not by_value:
        raise TypeError(f"{name}: a {type(value).__name__} names nothing; give it a key, or the argument a name with _")
    return value  # type: ignore[no-any-return]


class Cached(Generic[Arguments, Value]):
    """A function that keeps its values."""

    def __init__(
        self, function: Callable[Arguments, Value], *, entries: int, max_bytes: int, spinner: str, takes: Signature
    ) -> None:
        update_wrapper(self, function)
        self.function, self.spinner = function, spinner
        self.values: ByteLRU[Value] = ByteLRU(entries=entries, max_bytes=max_bytes)
        self._takes, self._name = takes, f"{function.__module__}.{function.__qualname__}"

    def key(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Hashable:
        """Names the answer by all that goes into it."""
        given = self._takes.bind(*args, **kwargs)
        given.apply_defaults()
        return (
            self._name,
            *(part_of_key(name, value) for name, value in given.arguments.items() if not name.startswith("_")),
        )

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value:
        """The value, kept or computed now."""

        def compute() -> Value:
            with st.spinner(self.spinner) if self.spinner else nullcontext():
                return self.function(*args, **kwargs)

        return self.values.get(self.key(*args, **kwargs), compute)

    def known(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Value | None:
        """The value if it is kept; nothing is computed."""
        return self.values.peek(self.key(*args, **kwargs))


class Queued(Generic[Arguments, Value]):
    """A function that is computed in a queue, and keeps its values."""

    def __init__(
        self,
        function: Callable[Concatenate[Job[Value], Arguments], Value],
        cached: Cached[Arguments, Value],
        queue: QueueName,
        title: str | Callable[..., str],
    ) -> None:
        update_wrapper(self, function)
        self.function, self._cached, self._queue, self._title = function, cached, queue, title

    def __call__(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer[Value]:
        """The answer, asked for now if it was not."""
        answer = self.find(*args, **kwargs)
        if answer is not None:
            return answer
        key = self._cached.key(*args, **kwargs)

        def work(job: Job[Value]) -> Value:
            return self.function(job, *args, **kwargs)

        def finish(value: Value) -> None:
            self._cached.values.put(key, value)

        title = self._title if isinstance(self._title, str) else self._title(*args, **kwargs)
        return Answer(queue_of(self._queue).ask(Job(key, title, work, finish)))

    def key(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Hashable:
        """Names the answer, and the job that makes it."""
        return self._cached.key(*args, **kwargs)

    def find(self, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer[Value] | None:
        """The answer, however far it is; None where nobody has asked for it."""
        key = self._cached.key(*args, **kwargs)
        job = queue_of(self._queue).find(key)
        if job is not None:
            return Answer(job)
        value = self._cached.values.peek(key)
        return None if value is None else Answer.of(value)


@overload
def answer(
    *, entries: int = ENTRIES, max_bytes: int = GIGABYTE, spinner: str = ""
) -> Callable[[Callable[Arguments, Value]], Cached[Arguments, Value]]: ...


@overload
def answer(
    *, entries: int = ENTRIES, max_bytes: int = GIGABYTE, queue: QueueName, title: str | Callable[..., str]
) -> Callable[[Callable[Concatenate[Job[Value], Arguments], Value]], Queued[Arguments, Value]]: ...


def answer(
    *,
    entries: int = ENTRIES,
    max_bytes: int = GIGABYTE,
    spinner: str = "",
    queue: QueueName | None = None,
    title: str | Callable[..., str] = "",
) -> Any:
    """Keep what a function returns, for all visits, and compute it in a queue where one is named.

    Args:
        entries: Most values.
        max_bytes: Most bytes of all values together; the newest stays however large it is.
        spinner: What is said while a value is computed at once; nothing where empty.
        queue: Where it waits for its turn; the function then takes the job as its first argument, and reports to it.
        title: What the job does, for people.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        takes = signature(function)
        if queue is not None:
            takes = takes.replace(parameters=list(takes.parameters.values())[1:])
        cached = Cached(function, entries=entries, max_bytes=max_bytes, spinner=spinner, takes=takes)
        return cached if queue is None else Queued(function, cached, queue, title)

    return decorate
