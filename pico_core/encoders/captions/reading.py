"""`Captions`: which sentence belongs to which picture, read from whatever file people keep that in."""

import csv
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import polars as pl

from pico_core.data.pairs import RESERVED_IMAGE_COLUMNS, RESERVED_TEXT_COLUMNS
from pico_core.encoders.captions.json_files import coco_rows, dictionary_rows, karpathy_rows, record_rows
from pico_core.encoders.captions.rows import Choice, Rows
from pico_core.encoders.captions.tables import DELIMITERS, delimited_rows, delimiter_of, parquet_rows, token_file_rows
from pico_core.encoders.captions.text import decoded, is_token_file, json_content, judge_bytes
from pico_core.errors import DataError
from pico_core.storage.headers import naming, reading

MAX_COLUMNS = 200
CaptionFormat = Literal["delimited", "parquet", "records", "dictionary", "coco", "karpathy", "flickr tokens"]


@dataclass(frozen=True, eq=False)
class Captions:
    """Sentences and the pictures they belong to.

    Attributes:
        path: The file they came from.
        format: What it was recognised as.
        images: Names of the pictures that have a caption, in the order of their first appearance.
        texts: The captions, in the order of the file.
        text_image: The picture of each caption, as a position in `images`.
        image_labels: Other columns that say one thing per picture; one row per picture.
        text_labels: Other columns that say one thing per caption; one row per caption.
        without_caption: Pictures that the file names without any caption; they are left out.
        n_empty: Empty captions, left out.
    """

    path: Path
    format: CaptionFormat
    images: tuple[str, ...]
    texts: tuple[str, ...]
    text_image: tuple[int, ...]
    image_labels: pl.DataFrame
    text_labels: pl.DataFrame
    without_caption: tuple[str, ...]
    n_empty: int

    @cached_property
    def n_repeated(self) -> int:
        """Captions that their own picture has already; they are kept."""
        return len(self.texts) - len(set(zip(self.texts, self.text_image, strict=True)))

    @cached_property
    def n_shared(self) -> int:
        """Captions whose very words belong to more than one picture: no ranking can get them right."""
        owners = Counter(text for text, _ in set(zip(self.texts, self.text_image, strict=True)))
        return sum(owners[text] > 1 for text in self.texts)

    @property
    def texts_per_image(self) -> tuple[int, int]:
        """Fewest and most captions that a picture has."""
        counts = Counter(self.text_image).values()
        return min(counts), max(counts)


def read_captions(
    path: Path | str,
    *,
    image_column: str | None = None,
    caption_column: str | Sequence[str] | None = None,
) -> Captions:
    """Read captions from a file, recognised by what is in it and never by its name.

    Known are: CSV, TSV and other tables with a first line of names; JSON lines or a JSON list of
    records; parquet; a JSON dictionary of captions by file name; COCO captions; Karpathy's splits;
    the token files of Flickr8k and Flickr30k (`name.jpg#0<TAB>caption`). A picture may have several
    captions: several rows, a list in one row, or several columns.

    Args:
        path: The file.
        image_column: The column of file names in a table or in records; default by common names.
        caption_column: The column, or columns, of captions; default by common names.

    Raises:
        DataError: another kind of file, damaged, or without captions; names the file, what was
            found and the mend.
    """
    file = Path(path)
    if not file.is_file():
        found = (
            "is a folder; name the file of the captions" if file.is_dir() else "there is no such file; check the path"
        )
        raise DataError(f"{file.name}: {found}")
    names = (caption_column,) if isinstance(caption_column, str) else tuple(caption_column or ())
    choice = Choice(image_column, names)
    with reading(file, "captions"):
        kind, rows = _recognised(file, choice)
    with naming(file):
        return _assembled(file, kind, rows)


def _recognised(file: Path, choice: Choice) -> tuple[CaptionFormat, Rows]:
    if judge_bytes(file) == "parquet":
        return "parquet", parquet_rows(file, choice)
    text = decoded(file)
    if text.lstrip()[:1] in ("{", "["):
        return _recognised_json(json_content(text), choice)
    if is_token_file(text):
        return "flickr tokens", token_file_rows(text)
    return "delimited", delimited_rows(text, choice)


