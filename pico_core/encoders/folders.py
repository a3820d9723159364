"""Pictures by their names: where each one lies in a folder, and which are not there."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pico_core.encoders.protocol import BadItem
from pico_core.errors import DataError


@dataclass(frozen=True)
class Found:
    """Where pictures lie.

    Attributes:
        paths: Files of the pictures that are there.
        places: The position of each among the names that were asked for.
        missing: The others, with reasons.
    """

    paths: tuple[Path, ...]
    places: tuple[int, ...]
    missing: tuple[BadItem, ...]


def find_pictures(folder: Path | str, names: Sequence[str]) -> Found:
    """Find every named picture below a folder; a name that leads out of it is not followed.

    A name with folders in front, such as `images/a.jpg`, is also found as `a.jpg`, as long as no
    other name ends in the same way.

    Raises:
        DataError: no such folder, or none of the pictures is in it.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f"{root.name}: there is no such folder of pictures; check the path")
    endings = Counter(_ending(name) for name in names)
    paths, places, missing = [], [], []
    for place, name in enumerate(names):
        try:
            paths.append(_find(root, name, unique=endings[_ending(name)] == 1))
            places.append(place)
        except (DataError, ValueError, OSError) as error:  # a name may be too long, or hold a zero byte
            missing.append(BadItem(place, name[:200], str(error)))
    if not paths:
        there = sorted(entry.name for entry in root.iterdir())[:3]
        raise DataError(
            f"{root.name}: none of the {len(names)} pictures is in this folder; the captions name "
            f"{', '.join(map(repr, list(names)[:3]))}, and the folder holds "
            f"{', '.join(map(repr, there)) or 'nothing'}: choose the folder of the pictures, or correct the names"
        )
    return Found(tuple(paths), tuple(places), tuple(missing))


def _ending(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _find(root: Path, name: str, *, unique: bool) -> Path:
    base = os.path.abspath(root)  # not resolve: links that a person put into his folder are his choice
    for candidate in (name, name.replace("\\", "/"), *([_ending(name)] if unique else [])):
        path = os.path.abspath(os.path.join(base, candidate))
        if not path.startswith(base.rstrip(os.sep) + os.sep):
            if candidate == name:
                raise DataError("the name leads out of the folder of pictures; name files inside it")
        elif os.path.isfile(path):
            return Path(path)
    raise DataError("there is no such file in the folder; bring it, or correct the name")
