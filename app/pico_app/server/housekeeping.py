"""Tidy up when the server rests: what visits had that are over goes, from memory and from the disk.

Streamlit keeps a visit that was left for two minutes, and after that until the next visitor leaves. A visit holds its
dataset and its uploads, and some hold on longer: those that were there when the libraries were taken out of the
garbage collector's rounds (`heap`) are part of what it passes over.
"""

import functools
import threading
import time
from collections.abc import Callable

from streamlit import runtime

from pico_app.server import cache, heap

RESTS = 150.0  # seconds without a run of a page: visits that were left may be resumed for 120
AT_LATEST = 900.0  # seconds between two times, however busy the server is: it stands still for half a second
LOOKS = 10.0  # seconds


class Housekeeper:
    """Does the work once after every time of activity.

    Args:
        work: What is done; told whether anybody may still come back.
        now: Seconds of a clock that only rises.

    >>> seconds, done = [0.0], []
    >>> keeper = Housekeeper(lambda: done.append(seconds[0]), now=lambda: seconds[0])
    >>> keeper.ran()
    >>> for seconds[0] in (100.0, 200.0, 300.0):
    ...     keeper.look()
    >>> done
    [200.0]
    """

    def __init__(self, work: Callable[[], None], *, now: Callable[[], float] = time.monotonic) -> None:
        self._work, self._now = work, now
        self._last_run = self._last_work = now()
        self._dirty = False

    def ran(self) -> None:
        """A page was drawn."""
        self._last_run, self._dirty = self._now(), True

    def look(self) -> None:
        """Work, if it is time."""
        now = self._now()
        if self._dirty and (now - self._last_run >= RESTS or now - self._last_work >= AT_LATEST):
            self._dirty, self._last_work = False, now
            self._work()

    def stay(self) -> None:
        """Look now and then, for as long as the server runs."""
        while True:
            time.sleep(LOOKS)
            self.look()


@functools.cache
def _keeper() -> Housekeeper:
    keeper = Housekeeper(tidy)
    threading.Thread(target=keeper.stay, name="housekeeper", daemon=True).start()
    return keeper


def page_ran() -> None:
    """Tell that a page was drawn; the first time, the housekeeper begins."""
    _keeper().ran()


def tidy() -> None:
    """Let go of visits that are over, and of what all visits share where nobody is there."""
    end_visits()
    if nobody_is_there():
        cache.empty()
    heap.thaw()


def end_visits() -> int:
    """Have Streamlit drop the visits whose time to come back is over; it does so itself when the next visitor leaves.

    Returns:
        How many there were; 0 too where this Streamlit keeps them in another way than it did.
    """
    manager = getattr(runtime.get_instance(), "_session_mgr", None) if runtime.exists() else None
    lock = getattr(manager, "_storage_lock", None)
    expire = getattr(getattr(getattr(manager, "_session_storage", None), "_cache", None), "expire", None)
    if lock is None or expire is None:
        return 0
    with lock:
        over = expire()
    return len(over)  # they end where nobody holds them, without the lock


def nobody_is_there() -> bool:
    """Whether no visitor is connected to the server."""
    return runtime.exists() and runtime.get_instance().state is runtime.RuntimeState.NO_SESSIONS_CONNECTED
