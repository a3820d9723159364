"""Folders that live as long as the server or a visit: readable by its user only; the next server removes what is left.

What a visitor brought goes with the visit: it may be large, and it is nobody else's.
"""

import atexit
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path

from filelock import SoftFileLock, Timeout

from pico_app.server.places import make_own
from pico_core.storage.locks import lock_inside

PREFIX = "pico-lens-"
_held: list[SoftFileLock] = []  # a lock ends with the object that holds it


def scratch(what: str) -> tempfile.TemporaryDirectory[str]:
    """A new folder, which the app may open. What killed servers left goes first: it may be somebody's data."""
    remove_left(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{what}-")
    _held.append(_lock(Path(folder.name)))
    _held[-1].acquire(timeout=0)
    atexit.register(folder.cleanup)
    make_own(folder.name)
    return folder


class OfOneVisit:
    """A folder in another one, removed when nobody holds this any more: a visit does, as long as it may come back.

    Attributes:
        path: Of the folder.
    """

    def __init__(self, parent: Path) -> None:
        self.path = Path(tempfile.mkdtemp(dir=parent))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def remove_left(root: Path) -> None:
    """Remove the folders of servers that are dead; those of living ones, and folders of somebody else, stay."""
    for folder in root.glob(f"{PREFIX}*"):
        if not lock_inside(folder).is_file():
            continue
        lock = _lock(folder)
        with suppress(Timeout, OSError):
            lock.acquire(timeout=0)
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()


def _lock(folder: Path) -> SoftFileLock:
    """Held by the server, not by one of its threads."""
    return SoftFileLock(lock_inside(folder), thread_local=False)
