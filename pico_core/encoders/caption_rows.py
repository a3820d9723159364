"""Captions out of tables (delimited text, parquet, token files of Flickr) and JSON (COCO, Karpathy, records), as rows.

One row per caption is the form in which every reader of captions hands on what it read.
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from pico_core.common.errors import DataError
from pico_core.formats.roles import canonical
from pico_core.storage.parquet import check_declared

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

    def add(self, image: str, cell: object) -> int:
        """Add the captions of one cell: a sentence, a list of sentences, or nothing; says how many rows that makes.

        >>> rows = Rows([], [])
        >>> rows.add("a.jpg", ["a dog", "a brown dog"]), rows.add("b.jpg", None), rows.captions
        (2, 1, ['a dog', 'a brown dog', None])
        """
        captions: list[Any] = (list(cell) if isinstance(cell, list | tuple) else [cell]) or [None]
        for caption in captions:
            if not (caption is None or isinstance(caption, str)):
                raise DataError(f"the caption of {image[:60]!r} is a {type(caption).__name__}; expected a sentence")
        self.images.extend([image] * len(captions))
        self.captions.extend(captions)
        return len(captions)


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
    listing = f"the columns are {', '.join(repr(name[:40]) for name in names[:20])}"
    for name in (choice.image, *choice.captions):
        if name is not None and name not in names:
            raise DataError(f"there is no column {name!r}; {listing}")
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
        raise DataError(f"no column {lacking}; {listing}: name the columns of the pictures and of the captions")
    labels = [name for name in names if name != image and name not in captions]
    return Columns(image, captions, tuple(labels[:MAX_LABELS]))


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
    rows, owners = Rows([], []), []
    for row, value in enumerate(table[columns.image]):
        name = picture_name(value, row)
        for column in columns.captions:
            owners.extend([row] * rows.add(name, table[column][row]))
    labels = pl.DataFrame({name: table[name] for name in columns.labels})
    return replace(rows, labels=labels[owners] if labels.width else labels)


DELIMITERS = ("\t", ",", ";", "|")
MAX_ROWS = 10_000_000
MAX_CHARACTERS = 2**30
ROWS_AT_ONCE = 1024
csv.field_size_limit(MAX_CHARACTERS)  # a caption may be long: the module's own limit is 128 KiB, for the whole process


def token_file_rows(text: str, _choice: Choice) -> Rows:
    """Flickr8k and Flickr30k: one caption per line, `name.jpg#0<TAB>caption`."""
    rows = Rows([], [])
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        name, tab, caption = line.partition("\t")
        image, mark, _ = name.rpartition("#")
        if not tab or not mark:
            raise DataError(f"line {number} is {line[:60]!r}; expected name.jpg#0, a tabulator and the caption")
        rows.add(image, caption)
    return rows


def delimited_rows(text: str, choice: Choice) -> Rows:
    """A table with a first line of names, divided by tabulators, commas, semicolons or bars."""
    first = text.lstrip().split("\n", maxsplit=1)[0]
    delimiter = delimiter_of(first, choice)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    header: list[str] = []
    table: list[list[str]] = []
    for line in lines:
        if not any(cell.strip() for cell in line):
            continue
        if not header:
            header = [name.strip() for name in line]
        elif len(line) != len(header):
            raise DataError(
                f"line {lines.line_num} has {len(line)} fields, but the first line names {len(header)}; put captions "
                "that hold the separator into quotation marks"
            )
        else:
            table.append(line)
    if len(set(header)) != len(header):
        raise DataError(
            f"the first line names a column twice: {', '.join(header)}; give every column a name of its own"
        )
    if not table:
        raise DataError("it has a first line of names and no row; check which file it is")
    return table_rows(dict(zip(header, map(list, zip(*table, strict=True)), strict=True)), choice)


def delimiter_of(first: str, choice: Choice) -> str:
    """The character that divides the first line into names among which the needed ones are."""
    refusal = None
    for delimiter in DELIMITERS:
        names = [name.strip() for name in next(csv.reader([first], delimiter=delimiter, skipinitialspace=True))]
        if len(names) > 1:
            try:
                choose(names, choice)
            except DataError as error:
                refusal = refusal or error
            else:
                return delimiter
    raise refusal or DataError(
        f"its first line is {first[:80]!r}; expected names of columns, such as image,caption, with one row per caption "
        "below, or another of the known formats"
    )


def parquet_rows(path: Path, choice: Choice) -> Rows:
    """A parquet table, read a little at a time, so that nothing expands beyond its limit."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        if file.metadata.num_rows > MAX_ROWS:
            raise DataError(f"it declares {file.metadata.num_rows} rows; the limit is {MAX_ROWS}: divide it")
        columns = choose(file.schema_arrow.names, choice)
        plain = [
            name
            for name in columns.labels
            if (kind := file.schema_arrow.field(name).type) in (pa.string(), pa.large_string(), pa.bool_())
            or pa.types.is_integer(kind)
            or pa.types.is_floating(kind)
        ]
        wanted = [columns.image, *columns.captions, *plain]
        check_declared(path, columns=wanted)
        table: dict[str, list[Any]] = {name: [] for name in wanted}
        size = 0
        for batch in file.iter_batches(ROWS_AT_ONCE, columns=wanted):
            size += batch.nbytes
            if size > MAX_CHARACTERS:
                raise DataError(
                    f"its columns take more than {MAX_CHARACTERS / 2**30:g} GiB; keep fewer or shorter ones"
                )
            for name in wanted:
                table[name].extend(batch.column(name).to_pylist())
    return table_rows(table, choice)


