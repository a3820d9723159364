"""Where the memory does not suffice for a block, the block is halved and tried again; somebody is told.

The score of a pair and the tokens of an item do not depend on what is computed beside them, so smaller blocks change
no result.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

import torch

from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter

Part = TypeVar("Part")
SAID = ("can't allocate memory", "not enough memory", "out of memory", "CUBLAS_STATUS_ALLOC_FAILED")
NO_MEMORY = (
    "there is not enough memory for this dataset; bring fewer images or shorter token lists, or free some memory"
)


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory was not to be had: of Python, of NumPy, of torch on a processor or a card.

    >>> out_of_memory(MemoryError()), out_of_memory(RuntimeError("shapes cannot be multiplied"))
    (True, False)
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in SAID)


def retry_in_halves(
    work: Callable[[slice], Part],
    n: int,
    *,
    what: str,
    size: int | None = None,
    at_one: Callable[[slice], Part] | None = None,
    reporter: Reporter = SILENT,
) -> Iterator[Part]:
    """Do work on consecutive ranges of n items; where memory does not suffice, on ranges of half the size.

    Args:
        work: Does it on one range.
        n: Items.
        what: What they are, in the plural, for the messages.
        size: Items at a time to begin with; default all.
        at_one: Another way to do it on a range of one item that does not fit; default such an item is refused.
        reporter: Hears of every halving as a note.

    Raises:
        DataError: not even one item fits.

    >>> def work(part):
    ...     if part.stop - part.start > 2:
    ...         raise MemoryError
    ...     return list(range(part.start, part.stop))
    >>> class Printer(Reporter):
    ...     def note(self, sentence):
    ...         print(sentence)
    >>> list(retry_in_halves(work, 5, what="texts", reporter=Printer()))
    Not enough memory for 5 texts at a time: going on with 2.
    [[0, 1], [2, 3], [4]]
    """
    at, start = max(1, n if size is None else size), 0
    while start < n:
        part = slice(start, min(start + at, n))
        attempt = _tried(work, part)
        tried = part.stop - part.start
        if attempt is not None:
            yield attempt[0]
            start = part.stop
        elif tried > 1:
            at = tried // 2
            reporter.note(f"Not enough memory for {tried:,} {what} at a time: going on with {at:,}.")
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
