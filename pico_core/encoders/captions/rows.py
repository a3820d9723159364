"""One row per caption: the form in which every reader of captions hands on what it read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from pico_core.errors import DataError
from pico_core.formats.roles import canonical

IMAGE_NAMES = (
    "image", "filename", "file_name", "image_name", "image_file", "image_path", "filepath", "file", "path", "img",
    "picture", "photo", "image_id", "id",
)  # fmt: skip
CAPTION_NAMES = ("caption", "captions", "text", "texts", "sentence", "sentences", "raw", "description", "comment")
NUMBERED = re.compile(r"(caption|text|sentence|comment)s?_?\d+")
MAX_LABELS = 32


@dataclass(frozen=True)
class Choice:
    """The columns that a person chose; empty where the common names decide."""

    image: str | None = None
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rows:
    """Captions as a file has them.

    Attributes:
        images: The picture of each row.
        captions: Its caption; None where the row only names a picture.
        labels: Other columns, with the same rows.
    """

    images: list[str]
    captions: list[str | None]
    labels: pl.DataFrame = field(default_factory=pl.DataFrame)


@dataclass(frozen=True)
class Columns:
    """The columns of a table by what they are.

    Attributes:
        image: Names the picture.
        captions: Hold captions.
        labels: All others, as many as are read.
    """

    image: str
    captions: tuple[str, ...]
    labels: tuple[str, ...]


def choose(names: Sequence[str], choice: Choice) -> Columns:
    """Which column names the picture and which hold captions: the chosen ones, else by common names.

    Raises:
        DataError: a chosen column does not exist, or no column has a common name.

    >>> choose(["image", "caption_1", "caption_2", "split"], Choice())
    Columns(image='image', captions=('caption_1', 'caption_2'), labels=('split',))
    """
    found = f"the columns are {', '.join(repr(name[:40]) for name in names[:20])}"
    for name in (choice.image, *choice.captions):
        if name is not None and name not in names:
            raise DataError(f"there is no column {name!r}; {found}")
    known = {canonical(name): name for name in reversed(names)}
    captions = choice.captions
    if not captions:
        plain = [known[name] for name in CAPTION_NAMES if name in known and known[name] != choice.image]
        numbered = tuple(name for name in names if NUMBERED.fullmatch(canonical(name)))
        captions = tuple(plain[:1]) or numbered
    image = choice.image or next((known[n] for n in IMAGE_NAMES if n in known and known[n] not in captions), None)
    if image is None or not captions:
        lacking = (
            "names the pictures (image, filename, ...)" if image is None else "holds captions (caption, text, ...)"
        )
        raise DataError(f"no column {lacking}; {found}: name the columns of the pictures and of the captions")
    labels = [name for name in names if name != image and name not in captions]
    return Columns(image, captions, tuple(labels[:MAX_LABELS]))


def spoken(value: object, image: str) -> list[str | None]:
    """The captions in one cell: a sentence, a list of sentences, or nothing.

    >>> spoken(["a dog", "a brown dog"], "a.jpg"), spoken(None, "a.jpg")
    (['a dog', 'a brown dog'], [None])
    """
    values = value if isinstance(value, list | tuple) else [value]
    for item in values:
        if not (item is None or isinstance(item, str)):
            raise DataError(f"the caption of {image[:60]!r} is a {type(item).__name__}; expected a sentence")
    return list(values) or [None]


def picture_name(value: object, row: int) -> str:
    """The name of a picture as a file gives it."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise DataError(
            f"row {row + 1} names its picture by a {type(value).__name__}; expected the name of a file: pictures that "
            "lie inside the table must be saved as files first"
        )
    return str(value)


def table_rows(table: Mapping[str, Sequence[Any] | pl.Series], choice: Choice) -> Rows:
    """The captions of a table by its columns; the cells of all but labels are judged."""
    columns = choose(list(table), choice)
    images, captions, owners = [], [], []
    for row, value in enumerate(table[columns.image]):
        name = picture_name(value, row)
        spoken_here = [caption for column in columns.captions for caption in spoken(table[column][row], name)]
        images.extend([name] * len(spoken_here))
        captions.extend(spoken_here)
        owners.extend([row] * len(spoken_here))
    labels = pl.DataFrame({name: table[name] for name in columns.labels})
    return Rows(images, captions, labels[owners] if labels.width else labels)