def coco_rows(content: dict[str, Any], _choice: Choice) -> Rows:
    """COCO captions: `images` have ids and file names, `annotations` have ids and captions."""
    images, notes = _records(content, "images"), _records(content, "annotations")
    names: dict[object, str] = {}
    for row, image in enumerate(images):
        if image.get("id") in names:
            raise DataError(f"two images have the id {image.get('id')!r}; give every image one of its own")
        names[image.get("id")] = picture_name(image.get("file_name"), row)
    if notes and "caption" not in notes[0]:
        raise DataError("its annotations hold no captions, as those of objects do; name the file captions_....json")
    rows = Rows([], [])
    for note in notes:
        if note.get("image_id") not in names:
            raise DataError(f"a caption belongs to image {note.get('image_id')!r}, which is not among its images")
        rows.add(names[note["image_id"]], note.get("caption"))
    described = set(rows.images)
    for name in names.values():
        if name not in described:
            rows.add(name, None)
    return rows


def karpathy_rows(content: dict[str, Any], _choice: Choice) -> Rows:
    """Karpathy's splits: every image has a file name, sentences with `raw`, and a split, kept as a label."""
    rows, splits = Rows([], []), []
    for row, image in enumerate(_records(content, "images")):
        name = picture_name(image.get("filename"), row)
        name = f"{image['filepath']}/{name}" if isinstance(image.get("filepath"), str) else name
        sentences = image.get("sentences")
        if not isinstance(sentences, list) or not all(isinstance(sentence, dict) for sentence in sentences):
            raise DataError(f"image {name!r} has no list of sentences; expected Karpathy's form: sentences with raw")
        n_captions = rows.add(name, [sentence.get("raw") for sentence in sentences])
        splits.extend([str(image.get("split", ""))] * n_captions)
    return replace(rows, labels=pl.DataFrame({"split": splits})) if any(splits) else rows


def dictionary_rows(content: dict[str, Any], _choice: Choice) -> Rows:
    """Captions by file name: {"a.jpg": "a dog", "b.jpg": ["a cat", "a small cat"]}."""
    rows = Rows([], [])
    for name, value in content.items():
        if not isinstance(value, str | list):
            raise DataError(
                f"its JSON has the keys {', '.join(map(repr, list(content)[:8]))}, and {name[:60]!r} holds a "
                f"{type(value).__name__}; expected COCO captions, Karpathy's splits, or captions by file name"
            )
        rows.add(name, value)
    return rows


def record_rows(records: list[Any], choice: Choice) -> Rows:
    """Records of any source, one per picture or per caption; other plain fields become labels."""
    if not records or not all(isinstance(record, dict) for record in records):
        raise DataError("its JSON is a list of something else than records; expected one record per caption")
    names = list(dict.fromkeys(str(name) for record in records for name in record))
    columns = choose(names, choice)
    table = {name: [record.get(name) for record in records] for name in (columns.image, *columns.captions)}
    labels = {name: _plain([record.get(name) for record in records]) for name in columns.labels}
    return table_rows({**table, **{name: values for name, values in labels.items() if values is not None}}, choice)


def _plain(values: list[Any]) -> pl.Series | None:
    """Text, numbers or flags as a column; None for lists and records."""
    if any(not (value is None or isinstance(value, str | int | float | bool)) for value in values):
        return None
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) != 1 or kinds == {int}:  # whole numbers may be of any size
        return pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
    return pl.Series(values)


def _records(content: dict[str, Any], name: str) -> list[dict[str, Any]]:
    records = content.get(name)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise DataError(
            f"{name!r} is not a list of records, as COCO and Karpathy files have it; check which file it is"
        )
    return records
