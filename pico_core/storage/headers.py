"""What a file says it holds, read and checked before any array of it is allocated."""

import io
import json
import math
import struct
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from pico_core.common.errors import DataError

MIB = 2**20
MAX_DECLARED_BYTES = 16 * 2**30  # all arrays of one file together
# Masks that are almost constant and padded captions shrink a lot, real embeddings do not: what
# shrinks more than MAX_RATIO may take this much memory in all, and no more.
MAX_RATIO = 200
SQUEEZED_BYTES = 256 * MIB
MAX_MEMBERS = 4096
MAX_HEADER_BYTES = 16 * MIB
MAX_NPY_HEADER_BYTES = 10_000  # NumPy's own limit
MAX_AXIS = 2**40
PICKLE = "it is a pickle, which can run code when it is opened; save the arrays with np.savez or as safetensors"
FOLDER = 0x10  # of a zip member's attributes
SAFETENSORS_TYPES = {
    "BOOL": ("bool", 1), "U8": ("uint8", 1), "I8": ("int8", 1), "U16": ("uint16", 2), "I16": ("int16", 2),
    "U32": ("uint32", 4), "I32": ("int32", 4), "U64": ("uint64", 8), "I64": ("int64", 8),
    "F16": ("float16", 2), "BF16": ("bfloat16", 2), "F32": ("float32", 4), "F64": ("float64", 8),
}  # fmt: skip

ArrayKind = Literal["floating", "integer", "flag", "text", "other"]


@dataclass(frozen=True)
class ArrayHeader:
    """One array as its file declares it.

    Attributes:
        name: Its name in the file.
        shape: Its axes.
        dtype: "float16", "bfloat16", "int64", "bool", "text" and so on.
        nbytes: Memory that it will take.
        start: Where its bytes begin in the file, where they lie there as they are (safetensors).
        role: What a dataset uses it as, None if it is not used or not yet known.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    nbytes: int
    start: int = 0
    role: str | None = None

    @property
    def kind(self) -> ArrayKind:
        """What sort of values it holds."""
        if self.dtype in ("float16", "bfloat16", "float32", "float64"):
            return "floating"
        if self.dtype.removeprefix("u") in ("int8", "int16", "int32", "int64"):
            return "integer"
        if self.dtype == "bool":
            return "flag"
        return "text" if self.dtype == "text" else "other"

    def __str__(self) -> str:
        return f"{self.name!r} {list(self.shape)} {self.dtype}"


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of every DataError that is raised inside."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{path.name}: {error}") from error


@contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Like `naming`, and whatever a parser raises on a damaged file becomes a DataError too."""
    with naming(path):
        try:
            yield
        except DataError:
            raise
        # Parsers of foreign bytes raise anything at all, and polars even panics outside Exception.
        except (Exception, pl.exceptions.PanicException) as error:
            summary = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0][:160]}"
            reason = "it is nested too deeply" if isinstance(error, RecursionError) else summary
            raise DataError(
                f"it cannot be read as {kind} ({reason}); "
                "the file is damaged or of another kind: copy it again, or save it anew"
            ) from error


def check_file(path: Path, extensions: tuple[str, ...]) -> None:
    """The file must be there, hold something and be of a known kind."""
    if not path.exists():
        raise DataError(f"{path.name}: there is no such file in {path.parent}; check the path")
    if not path.is_file():
        raise DataError(f"{path.name}: is a folder; name a file ({', '.join(extensions)})")
    if path.suffix.lower() not in extensions:
        raise DataError(
            f"{path.name}: files ending in {path.suffix or 'nothing'} are not known here; expected one of "
            f"{', '.join(extensions)}: save the data in one of these"
        )
    if path.stat().st_size == 0:
        raise DataError(f"{path.name}: the file is empty (0 bytes); copy or save it again")


def check_axes(name: str, shape: tuple[int, ...]) -> None:
    """Axes must be whole numbers that a machine can count to."""
    if any(not 0 <= axis <= MAX_AXIS for axis in shape):
        raise DataError(f"array {name!r}: the header declares the impossible shape {list(shape)}; save it anew")


