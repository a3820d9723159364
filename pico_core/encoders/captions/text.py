"""What kind of captions a file holds, from its first bytes and lines."""

import json
import re
from pathlib import Path
from typing import Any, Literal

from pico_core.errors import DataError
from pico_core.storage.headers import PICKLE

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
KNOWN = "CSV or TSV with a first line of names, JSON lines, parquet, COCO or Karpathy JSON, Flickr token files"


def judge_bytes(path: Path) -> Literal["parquet", "text"]:
    """Whether a file is parquet or text.

    Raises:
        DataError: it is neither, is empty, or is too large.
    """
    size = path.stat().st_size
    if size == 0:
        raise DataError("the file is empty (0 bytes); copy or save it again")
    if size > MAX_TEXT_BYTES:
        raise DataError(f"the file has {size / 2**30:.1f} GiB; the limit is {MAX_TEXT_BYTES / 2**30:g} GiB: divide it")
    with path.open("rb") as stream:
        first = stream.read(8)
    if first.startswith(b"PAR1"):
        return "parquet"
    for mark, reason in FOREIGN.items():
        if first.startswith(mark):
            raise DataError(reason)
    return "text"


def decoded(path: Path) -> str:
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


def is_token_file(text: str) -> bool:
    r"""Whether the first line has the form `name.jpg#0<TAB>caption`.

    >>> is_token_file("12_ab.jpg#0\tA dog runs ."), is_token_file("image\tcaption")
    (True, False)
    """
    return TOKEN_LINE.match(text.lstrip().split("\n", maxsplit=1)[0]) is not None


def json_content(text: str) -> dict[str, Any] | list[Any]:
    r"""JSON, or JSON lines as a list of their records.

    >>> json_content('{"image": "a.jpg"}\n{"image": "b.jpg"}\n')
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
    from pico_core.encoders.captions.rows import CAPTION_NAMES, IMAGE_NAMES

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
