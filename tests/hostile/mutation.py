"""Valid files made hostile: bytes and values changed by a seeded generator, checksums and lengths kept right or not."""

import io
import json
import re
import struct
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
import polars as pl

Change = Callable[[bytes, np.random.Generator, Sequence[bytes]], bytes]

EDGES = (0, 1, 127, 255, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1, 2**63, 2**64 - 1)
NUMBERS = (b"0", b"-1", b"1e999", b"nan", b"-inf", b"-0.0", b"9" * 20, b"9" * 5000, b"1e-400", b"0.5", b"4294967296")
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
OUTSIDE = "../outside/secret"
WORDS = (
    OUTSIDE, "/etc/passwd", "C:\\x", "<script>alert(1)</script>", "![x](http://example.invalid/x.png)",
    "\u202egnp.a",
    "👩‍👩‍👧‍👦", "e\u0301" * 40, "\0", "\r\n", "[/b]", "%{x}", "\x1b[31m", '"', "'", ",", "\t",
    "=HYPERLINK(\"x\")", "{}", "null", "\ufeff",
)  # fmt: skip
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 3, 2**31, 2**63, -(2**64), 10**400, 0.5, -0.5, 1e308, float("nan"), float("inf"), "", " ",
    "x" * 5000, *WORDS, [], {}, [[]], [1, 2], ["a"], {"": None}, {"a": {"b": []}},
)  # fmt: skip


