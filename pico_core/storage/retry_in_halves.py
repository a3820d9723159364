"""Where the memory does not suffice for a block, the block is halved and tried again; somebody is told.

The score of a pair and the tokens of an item do not depend on what is computed beside them, so smaller blocks change
no result.
"""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import torch

from pico_core.errors import DataError

Part = TypeVar("Part")
Tell = Callable[[str], None]
SAID = ("can't allocate memory", "not enough memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
NO_MEMORY = (
    "there is not enough memory for this dataset; bring fewer images or shorter token lists, or free some memory"
)
_listener: ContextVar[Tell | None] = ContextVar("listener", default=None)


class LessAtOnceWarning(UserWarning):
    """A block was halved, and nobody listened (`hearing`)."""


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was not to be had: of Python, of NumPy, of torch on a processor or a card.

    >>> out_of_memory(MemoryError()), out_of_memory(RuntimeError("shapes cannot be multiplied"))
    (True, False)
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(said in str(error) for said in SAID)


@contextmanager
def hearing(tell: Tell) -> Iterator[None]:
    """Hear of every block that is halved while the block runs, in this thread; each sentence once."""
    said: set[str] = set()

    def once(sentence: str) -> None:
        if sentence not in said:
            said.add(sentence)
            tell(sentence)

    before = _listener.set(once)
    try:
        yield
    finally:
        _listener.reset(before)


@contextmanager
def noting() -> Iterator[list[str]]:
    """Keep what is told while the block runs, each sentence once; whoever listens already hears it as before.

    >>> with hearing(lambda sentence: None), noting() as notes:
    ...     _tell("Not enough memory.")
    >>> notes
    ['Not enough memory.']
    """
    notes: list[str] = []
    before = _listener.get()

    def both(sentence: str) -> None:
        notes.append(sentence)
        if before is None:
            warnings.warn(sentence, LessAtOnceWarning, stacklevel=4)
        else:
            before(sentence)

    with hearing(both):
        yield notes


def retry_in_halves(
    work: Callable[[slice], Part],
    n: int,
    *,
    what: str,
    size: int | None = None,
    at_one: Callable[[slice], Part] | None = None,
) -> Iterator[Part]:
    """Do work on consecutive ranges of n items; where memory does not suffice, on ranges of half the size.

    Args:
        work: Does it on one range.
        n: Items.
        what: What they are, in the plural, for the messages.
        size: Items at a time to begin with; default all.
        at_one: Another way to do it on a range of one item that does not fit; default such an item is refused.

    Raises:
        DataError: not even one item fits.

    >>> def work(part):
    ...     if part.stop - part.start > 2:
    ...         raise MemoryError
    ...     return list(range(part.start, part.stop))
    >>> told = []
    >>> with hearing(told.append):
    ...     list(retry_in_halves(work, 5, what="texts"))
    [[0, 1], [2, 3], [4]]
    >>> told
    ['Not enough memory for 5 texts at a time: going on with 2.']
    """
    at, start = max(1, n if size is None else size), 0
    while start < n:
        part = slice(start, min(start + at, n))
        found = _tried(work, part)
        tried = part.stop - part.start
        if found is not None:
            yield found[0]
            start = part.stop
        elif tried > 1:
            at = tried // 2
            _tell(f"Not enough memory for {tried:,} {what} at a time: going on with {at:,}.")
        elif at_one is not None:
            yield at_one(part)
            start = part.stop
        else:
            raise DataError(
                f"there is not enough memory for one of the {what} alone; close other programs, take a machine with "
                "more memory, or bring shorter token lists"
            )


def _tried(work: Callable[[slice], Part], part: slice) -> tuple[Part] | None:
    """The result, or None where memory did not suffice: the error is gone by then, and with it what it held."""
    try:
        return (work(part),)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
    if torch.cuda.is_available() and torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.empty_cache()
    return None


def _tell(sentence: str) -> None:
    listener = _listener.get()
    if listener is None:
        warnings.warn(sentence, LessAtOnceWarning, stacklevel=3)
    else:
        listener(sentence)
