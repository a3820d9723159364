"""Where the pictures lie that captions name, and a file as an upright RGB image, judged before it is unpacked."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from pico_core.common.errors import DataError
from pico_core.encoders.captions import Captions
from pico_core.encoders.protocol import BadItem

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm", ".avif")
MAX_FILES = 200_000
LISTED = 5


@dataclass(frozen=True)
class FoundPictures:
    """Where pictures lie.

    Attributes:
        paths: Files of the pictures that are there.
        positions: The position of each among the names that were asked for.
        missing: The others, with reasons.
    """

    paths: tuple[Path, ...]
    positions: tuple[int, ...]
    missing: tuple[BadItem, ...]


def find_pictures(folder: Path | str, names: Sequence[str]) -> FoundPictures:
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
    paths, positions, missing = [], [], []
    for position, name in enumerate(names):
        try:
            paths.append(_find(root, name, unique=endings[_ending(name)] == 1))
            positions.append(position)
        except (DataError, ValueError, OSError) as error:  # a name may be too long, or hold a zero byte
            missing.append(BadItem(position, name[:200], str(error)))
    if not paths:
        there = sorted(entry.name for entry in root.iterdir())[:3]
        raise DataError(
            f"{root.name}: none of the {len(names)} pictures is in this folder; the captions name "
            f"{', '.join(map(repr, list(names)[:3]))}, and the folder holds "
            f"{', '.join(map(repr, there)) or 'nothing'}: choose the folder of the pictures, or correct the names"
        )
    return FoundPictures(tuple(paths), tuple(positions), tuple(missing))


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
        pictures: Where the named pictures lie, and which are missing.
        unnamed: Pictures of the folder that no caption names; they are not encoded.
    """

    folder: Path
    captions: Captions
    pictures: FoundPictures
    unnamed: tuple[str, ...]

    def check_complete(self) -> None:
        """Refuse at once, by their names, pictures that would be refused one after the other.

        Raises:
            DataError: a named picture is not there.
        """
        missing = self.pictures.missing
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
    pictures = find_pictures(folder, captions.images)
    known = set(map(str, pictures.paths))
    others = (path for path in _pictures_below(os.path.abspath(folder)) if path not in known)
    return Survey(Path(folder), captions, pictures, tuple(os.path.relpath(path, folder) for path in sorted(others)))


def is_picture_name(name: str) -> bool:
    """Whether a file bears the name of a picture, and not that of a system's note about one.

    >>> [is_picture_name(name) for name in ("a/b.JPG", "b.csv", "__MACOSX/a/._b.JPG")]
    [True, False, False]
    """
    return name.lower().endswith(PICTURES) and not is_hidden(name.replace("\\", "/"))


def is_hidden(name: str) -> bool:
    """Whether a file, or a folder that holds it, is a system's own."""
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _pictures_below(folder: str) -> list[str]:
    paths = (os.path.join(parent, name) for parent, _, names in os.walk(folder) for name in names)
    return [path for path in islice(paths, MAX_FILES) if is_picture_name(os.path.relpath(path, folder))]


EMPTY = "the file is empty (0 bytes); copy it again"
MAX_PIXELS = 80_000_000  # below the size at which Pillow itself begins to warn
ORIENTATION = 0x0112  # of the EXIF notes
BAND_PIXELS = 4_000_000  # that are looked at together
# Only formats that Pillow reads by itself; EPS, for one, would start another program.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "AVIF")

Box = tuple[int, int, int, int]


def read_picture(path: Path) -> Image.Image:
    """The picture in a file, turned upright, in RGB. The first frame of an animation.

    Raises:
        DataError: missing, empty, no picture, too many pixels, cut short. The message says what
            and the mend; whoever knows the file's name puts it in front.
    """
    if not path.is_file():
        problem = "it is no regular file" if path.exists() else "there is no such file"
        raise DataError(f"{problem}; correct the name or bring the picture")
    if path.stat().st_size == 0:
        raise DataError(EMPTY)
    return _read(path)


def picture_of(data: bytes) -> Image.Image:
    """The picture in the bytes of a file, as `read_picture` reads it and under the same guards.

    Raises:
        DataError: as there.
    """
    if not data:
        raise DataError(EMPTY)
    return _read(BytesIO(data))


def _read(source: Path | BytesIO) -> Image.Image:
    Image.init()
    try:
        with Image.open(source, formats=[name for name in FORMATS if name in Image.OPEN]) as image:
            check_pixels(image)
            return upright_rgb(image)
    except DataError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(_too_large(str(error).split(",", maxsplit=1)[0])) from error
    except UnidentifiedImageError as error:
        raise DataError(f"it is no picture that can be read here; expected one of {', '.join(FORMATS)}") from error
    except Exception as error:  # decoders of damaged files raise anything at all
        reason = (str(error).splitlines() or [""])[0][:120]
        raise DataError(
            f"the picture is cut short or damaged ({type(error).__name__}: {reason}); copy it again"
        ) from error


def check_pixels(image: Image.Image) -> None:
    """Refuse a picture whose header declares too many pixels; nothing of it is unpacked yet."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise DataError(_too_large(f"it declares {width} x {height} pixels"))


def _too_large(size: str) -> str:
    return f"{size}; the limit is {MAX_PIXELS // 10**6} million pixels, against pictures made to fill the memory"


def upright_rgb(image: Image.Image) -> Image.Image:
    """The image as people see it: turned as its EXIF note says, transparency over white, 16 bits as 8.

    >>> upright_rgb(Image.new("RGBA", (1, 1), (255, 0, 0, 0))).getpixel((0, 0))
    (255, 255, 255)
    """
    image.load()
    image = _upright(image)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    flat = Image.new("RGB", image.size, (255, 255, 255))
    for box in _bands(image):
        seen = image.crop(box).convert("RGBA")
        flat.paste(Image.alpha_composite(Image.new("RGBA", seen.size, (255, 255, 255, 255)), seen).convert("RGB"), box)
    return flat


def _upright(image: Image.Image) -> Image.Image:
    try:
        turned = image.getexif().get(ORIENTATION, 1) != 1  # without a copy, which the largest have no room for
        return ImageOps.exif_transpose(image) if turned else image
    except Exception:  # a damaged note about the orientation is no reason to lose the picture
        return image


def _eight_bits(image: Image.Image) -> Image.Image:
    """Grey values of more than 8 bits: 0 to 1 and 0 to 65535 are scaled, 0 to 255 stays."""
    top = max(float(_values(image, box).max()) for box in _bands(image))
    grey = Image.new("L", image.size)
    for box in _bands(image):
        values = _values(image, box)
        if image.mode.startswith("I;16") or (image.mode == "I" and top > 255):
            values = values / 257
        elif image.mode == "F" and top <= 1:
            values = values * 255
        grey.paste(Image.fromarray(values.clip(0, 255).round().astype(np.uint8)), box)
    return grey


def _values(image: Image.Image, box: Box) -> NDArray[np.float64]:
    return np.nan_to_num(np.asarray(image.crop(box), dtype=np.float64))


def _bands(image: Image.Image) -> list[Box]:
    """The whole image in bands: in one piece, the largest ones would take gigabytes on their way to RGB."""
    width, height = image.size
    rows = max(1, BAND_PIXELS // width)
    return [(0, top, width, min(top + rows, height)) for top in range(0, height, rows)]
