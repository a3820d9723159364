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
    named = [Path(one).expanduser() for one in os.environ.get(SETTING, "").split(os.pathsep) if one.strip()]
    return tuple(one.resolve() for one in named or [Path.cwd()])


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
        place = (roots[0] / Path(path).expanduser()).resolve()
        links = list(_links(place)) if _within(place) else []
    except (NotADirectoryError, FileNotFoundError):
        return place
    except (OSError, RuntimeError, ValueError) as error:  # too long, a ring of links, or the home of nobody
        why = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{shown}: cannot be read ({why}); correct the path or its permissions") from None
    if not _within(place):
        raise DataError(
            f"{shown}: lies outside the folders that this app opens ({', '.join(root.name or '/' for root in roots)}); "
            f"whoever starts it names others by {SETTING} or pico-lens app --folder"
        )
    for link in links:
        if not is_open(link):
            raise DataError(
                f"{shown}/{link.relative_to(place).as_posix()[:80]}: is a link that leads out of the folders that "
                "this app opens; put the file "
                "itself there"
            )
    return place


def _links(place: Path) -> Iterator[Path]:
    """Links in a folder; of an experiment, whose cells lie deeper, also those below. Pictures are judged one by one."""
    inner = []
    for entry in os.scandir(place):
        if entry.is_symlink():
            yield Path(entry)
        elif entry.is_dir():
            inner.append(Path(entry))
    if (place / ABOUT).is_file():
        for folder, folders_there, files in (found for one in inner for found in os.walk(one)):
            yield from (one for name in (*folders_there, *files) if (one := Path(folder, name)).is_symlink())


def is_open(place: Path) -> bool:
    """Whether a file lies in one of the folders, links followed."""
    try:
        return _within(place.resolve())
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


def _within(place: Path) -> bool:
    return any(place.is_relative_to(root) for root in (*folders(), *_own))
