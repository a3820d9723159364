"""Which folders of this machine the app opens: named when the server is started, by default its working folder.

Every path that a reader types, and every path that data bring along, goes through `opened_place` before anything is
looked at. What lies outside is refused in the same words whether it is there or not.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from pico_core.common.errors import DataError
from pico_core.common.places import ASSETS
from pico_core.experiments.grid import ABOUT

SETTING = "PICO_FOLDERS"
_own: set[Path] = {ASSETS.resolve()}


def folders() -> tuple[Path, ...]:
    """The folders that are opened, with everything below; relative paths begin in the first one."""
    named = [Path(folder).expanduser() for folder in os.environ.get(SETTING, "").split(os.pathsep) if folder.strip()]
    return tuple(folder.resolve() for folder in named or [Path.cwd()])


def make_own(folder: str | Path) -> None:
    """Let the app open a folder that it made itself, such as that of the uploads."""
    _own.add(Path(folder).resolve())


def opened_place(path: str | Path) -> Path:
    """Where a path leads, links followed, if that lies in one of the folders; nothing need be there.

    Raises:
        DataError: it leads elsewhere, or is no path; so does a link directly inside a folder, or anywhere below that
            of an experiment.
    """
    shown = Path(str(path)).name[:80] or "this path"
    try:
        roots = folders()
        target = (roots[0] / Path(path).expanduser()).resolve()
        links = list(_links(target)) if _within(target) else []
    except (NotADirectoryError, FileNotFoundError):
        return target
    except (OSError, RuntimeError, ValueError) as error:  # too long, a ring of links, or the home of nobody
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: cannot be read ({why}); correct the path or its permissions") from None
    if not _within(target):
        raise DataError(
            f"{shown}: lies outside the folders that this app opens ({', '.join(root.name or '/' for root in roots)}); "
            f"whoever starts it names others by {SETTING} or pico-lens app --folder"
        )
    for link in links:
        if not is_open(link):
            raise DataError(
                f"{shown}/{link.relative_to(target).as_posix()[:80]}: is a link that leads out of the folders that "
                "this app opens; put the file "
                "itself there"
            )
    return target


def _links(root: Path) -> Iterator[Path]:
    """Links in a folder; of an experiment, whose cells lie deeper, also those below. Pictures are judged one by one."""
    inner = []
    for entry in os.scandir(root):
        if entry.is_symlink():
            yield Path(entry)
        elif entry.is_dir():
            inner.append(Path(entry))
    if (root / ABOUT).is_file():
        for folder, folders_there, files in (level for path in inner for level in os.walk(path)):
            yield from (path for name in (*folders_there, *files) if (path := Path(folder, name)).is_symlink())


def is_open(path: Path) -> bool:
    """Whether a file lies in one of the folders, links followed."""
    try:
        return _within(path.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def check_pictures(paths: Iterable[Path]) -> None:
    """Refuse pictures that lie elsewhere.

    Raises:
        DataError: names the first.
    """
    for path in paths:
        if not is_open(path):
            raise DataError(
                f"{path.name[:80]}: this picture lies outside the folders that this app opens; whoever starts it names "
                f"others by {SETTING} or pico-lens app --folder"
            )


def _within(path: Path) -> bool:
    return any(path.is_relative_to(root) for root in (*folders(), *_own))
