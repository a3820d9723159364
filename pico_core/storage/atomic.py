"""Results appear on the disk whole: a draft beside the place takes its name in one step, or the old one stays.

A process that is killed can leave drafts behind, and between two names of a folder even the old result under a
name of ours. Nobody has to clean up: the next writer removes drafts, and whoever opens the folder puts it back.
"""

import os
import re
import shutil
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pico_core.common.errors import DataError, PicoError, SettingError
from pico_core.storage.locks import exclusive_lock, lock_beside

NAMED = re.compile(r"\.(?P<of>.+)\.[0-9a-f]{8}\.(?P<kind>part|old)")  # what this module leaves when it is killed
LONGEST = 3600.0  # seconds: an older draft of a file has no writer any more
PATIENCE = 10.0  # seconds that a writer waits for another one: writing takes no longer


def is_trace(name: str) -> bool:
    """Whether a file of this name is a draft or a lock of ours, and so no content of its folder.

    >>> is_trace(".results.parquet.0a1b2c3d.part"), is_trace(".lock"), is_trace("results.parquet")
    (True, True, False)
    """
    return NAMED.fullmatch(name) is not None or (name.startswith(".") and name.endswith(".lock"))


def strangers(folder: Path, ours: Collection[str]) -> str:
    """The first five names in a folder that are not ours, in words; empty where there are none."""
    others = sorted(entry.name for entry in folder.iterdir() if entry.name not in ours and not is_trace(entry.name))
    return ", ".join(others[:5]) + (", ..." if len(others) > 5 else "")


def check_ours(
    folder: Path, ours: Collection[str], *, kind: str, writer: str, mend: str, error: type[PicoError], more: str = ""
) -> None:
    """See that a place may be written over: nothing there yet, or a folder of ours.

    Args:
        folder: The place.
        ours: Names that may lie in it.
        kind: What such a folder is, such as "a run".
        writer: What writes it, such as "run".
        mend: What to do, such as "choose another place".
        error: Raised where it is a file or holds something else; that would be lost.
        more: Follows the mend where something else is there.

    >>> from pico_core.common.errors import RunError
    >>> check_ours(Path("none here"), (), kind="a run", writer="run", mend="choose another place", error=RunError)
    """
    if folder.exists() and not folder.is_dir():
        raise error(f"{folder.name}: is a file; {kind} is a folder: {mend}")
    others = strangers(folder, ours) if folder.exists() else ""
    if others:
        raise error(f"{folder.name}: the folder holds {others}, which no {writer} wrote; {mend}{more}")


@contextmanager
def atomic_file(path: Path, *, drafts: Path | None = None) -> Iterator[Path]:
    """A place to write to, which takes the name `path` when the block ends well, and vanishes when not.

    Its content is on the disk before the name changes. A link keeps its name: what it leads to is replaced. A device,
    such as standard output, has no name to change and is written to as it is.

    Args:
        path: What is to be written; its folder is there.
        drafts: Where the draft lies until then, on the same disk; default beside it.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as place:
    ...     with atomic_file(Path(place) / "a.txt") as draft:
    ...         _ = draft.write_text("all of it")
    ...     (Path(place) / "a.txt").read_text()
    'all of it'
    """
    target = path.resolve() if path.is_symlink() else path
    if target.exists() and not (target.is_file() or target.is_dir()):
        yield target
        return
    folder = target.parent if drafts is None else drafts
    _remove_forgotten(folder, target.name)
    draft = folder / _name(target.name, "part")
    try:
        yield draft
        _sync(draft)
        os.replace(draft, target)
        _sync(target.parent)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def write_atomically(target: Path, content: bytes) -> None:
    """Write a file in one step: until it is whole, what was there before stays.

    Raises:
        DataError: the place cannot be written to.
    """
    try:
        with atomic_file(target) as draft:
            draft.write_bytes(content)
    except OSError as error:
        raise DataError(f"{target}: cannot be written ({error.strerror or error}); choose another place") from None


@contextmanager
def atomic_folder(folder: Path) -> Iterator[Path]:
    """A fresh folder that takes the place of `folder` when the block ends well, and vanishes when not.

    Its files are on the disk before the names change; should the change fail, the old folder is back. One writer at
    a time: another one waits for a moment.

    Raises:
        SettingError: another process goes on writing this folder.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(lock_beside(folder), folder, wait=PATIENCE):
        _put_back(folder)
        for leftover in (*_named(folder.parent, folder.name, "part"), *_named(folder.parent, folder.name, "old")):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = folder.with_name(_name(folder.name, "part"))
        fresh.mkdir()
        try:
            yield fresh
            for path in (*fresh.rglob("*"), fresh):
                _sync(path)
            old = fresh.with_suffix(".old")
            replacing = folder.exists()
            if replacing:
                folder.rename(old)
            try:
                fresh.rename(folder)
            except BaseException:
                if replacing:
                    old.rename(folder)
                raise
            _sync(folder.parent)
            shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)


def recover(folder: Path) -> None:
    """Give a folder its name back if a writer was killed after it had set the old one aside, before the new one came.

    Whoever opens a folder calls it first, by its full path: the folder that holds it may have been set aside as well.
    A writer that is alive is waited for.
    """
    if folder.exists() or not folder.name:
        return
    recover(folder.parent)
    if folder.exists() or not _set_aside(folder):
        return
    with suppress(OSError, SettingError), exclusive_lock(lock_beside(folder), folder, wait=PATIENCE):
        _put_back(folder)


def remove_drafts(folder: Path) -> None:
    """Remove what killed writers of files left in a folder and below; only where nobody else can be writing."""
    for entry in folder.rglob(".*.part"):
        if NAMED.fullmatch(entry.name) and entry.is_file():
            entry.unlink(missing_ok=True)


def _put_back(folder: Path) -> None:
    old = _set_aside(folder)
    if old and not folder.exists():
        old[-1].rename(folder)


def _set_aside(folder: Path) -> list[Path]:
    """Old results of this name, the latest last."""
    old = (entry for entry in _named(folder.parent, folder.name, "old") if entry.is_dir())
    return sorted(old, key=lambda entry: entry.stat().st_mtime_ns)


def _remove_forgotten(folder: Path, name: str) -> None:
    """Drafts of this file whose writer must be dead."""
    for entry in _named(folder, name, "part"):
        with suppress(OSError):
            if entry.is_file() and time.time() - entry.stat().st_mtime > LONGEST:
                entry.unlink()


def _named(folder: Path, name: str, kind: str) -> list[Path]:
    with suppress(OSError):
        matches = [(Path(entry), NAMED.fullmatch(entry.name)) for entry in os.scandir(folder)]
        return [entry for entry, match in matches if match and (match["of"], match["kind"]) == (name, kind)]
    return []


def _name(name: str, kind: str) -> str:
    return f".{name}.{uuid.uuid4().hex[:8]}.{kind}"


def _sync(path: Path) -> None:
    if path.is_dir() and os.name != "posix":
        return  # only POSIX can flush a folder
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