def check_total(headers: tuple[ArrayHeader, ...]) -> tuple[ArrayHeader, ...]:
    """The headers, if all their arrays together stay below the limit."""
    if not headers:
        raise DataError("the file holds no array; save named arrays, such as image_emb and text_emb")
    total = sum(header.nbytes for header in headers)
    if total > MAX_DECLARED_BYTES:
        raise DataError(
            f"the arrays would take {total / 2**30:.1f} GiB; the limit is {MAX_DECLARED_BYTES / 2**30:g} GiB: "
            "keep fewer items, or store float16"
        )
    return headers


def npy_header(read: Callable[[int], bytes], *, name: str, size: int) -> ArrayHeader:
    """The header of one .npy of `size` bytes, from its reader; it must declare exactly the bytes that follow.

    Raises:
        DataError: not an .npy, an object array, or a header that does not fit the size.
    """
    magic = read(8)
    if magic[:1] == b"\x80":
        raise DataError(f"array {name!r}: {PICKLE}")
    if magic[:6] != b"\x93NUMPY" or len(magic) < 8:
        raise DataError(f"array {name!r} does not begin as a NumPy array does; save it with np.save or np.savez")
    if magic[6:] not in (b"\x01\x00", b"\x02\x00"):
        raise DataError(
            f"array {name!r} is of .npy version {magic[6]}.{magic[7]}; expected 1.0 or 2.0: "
            "save a plain array without named fields"
        )
    width = 2 if magic[6] == 1 else 4
    prefix = read(width)
    if len(prefix) < width:
        raise DataError(f"array {name!r} is cut short inside its header; copy the file again")
    length: int = struct.unpack("<H" if width == 2 else "<I", prefix)[0]
    if length > MAX_NPY_HEADER_BYTES:
        raise DataError(f"array {name!r} has a header of {length} bytes; a plain array needs less: save it anew")
    parse = np.lib.format.read_array_header_1_0 if width == 2 else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # files written by Python 2 warn, and are fine
        shape, _, dtype = parse(io.BytesIO(prefix + read(length)))
    if dtype.hasobject:
        raise DataError(
            f"array {name!r} is an object array, which is a pickle inside and is never opened; "
            "save text with np.asarray(values, dtype=str), and numbers as one array of one shape"
        )
    check_axes(name, shape)
    if dtype.itemsize == 0:
        raise DataError(f"array {name!r} holds values of 0 bytes ({dtype.str}); leave it out or save it anew")
    needed, held = math.prod(shape) * dtype.itemsize, size - 8 - width - length
    if needed != held:
        raise DataError(
            f"array {name!r}: the header declares shape {list(shape)} of {dtype.name}, {needed} bytes, but {held} "
            "bytes follow; the file is cut short or its header is wrong: copy it again or save it anew"
        )
    kind = "text" if dtype.kind in "US" else dtype.name
    return ArrayHeader(name, tuple(int(axis) for axis in shape), kind, needed)


