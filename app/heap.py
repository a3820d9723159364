"""Keep the garbage collector off the libraries, and give memory that is free back to the system.

Streamlit collects all generations whenever a script run ends, holding the interpreter lock: over
the million objects of torch, scikit-learn and polars that takes about half a second. A page that
asks every second how far a study is would leave the study's thread almost no time.
"""

import ctypes
import gc
import threading
import time
from collections.abc import Callable

_LOCK = threading.Lock()
_frozen_for: set[str] = set()
SELDOM = 10.0  # seconds between two times that free memory is given back
_given_back_at = [-SELDOM]


def freeze_once(reason: str) -> bool:
    """Count everything that is alive now as permanent, once per reason; later collections pass over it.

    Frozen objects are still freed when their last reference goes; only cycles among them stay.

    Args:
        reason: What has just been loaded, such as "libraries".

    Returns:
        Whether this call froze anything.
    """
    with _LOCK:
        if reason in _frozen_for:
            return False
        _frozen_for.add(reason)
    gc.collect()
    gc.freeze()
    return True


def _trimmer() -> Callable[[int], int] | None:
    """What gives free memory back; only the C library of most Linux systems has it."""
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # Windows knows no library without a name
        return None
    return found


_trim = _trimmer()


def give_back(now: float | None = None) -> bool:
    """Give the system the memory that is free between what is held, at most every ten seconds.

    Every run of a page is a thread of its own and takes from a pool of the C library of its own; what it frees stays in
    the pool. On the Flickr8k test images forty interactions leave 200 MB free there, half as much as is in use.

    Args:
        now: Seconds of a clock that only rises; that of the machine where None.

    Returns:
        Whether it was asked for.
    """
    if _trim is None:
        return False
    now = time.monotonic() if now is None else now
    with _LOCK:
        if now - _given_back_at[0] < SELDOM:
            return False
        _given_back_at[0] = now
    _trim(0)  # other threads go on: the interpreter is let go of meanwhile
    return True
