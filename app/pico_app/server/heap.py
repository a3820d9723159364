"""Keep the garbage collector off the libraries, and give memory that is free back to the system.

Streamlit collects all generations whenever a script run ends, holding the interpreter lock: over
the million objects of torch, scikit-learn and polars that takes about half a second. A page that
asks every second how far a study is would leave the study's thread almost no time.
"""

import ctypes
import gc
import threading
from collections.abc import Callable

_LOCK = threading.Lock()
_frozen_for: set[str] = set()
ARENA_MAX = -8  # number of the setting in malloc.h


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


def _of_the_c_library(name: str) -> Callable[..., int] | None:
    """A function that only the C library of most Linux systems has."""
    try:
        function: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):  # Windows knows no library without a name
        return None
    return function


_trim, _setting = _of_the_c_library("malloc_trim"), _of_the_c_library("mallopt")


def few_pools() -> bool:
    """Have all threads take memory from two pools, before there are more.

    Every run of a page is a thread of its own; each would take from one of eight pools per processor, and what it
    frees stays in that pool. On the Flickr8k test images memory after 200 interactions is 1.10 times that after 20 so,
    and was 1.35 times without.

    Returns:
        Whether the C library knows of it.
    """
    return _setting is not None and _setting(ARENA_MAX, 2) == 1


def thaw() -> None:
    """Collect what was frozen as well, freeze the rest anew, and give the system the memory that is free.

    Visits that were there when libraries were frozen are part of what collections pass over. It takes about half a
    second, in which no page is drawn.
    """
    with _LOCK:
        frozen = bool(_frozen_for)
        gc.unfreeze()
        gc.collect()
        if frozen:
            gc.freeze()
    if _trim is not None:
        _trim(0)  # other threads go on: the interpreter is let go of meanwhile