def check_members(members: Sequence[zipfile.ZipInfo], path: Path, *, stored: bool, mends: tuple[str, str]) -> None:
    """Refuse members that are encrypted or packed in an unusual way, that overlap, or expand out of all proportion.

    Args:
        members: All that the archive lists.
        path: The archive.
        stored: Refuse compressed members.
        mends: What to do about members that no usual program wrote, and about those that expand too much.
    """
    known = (zipfile.ZIP_STORED,) if stored else (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
    for member in members:
        if member.flag_bits & 1 or member.compress_type not in known:
            raise DataError(f"member {member.filename!r} is encrypted or packed in an unusual way; {mends[0]}")
    if sum(member.compress_size for member in members) > path.stat().st_size:
        raise DataError(f"the archive's members overlap, as those of a zip bomb do; {mends[0]}")
    squeezed = sum(m.file_size for m in members if m.file_size > MAX_RATIO * m.compress_size)
    if squeezed > SQUEEZED_BYTES:
        raise DataError(
            f"members of the archive expand more than {MAX_RATIO}-fold, to {squeezed / MIB:.0f} MiB, as those of a "
            f"zip bomb do; the limit is {SQUEEZED_BYTES / MIB:.0f} MiB: {mends[1]}"
        )


def zip_members(path: Path, *, stored: bool = False) -> tuple[zipfile.ZipInfo, ...]:
    """The members of an .npz or .pt file, once its directory is plausible.

    Raises:
        DataError: no archive, compressed members where only `stored` ones are wanted, or members that
            stand there twice or that `check_members` refuses.
    """
    with path.open("rb") as stream:
        first = stream.read(4)
    if first[:1] == b"\x80":
        raise DataError(PICKLE)
    if first == b"\x93NUM":
        raise DataError("it is a single .npy array; rename it to .npy and name the file of the texts too")
    if not first.startswith(b"PK"):
        raise DataError(f"it begins with {first!r}, not as a {path.suffix} archive does; check which file it is")
    try:
        with zipfile.ZipFile(path) as archive:
            members = tuple(archive.infolist())
    except zipfile.BadZipFile as error:
        raise DataError("the archive is cut short or damaged (its directory is missing); copy it again") from error
    _refuse_repeated((member.filename for member in members), "archive")
    if len(members) > MAX_MEMBERS:
        raise DataError(f"the archive holds {len(members)} members; expected at most {MAX_MEMBERS}: save fewer arrays")
    mends = ("save the arrays anew", "save without compression (np.savez) if the data are real")
    check_members(members, path, stored=stored, mends=mends)
    for member in members if stored else ():
        # Torch reads nothing of such a member, and takes whatever lay in memory for its content.
        as_folder = bool(member.external_attr & FOLDER) and member.file_size > 0
        if as_folder or member.compress_size != member.file_size:
            raise DataError(f"member {member.filename!r} does not hold the bytes that it declares; save the file anew")
    return members


def _refuse_repeated(names: Iterable[str], where: str) -> None:
    """Refuse names of arrays that an archive or a header holds twice."""
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise DataError(f"the {where} names {twice} more than once; save every array once")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    _refuse_repeated((name for name, _ in pairs), "header")
    return dict(pairs)


def safetensors_headers(path: Path, *, streamed: bool = False) -> tuple[ArrayHeader, ...]:
    """The headers of all arrays of a .safetensors file, each checked against its range of bytes.

    Args:
        path: The file.
        streamed: Its arrays will not be read at once, so they may be of any size together.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        first = stream.read(8)
        if first[:1] == b"\x80" and first[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05") and first[2:8] != b"\0" * 6:
            raise DataError(PICKLE)
        length = int.from_bytes(first, "little")
        if len(first) < 8 or length > size - 8:
            raise DataError(f"the header should take {length} bytes, but the file has {size}: copy it again")
        if length > MAX_HEADER_BYTES:
            raise DataError(f"the header takes {length} bytes; expected at most {MAX_HEADER_BYTES}: save it anew")
        entries = json.loads(stream.read(length), object_pairs_hook=_unique)
    entries.pop("__metadata__", None)
    headers = []
    for name, entry in entries.items():
        shape, (begin, end) = tuple(entry["shape"]), entry["data_offsets"]
        check_axes(name, shape)
        dtype, itemsize = SAFETENSORS_TYPES.get(entry["dtype"], (str(entry["dtype"]).lower(), 0))
        needed = math.prod(shape) * itemsize
        if not 0 <= begin <= end <= size - 8 - length or (itemsize and needed != end - begin):
            raise DataError(
                f"array {name!r}: the header declares shape {list(shape)} of {dtype}, {needed} bytes, in bytes {begin} "
                f"to {end} of {size - 8 - length}; the file is cut short or its header is wrong: copy it again"
            )
        headers.append(ArrayHeader(name, shape, dtype, end - begin, 8 + length + begin))
    _refuse_overlaps(headers)
    return tuple(headers) if streamed else check_total(tuple(headers))


def _refuse_overlaps(headers: list[ArrayHeader]) -> None:
    """Every array has bytes of its own."""
    filled = sorted((header for header in headers if header.nbytes), key=lambda header: header.start)
    for first, second in pairwise(filled):
        if second.start < first.start + first.nbytes:
            raise DataError(f"arrays {first.name!r} and {second.name!r} overlap in the file; save the arrays anew")


def safetensors_metadata(path: Path) -> dict[str, str]:
    """The texts in the header of a .safetensors file that `safetensors_headers` found sound."""
    with path.open("rb") as stream:
        entries = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return {str(name): str(text) for name, text in (entries.get("__metadata__") or {}).items()}
