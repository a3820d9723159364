"""One writer at a time: a file beside or in a folder says which process writes it, where, and since when."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import SoftFileLock, Timeout

from pico_core.common.errors import SettingError

UNWRITTEN = 2.0  # seconds that a lock names nobody at most: its owner writes his name at once


@dataclass(frozen=True)
class Owner:
    """Who writes a folder.

    Attributes:
        pid: The process; None where the lock does not say.
        host: The machine it runs on; empty where the lock does not say.
        seconds: For how long.
    """

    pid: int | None
    host: str
    seconds: float

    @property
    def sentence(self) -> str:
        """In words.

        >>> Owner(7, "snail", 130.0).sentence
        'process 7 on snail has been writing it for 2 minutes'
        """
        who = "another process" if self.pid is None else f"process {self.pid}"
        if self.pid == os.getpid() and self.host == socket.gethostname():
            who = "this program itself"
        elif self.host:
            who += f" on {self.host}"
        return f"{who} has been writing it for {_age(self.seconds)}"


def lock_beside(folder: Path) -> Path:
    """Where the lock of a folder lies that is replaced whole.

    >>> lock_beside(Path("runs/one")).as_posix()
    'runs/.one.lock'
    """
    return folder.with_name(f".{folder.name}.lock")


def lock_inside(folder: Path) -> Path:
    """Where the lock of a folder lies that fills file by file."""
    return folder / ".lock"


@contextmanager
def exclusive_lock(lock: Path, folder: Path, *, wait: float = 0.0) -> Iterator[None]:
    """Hold a lock while the block runs; the same thread may hold it several times over.

    The lock of a process that ended without giving it back, on this machine, is taken over (`filelock` compares the
    process and its start). That of a dead process on another machine has to be removed by hand: from here nobody can
    know.

    Args:
        lock: From `lock_beside` or `lock_inside`.
        folder: What is written, for the message.
        wait: Seconds to wait for another owner.

    Raises:
        SettingError: another process, or another thread of this one, holds it; says who, since when, and the mend.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place, exclusive_lock(lock_inside(Path(place)), Path(place)):
    ...     owner(lock_inside(Path(place))).pid == os.getpid()
    True
    """
    held = SoftFileLock(lock.resolve(), is_singleton=True)  # the one of its name, so that it can be held twice
    try:
        if not held.is_locked:
            _remove_unwritten(lock)
        held.acquire(timeout=wait)
    except Timeout:
        where = "in it" if lock.parent == folder else "beside it"
        raise SettingError(
            f"{folder.name}: {owner(lock).sentence}; two at once would spoil it: wait for it, end it, or choose "
            f"another folder (if no such process runs any more, remove {lock.name} {where})"
        ) from None
    try:
        yield
    finally:
        held.release()


def owner(lock: Path) -> Owner:
    """Who holds a lock, as far as its file says."""
    try:
        lines, since = lock.read_text(encoding="utf-8", errors="replace").splitlines(), lock.stat().st_mtime
    except OSError:
        return Owner(None, "", 0.0)
    pid = int(lines[0]) if lines and lines[0].isdecimal() else None
    return Owner(pid, lines[1] if pid is not None and len(lines) > 1 else "", max(0.0, time.time() - since))


def _remove_unwritten(lock: Path) -> None:
    """Wait for a lock that names nobody to name its owner, and remove it where none does: he was killed as he made it.

    `filelock` leaves such locks alone, because its oldest versions wrote no others.
    """
    with suppress(OSError):
        while (about := lock.stat()).st_size == 0:
            if time.time() - about.st_mtime > UNWRITTEN:
                lock.unlink()
            time.sleep(0.05)


def _age(seconds: float) -> str:
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            number = int(seconds // size)
            return f"{number} {name}{'s' if number > 1 else ''}"
    return "less than a minute"
