"""`Captions`: which sentence belongs to which picture, read from whatever file people keep that in."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from pico_core.common.errors import DataError
from pico_core.data.pairs import RESERVED_IMAGE_COLUMNS, RESERVED_TEXT_COLUMNS
from pico_core.encoders.caption_rows import (
    CAPTION_NAMES,
    DELIMITERS,
    IMAGE_NAMES,
    Choice,
    Rows,
    coco_rows,
    delimited_rows,
    delimiter_of,
    dictionary_rows,
    karpathy_rows,
    parquet_rows,
    record_rows,
    token_file_rows,
)
from pico_core.storage.headers import PICKLE, naming, reading

MAX_TEXT_BYTES = 2**30
TOKEN_LINE = re.compile(r"^[^\t#]+#[^\t#]+\t")
BYTE_MARKS = (b"\xff\xfe", b"\xfe\xff")
FOREIGN = {
    b"\x80": PICKLE,
    b"PK": "it is a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
    b"\x1f\x8b": "it is packed with gzip; unpack it first",
    b"\x93NUMPY": "it is a NumPy array; save the captions as CSV with the columns image and caption",
    b"\xff\xd8\xff": "it is a picture; name the file of the captions",
    b"\x89PNG": "it is a picture; name the file of the captions",
}
CaptionFormat = Literal["delimited", "parquet", "records", "dictionary", "coco", "karpathy", "flickr tokens"]
ROWS: Final[dict[CaptionFormat, Callable[[Any, Choice], Rows]]] = {
    "delimited": delimited_rows,
    "parquet": parquet_rows,
    "records": record_rows,
    "dictionary": dictionary_rows,
    "coco": coco_rows,
    "karpathy": karpathy_rows,
    "flickr tokens": token_file_rows,
}
KNOWN = "CSV or TSV with a first line of names, JSON lines, parquet, COCO or Karpathy JSON, Flickr token files"


def recognise(file: Path) -> tuple[CaptionFormat, Any]:
    """The format of a file, with its content: text, what JSON holds, or for parquet the file itself.

    Raises:
        DataError: it is of no known format, is empty, or is too large.
    """
    if _is_parquet(file):
        return "parquet", file
    text = _decoded(file)
    if text.lstrip()[:1] not in ("{", "["):
        return "flickr tokens" if _is_token_file(text) else "delimited", text
    content = _json_content(text)
    if isinstance(content, list):
        return "records", content
    if "annotations" in content:
        return "coco", content
    return "karpathy" if isinstance(content.get("images"), list) else "dictionary", content


def _is_parquet(path: Path) -> bool:
    """Whether a file is parquet; if not, its first bytes are none of another program."""
    size = path.stat().st_size
    if size == 0:
        raise DataError("the file is empty (0 bytes); copy or save it again")
    if size > MAX_TEXT_BYTES:
        raise DataError(f"the file has {size / 2**30:.1f} GiB; the limit is {MAX_TEXT_BYTES / 2**30:g} GiB: divide it")
    with path.open("rb") as stream:
        first = stream.read(8)
    for mark, reason in FOREIGN.items():
        if first.startswith(mark):
            raise DataError(reason)
    return first.startswith(b"PAR1")


def _decoded(path: Path) -> str:
    """The text of a file in UTF-8, or in UTF-16 if its first bytes say so."""
    content = path.read_bytes()
    try:
        text = content.decode("utf-16" if content[:2] in BYTE_MARKS else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"it is not UTF-8 text (byte {error.start} is {content[error.start]:#04x}); save it as UTF-8, or bring one "
            f"of {KNOWN}"
        ) from error
    if "\0" in text:
        raise DataError(f"it holds zero bytes, so it is no text; bring one of {KNOWN}")
    if not text.strip():
        raise DataError("there is nothing in it but white space; copy or save it again")
    return text


def _is_token_file(text: str) -> bool:
    r"""Whether the first line has the form `name.jpg#0<TAB>caption`.

    >>> _is_token_file("12_ab.jpg#0\tA dog runs ."), _is_token_file("image\tcaption")
    (True, False)
    """
    return TOKEN_LINE.match(text.lstrip().split("\n", maxsplit=1)[0]) is not None


def _json_content(text: str) -> dict[str, Any] | list[Any]:
    r"""JSON, or JSON lines as a list of their records.

    >>> _json_content('{"image": "a.jpg"}\n{"image": "b.jpg"}\n')
    [{'image': 'a.jpg'}, {'image': 'b.jpg'}]
    """
    try:
        content = json.loads(text)
    except json.JSONDecodeError as whole:
        return _json_lines(text, whole)
    if isinstance(content, dict) and "\n" not in text.strip() and _is_record(content):
        return [content]  # JSON lines of one line
    if not isinstance(content, dict | list):
        raise DataError(f"its JSON is a {type(content).__name__}; expected records or one of {KNOWN}")
    return content


def _is_record(content: dict[str, Any]) -> bool:
    return any(n in content for n in CAPTION_NAMES) and any(isinstance(content.get(n), str) for n in IMAGE_NAMES)


def _json_lines(text: str, whole: json.JSONDecodeError) -> list[Any]:
    records = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                records.append(json.loads(line))
            except json.JSONDecodeError as error:
                broken = whole if number == 1 else error
                where = f"line {whole.lineno}" if number == 1 else f"line {number}"
                raise DataError(f"its JSON is broken in {where} ({broken.msg}); save it anew") from error
    return records


MAX_COLUMNS = 200


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
    path: Path | str, *, image_column: str | None = None, caption_column: str | Sequence[str] | None = None
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
    if file.is_dir():
        raise DataError(f"{file.name}: is a folder; name the file of the captions")
    _check_there(file)
    names = (caption_column,) if isinstance(caption_column, str) else tuple(caption_column or ())
    choice = Choice(image_column, names)
    with reading(file, "captions"):
        kind, content = recognise(file)
        rows = ROWS[kind](content, choice)
    with naming(file):
        return _assembled(file, kind, rows)


def _check_there(file: Path) -> None:
    if not file.is_file():
        raise DataError(f"{file.name}: there is no such file; check the path")


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
        n_empty=sum(caption is not None and not text for caption, text in zip(rows.captions, sentences, strict=True)),
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
        values = pl.DataFrame({"owner": owners, "value": column}).group_by("owner").agg(pl.col("value").n_unique())
        (per_image if values["value"].max() == 1 and len(values) < len(full) else per_text).append(column.name)
    return per_image, per_text


def _taken(labels: pl.DataFrame, columns: list[str], rows: list[int]) -> pl.DataFrame:
    return labels.select(columns)[rows] if columns else pl.DataFrame()


def caption_columns(path: Path | str) -> tuple[str, ...]:
    """Names of the columns of a table or of records; empty where the format says itself what is what.

    Raises:
        DataError: another kind of file, or damaged.
    """
    file = Path(path)
    _check_there(file)
    with reading(file, "captions"):
        return tuple(dict.fromkeys(_names(file)))[:MAX_COLUMNS]


def _names(file: Path) -> list[str]:
    kind, content = recognise(file)
    if kind == "parquet":
        import pyarrow.parquet as pq

        return [str(name) for name in pq.read_schema(content).names]
    if kind == "records":
        return [str(name) for record in content if isinstance(record, dict) for name in record]
    return _header(content) if kind == "delimited" else []


def _header(text: str) -> list[str]:
    """The names in the first line, divided as the reader divides them, else by what divides it most."""
    first = text.lstrip().split("\n", maxsplit=1)[0]
    try:
        marks: tuple[str, ...] = (delimiter_of(first, Choice()),)
    except DataError:
        marks = DELIMITERS
    divided = (next(csv.reader([first], delimiter=mark, skipinitialspace=True)) for mark in marks)
    return [name.strip() for name in max(divided, key=len)]