def mutated(content: bytes, draw: np.random.Generator, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes of the bytes of a file.

    Args:
        content: Of a valid file.
        draw: Decides the changes.
        others: Contents that slices are taken from.
    """
    for _ in range(draw.integers(1, 5)):
        content = CHANGES[draw.integers(len(CHANGES))](content, draw, (content, *others))
    return content


def _place(content: bytes, draw: np.random.Generator) -> int:
    """Anywhere, or near the ends: headers lie at the front, directories at the end."""
    near = min(len(content), 400)
    low, high = ((0, len(content)), (0, near), (len(content) - near, len(content)))[draw.integers(3)]
    return int(draw.integers(low, high + 1))


def _flip(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    at = _place(content, draw)
    return content[:at] + bytes(byte ^ 1 << int(draw.integers(8)) for byte in content[at : at + 1]) + content[at + 1 :]


def _cut(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    return content[: _place(content, draw)]


def _leave_out(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    at = _place(content, draw)
    return content[:at] + content[at + int(draw.integers(1, 40)) :]


def _insert(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    at = _place(content, draw)
    word = draw.bytes(int(draw.integers(1, 9))) if draw.random() < 0.5 else WORDS[draw.integers(len(WORDS))].encode()
    return content[:at] + word + content[at:]


def _repeat(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    at, length = _place(content, draw), int(draw.integers(1, 60))
    times = int(draw.choice([1, 2, 30, 20_000 // length]))
    return content[:at] + content[at : at + length] * times + content[at:]


def _splice(content: bytes, draw: np.random.Generator, others: Sequence[bytes]) -> bytes:
    other, at = others[draw.integers(len(others))], _place(content, draw)
    start = _place(other, draw)
    part = other[start : start + int(draw.integers(1, 200))]
    return content[:at] + part + content[at + len(part) * int(draw.integers(2)) :]


def _number_of_bytes(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    at, width = _place(content, draw), int(draw.choice([1, 2, 4, 8]))
    value = EDGES[draw.integers(len(EDGES))] % 256**width
    return content[:at] + value.to_bytes(width, ("little", "big")[draw.integers(2)]) + content[at + width :]


def _number_of_text(content: bytes, draw: np.random.Generator, _: Sequence[bytes]) -> bytes:
    found = list(NUMBER.finditer(content[:20_000]))
    if not found:
        return _flip(content, draw, ())
    one = found[draw.integers(len(found))]
    return content[: one.start()] + NUMBERS[draw.integers(len(NUMBERS))] + content[one.end() :]


CHANGES: tuple[Change, ...] = (
    _flip, _cut, _leave_out, _insert, _repeat, _splice, _number_of_bytes, _number_of_bytes, _number_of_text,
)  # fmt: skip


# --- Files whose form is kept -----------------------------------------------------------------


def odd_tree(tree: Any, draw: np.random.Generator) -> Any:
    """A tree of lists and dictionaries in which one value is replaced, taken out, wrapped, or given twice."""
    tree = json.loads(json.dumps(tree))
    places = [
        (holder, key)
        for holder in _holders(tree)
        for key in (holder if isinstance(holder, dict) else range(len(holder)))
    ]
    if not places:
        return ODD[draw.integers(len(ODD))]
    holder, key = places[draw.integers(len(places))]
    match draw.integers(6):
        case 0:
            del holder[key]
        case 1:
            holder[key] = [holder[key]]
        case 2:
            other, name = places[draw.integers(len(places))]
            holder[key] = json.loads(json.dumps(other[name]))
        case 3 if isinstance(holder, dict):
            holder[str(ODD[draw.integers(len(ODD))])[:200]] = holder[key]
        case _:
            holder[key] = ODD[draw.integers(len(ODD))]
    return tree


def _holders(tree: Any) -> list[Any]:
    if not isinstance(tree, dict | list):
        return []
    return [tree, *(held for value in (tree.values() if isinstance(tree, dict) else tree) for held in _holders(value))]


def odd_json(content: bytes, draw: np.random.Generator) -> bytes:
    """JSON, or JSON lines, with an odd value."""
    lines = content.splitlines() if content[:1] == b"{" and content.count(b"\n{") else [content]
    at = draw.integers(len(lines))
    lines[at] = json.dumps(odd_tree(json.loads(lines[at]), draw), ensure_ascii=bool(draw.integers(2))).encode(
        errors="replace"
    )
    return b"\n".join(lines)


def odd_toml(content: bytes, draw: np.random.Generator) -> bytes:
    """TOML with an odd value."""
    odd = odd_tree(tomllib.loads(content.decode()), draw)
    return "\n".join(f"{json.dumps(str(name))} = {_toml(value)}" for name, value in odd.items()).encode(
        errors="replace"
    )


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(name))} = {_toml(one)}" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    if value is None or isinstance(value, bool | str):
        return json.dumps(value or "").replace("\x7f", "\\u007f")
    return str(value)


def odd_safetensors(content: bytes, draw: np.random.Generator) -> bytes:
    """A .safetensors file with an odd value in its header, whose length stays right."""
    length = struct.unpack("<Q", content[:8])[0]
    text = json.dumps(odd_tree(json.loads(content[8 : 8 + length]), draw)).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def odd_npy(content: bytes, draw: np.random.Generator) -> bytes:
    """An .npy with another header whose length stays right."""
    length = struct.unpack("<H", content[8:10])[0]
    text = mutated(content[10 : 10 + length], draw)[:60_000]
    return content[:8] + struct.pack("<H", len(text)) + text + content[10 + length :]


def odd_zip(content: bytes, draw: np.random.Generator) -> bytes:
    """A zip with one odd member: its bytes, its name or its attributes; checksums are right."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(held, "w") as new:
        members = old.infolist()
        at = draw.integers(len(members))
        for place, member in enumerate(members):
            inner, written = old.read(member), zipfile.ZipInfo(member.filename)
            written.compress_type = member.compress_type
            if place == at:
                match draw.integers(5):
                    case 0:
                        written.filename = str(WORDS[draw.integers(len(WORDS))]) + member.filename
                    case 1:
                        written.external_attr, written.create_system = int(draw.integers(2**32)), 3
                    case 2 if inner.startswith(b"\x93NUMPY"):
                        inner = odd_npy(inner, draw)
                    case _:
                        inner = mutated(inner, draw)
            new.writestr(written, inner)
    return held.getvalue()


def odd_png(content: bytes, draw: np.random.Generator) -> bytes:
    """A PNG changed inside its chunks, whose checksums are right."""
    at, made = 8, content[:8]
    while at + 12 <= len(content):
        length = struct.unpack(">L", content[at : at + 4])[0]
        inner = content[at + 4 : at + 8 + length]
        if draw.random() < 0.4:
            inner = inner[:4] + mutated(inner[4:], draw)
        made += struct.pack(">L", len(inner) - 4) + inner + struct.pack(">L", zlib.crc32(inner))
        at += 12 + length
    return made


def odd_table(content: bytes, draw: np.random.Generator) -> bytes:
    """A parquet file in which a column has other values, another type or another name."""
    frame = pl.read_parquet(content)
    name, rows = frame.columns[draw.integers(frame.width)], frame.height
    odd: tuple[Any, ...] = (
        [None] * rows, [b"\xff\0"] * rows, [["a", None]] * rows, [{"a": 1}] * rows, [float("nan")] * rows, [-1] * rows,
        [2**63 - 1] * rows, [""] * rows, [WORDS[draw.integers(len(WORDS))]] * rows, [True] * rows, ["x" * 3000] * rows,
        pl.repeat(0, rows, dtype=pl.Datetime, eager=True), pl.repeat(0, rows, dtype=pl.Decimal(30, 2), eager=True),
    )  # fmt: skip
    match draw.integers(5):
        case 0:
            frame = frame.drop(name)
        case 1:
            frame = frame.rename({name: str(WORDS[draw.integers(len(WORDS))])})
        case 2:
            frame = frame.head(int(draw.integers(rows + 1))) if draw.integers(2) else pl.concat([frame, frame])
        case _:
            frame = frame.with_columns(pl.Series(name, odd[draw.integers(len(odd))], strict=False))
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


def odd_query(content: bytes, draw: np.random.Generator) -> bytes:
    """An address in which some parameters have odd values, or those of others."""
    given = parse_qsl(content.decode(), keep_blank_values=True)
    for _ in range(draw.integers(1, 4)):
        at = draw.integers(len(given))
        odd = (
            str(ODD[draw.integers(len(ODD))]),
            NUMBERS[draw.integers(len(NUMBERS))].decode(),
            given[draw.integers(len(given))][1],
        )
        given[at] = given[at][0], odd[draw.integers(3)][:3000]
    return urlencode(given, errors="replace").encode()


STRUCTURE = {  # by the ending of a file
    ".npz": odd_zip, ".pt": odd_zip, ".zip": odd_zip, ".npy": odd_npy, ".safetensors": odd_safetensors, ".png": odd_png,
    ".parquet": odd_table, ".json": odd_json, ".jsonl": odd_json, ".toml": odd_toml,
    ".query": odd_query,
}  # fmt: skip
