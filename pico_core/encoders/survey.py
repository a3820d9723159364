"""What there is to encode, before a single picture is opened: where the pictures lie that captions name."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pico_core.encoders.captions.reading import Captions
from pico_core.encoders.protocol import BadItem
from pico_core.errors import DataError

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".avif")
MAX_FILES = 200_000
LISTED = 5


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


@dataclass(frozen=True, eq=False)
class Survey:
    """A folder of pictures and the captions that go with it.

    Attributes:
        folder: Of the pictures.
        captions: What was read.
        found: Where the named pictures lie, and which are missing.
        unnamed: Pictures of the folder that no caption names; they are not encoded.
    """

    folder: Path
    captions: Captions
    found: Found
    unnamed: tuple[str, ...]

    def check_complete(self) -> None:
        """Refuse at once, by their names, pictures that would be refused one after the other.

        Raises:
            DataError: a named picture is not there.
        """
        missing = self.found.missing
        if missing:
            names = ", ".join(item.name for item in missing[:LISTED])
            more = f" and {len(missing) - LISTED} more" if len(missing) > LISTED else ""
            raise DataError(
                f"{self.folder.name}: {len(missing)} of {len(self.captions.images)} pictures cannot be found: {names}"
                f"{more}; {missing[0].reason}, or skip bad items"
            )


def survey(folder: Path | str, captions: Captions) -> Survey:
    """Find the named pictures, and the pictures that nobody names.

    Raises:
        DataError: no such folder, or none of the named pictures is in it.
    """
    found = find_pictures(folder, captions.images)
    known = set(map(str, found.paths))
    others = (path for path in _pictures_below(os.path.abspath(folder)) if path not in known)
    return Survey(Path(folder), captions, found, tuple(os.path.relpath(path, folder) for path in sorted(others)))


def is_picture_name(name: str) -> bool:
    """Whether a file bears the name of a picture, and not that of a system's note about one.

    >>> [is_picture_name(name) for name in ("a/b.JPG", "b.csv", "__MACOSX/a/._b.JPG")]
    [True, False, False]
    """
    parts = name.replace("\\", "/").split("/")
    return parts[-1].lower().endswith(PICTURES) and not any(p.startswith((".", "__MACOSX")) for p in parts)


def _pictures_below(folder: str) -> list[str]:
    paths = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
    return [path for path in islice(paths, MAX_FILES) if is_picture_name(os.path.relpath(path, folder))]
