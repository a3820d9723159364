"""What there is to encode, before a single picture is opened."""

import os
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from pico_core.encoders.captions.reading import Captions
from pico_core.encoders.folders import Found, find_pictures
from pico_core.errors import DataError

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".avif")
MAX_FILES = 200_000
LISTED = 5


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