def _recognised_json(content: dict[str, Any] | list[Any], choice: Choice) -> tuple[CaptionFormat, Rows]:
    if isinstance(content, list):
        return "records", record_rows(content, choice)
    if "annotations" in content:
        return "coco", coco_rows(content)
    if isinstance(content.get("images"), list):
        return "karpathy", karpathy_rows(content)
    return "dictionary", dictionary_rows(content)


def _assembled(file: Path, kind: CaptionFormat, rows: Rows) -> Captions:
    named = [name.strip() for name in rows.images]
    if "" in named:
        raise DataError(f"row {named.index('') + 1} names no picture; every caption needs the file name of its picture")
    sentences = [" ".join((caption or "").split()) for caption in rows.captions]
    full = [row for row, sentence in enumerate(sentences) if sentence]
    if not full:
        raise DataError("it holds no caption; every caption is empty")
    places: dict[str, int] = {}
    for row in full:
        places.setdefault(named[row], len(places))
    owners = [places[named[row]] for row in full]
    firsts = list(dict(zip(reversed(owners), reversed(full), strict=True)).items())
    per_image, per_text = _divided(rows.labels, full, owners)
    return Captions(
        path=file,
        format=kind,
        images=tuple(places),
        texts=tuple(sentences[row] for row in full),
        text_image=tuple(owners),
        image_labels=_taken(rows.labels, per_image, [row for _, row in sorted(firsts)]),
        text_labels=_taken(rows.labels, per_text, full),
        without_caption=tuple(dict.fromkeys(name for name in named if name not in places)),
        n_empty=sum(caption is not None and not said for caption, said in zip(rows.captions, sentences, strict=True)),
    )


def _divided(labels: pl.DataFrame, full: list[int], owners: list[int]) -> tuple[list[str], list[str]]:
    """Label columns that say one thing per picture, and the others; names the data set uses itself are left out."""
    if not labels.width:
        return [], []
    taken = {*RESERVED_IMAGE_COLUMNS, *RESERVED_TEXT_COLUMNS, ""}
    per_image: list[str] = []
    per_text: list[str] = []
    for column in labels[full].iter_columns():
        if column.name in taken:
            continue
        said = pl.DataFrame({"owner": owners, "value": column}).group_by("owner").agg(pl.col("value").n_unique())
        (per_image if said["value"].max() == 1 and len(said) < len(full) else per_text).append(column.name)
    return per_image, per_text


def _taken(labels: pl.DataFrame, columns: list[str], rows: list[int]) -> pl.DataFrame:
    return labels.select(columns)[rows] if columns else pl.DataFrame()


def caption_columns(path: Path | str) -> tuple[str, ...]:
    """Names of the columns of a table or of records; empty where the format says itself what is what.

    Raises:
        DataError: another kind of file, or damaged.
    """
    file = Path(path)
    if not file.is_file():
        raise DataError(f"{file.name}: there is no such file; check the path")
    with reading(file, "captions"):
        return tuple(dict.fromkeys(_names(file)))[:MAX_COLUMNS]


def _names(file: Path) -> list[str]:
    if judge_bytes(file) == "parquet":
        import pyarrow.parquet as pq

        return [str(name) for name in pq.read_schema(file).names]
    text = decoded(file)
    if text.lstrip()[:1] in ("{", "["):
        content = json_content(text)
        records = content if isinstance(content, list) else []
        return [str(name) for record in records if isinstance(record, dict) for name in record]
    return [] if is_token_file(text) else _header(text)


def _header(text: str) -> list[str]:
    """The names in the first line, divided as the reader divides them, else by what divides it most."""
    first = text.lstrip().split("\n", maxsplit=1)[0]
    try:
        marks: tuple[str, ...] = (delimiter_of(first, Choice()),)
    except DataError:
        marks = DELIMITERS
    divided = (next(csv.reader([first], delimiter=mark, skipinitialspace=True)) for mark in marks)
    return [name.strip() for name in max(divided, key=len)]
