"""A zip of pictures and captions that somebody sends: judged by its directory, then unpacked member by member."""

import os
import stat
import struct
import zipfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from shutil import copyfileobj, disk_usage

from pico_core.common.errors import DataError
from pico_core.encoders.pictures import PICTURES, is_hidden, is_picture_name
from pico_core.storage.atomic import atomic_folder
from pico_core.storage.headers import MIB, check_members, reading

TABLES = (".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet", ".token", ".txt")
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")
CAPTIONING = ("caption", "token", "annotation", "sentence", "result")
MAX_MEMBERS = 50_000
MAX_DIRECTORY_BYTES = 16 * MIB
MAX_MEMBER_BYTES = 256 * MIB
MAX_TOTAL_BYTES = 4 * 2**30
MAX_NAME = 240  # bytes of one folder's or file's name
END, ZIP64 = b"PK\x05\x06", b"PK\x06\x07"
END_BYTES, ZIP64_BYTES, MAX_COMMENT = 22, 20, 2**16
FOLDER = "or unpack it, and name its folder instead"


@dataclass(frozen=True)
class Archive:
    """What a zip holds; nothing of it is unpacked yet.

    Attributes:
        path: The zip.
        pictures: Members that bear the name of a picture.
        tables: Members that may hold captions, the likeliest first.
        ignored: All other members; they are never unpacked.
    """

    path: Path
    pictures: tuple[str, ...]
    tables: tuple[str, ...]
    ignored: tuple[str, ...]


@dataclass(frozen=True)
class Unpacked:
    """Where the members lie now.

    Attributes:
        pictures: The folder that holds all pictures, as deep as they have one in common.
        captions: The file of captions, if one was asked for.
    """

    pictures: Path
    captions: Path | None


def look_into(path: Path | str) -> Archive:
    """Judge a zip by its directory: names that stay inside, no links, no archives within, sizes in proportion.

    Raises:
        DataError: hostile, damaged, too large, or without pictures. Names the zip, the member and the mend.
    """
    file = Path(path)
    with reading(file, "a zip"):
        members = _members(file)
        names = [str(_inner_path(member)) for member in members]
        _refuse_twice(names)
        _refuse_out_of_proportion(file, members)
        files = [name for member, name in zip(members, names, strict=True) if not member.filename.endswith(("/", "\\"))]
        inner = next((name for name in files if name.lower().endswith(ARCHIVES)), None)
        if inner is not None:
            raise DataError(f"it holds another archive, {inner!r}; unpack that one, and zip the files themselves")
        pictures = [name for name in files if is_picture_name(name)]
        if not pictures:
            raise DataError(f"no member bears the name of a picture ({', '.join(PICTURES)}); zip the pictures")
        tables = [name for name in files if name.lower().endswith(TABLES) and not is_hidden(name)]
        others = [name for name in files if name not in {*pictures, *tables}]
    return Archive(file, tuple(pictures), tuple(sorted(tables, key=_unlikely)), tuple(others))


def unpack(archive: Archive, folder: Path | str, *, captions: str | None = None) -> Unpacked:
    """Write the pictures, and one file of captions, into a new folder; it appears complete or not at all.

    Args:
        archive: What `look_into` found.
        folder: Where they go; a folder there is replaced.
        captions: One of the archive's tables.

    Raises:
        DataError: a member is damaged, or the disk is full.
    """
    target = Path(folder).resolve()
    if captions is not None and captions not in archive.tables:
        raise DataError(f"{archive.path.name}: it holds no captions by the name {captions!r}")
    with reading(archive.path, "a zip"), zipfile.ZipFile(archive.path) as content:
        members = {str(_inner_path(member)): member for member in content.infolist()}
        wanted = [*archive.pictures, *([] if captions is None else [captions])]
        _refuse_without_space(target.parent, sum(members[name].file_size for name in wanted))
        try:
            with atomic_folder(target) as draft:
                for name in wanted:
                    _write(content, members[name], draft / name)
        except OSError as error:
            raise DataError(
                f"it could not be unpacked ({error.strerror or error}); free some space, {FOLDER}"
            ) from error
    common = os.path.commonpath([os.path.dirname(name) for name in archive.pictures])
    return Unpacked(target / common, None if captions is None else target / captions)


def _members(file: Path) -> list[zipfile.ZipInfo]:
    size = file.stat().st_size
    with file.open("rb") as stream:
        if not stream.read(4).startswith(b"PK"):
            raise DataError("it does not begin as a zip does; check which file it is")
        stream.seek(max(0, size - END_BYTES - MAX_COMMENT - ZIP64_BYTES))
        _judge_directory(stream.read())
    with zipfile.ZipFile(file) as content:
        members = content.infolist()
    if len(members) > MAX_MEMBERS:
        raise DataError(f"it holds {len(members)} members; the limit is {MAX_MEMBERS}: divide it, {FOLDER}")
    return members


def _judge_directory(tail: bytes) -> None:
    """Read how large the directory is before it is read: every entry becomes an object."""
    at = len(tail) - END_BYTES if tail[-END_BYTES:].startswith(END) and tail.endswith(b"\0\0") else tail.rfind(END)
    if at < 0 or len(tail) - at < END_BYTES:
        raise DataError("it is cut short or damaged (its directory is missing); copy it again")
    if tail[max(0, at - ZIP64_BYTES) :].startswith(ZIP64):
        raise DataError(f"it is in the form for more than 65535 members or 4 GiB (zip64); divide it, {FOLDER}")
    size: int = struct.unpack_from("<L", tail, at + 12)[0]
    if size > MAX_DIRECTORY_BYTES:
        raise DataError(f"its directory takes {size / MIB:.0f} MiB; the limit is {MAX_DIRECTORY_BYTES / MIB:.0f} MiB")


def _inner_path(member: zipfile.ZipInfo) -> PurePosixPath:
    """Where a member goes below the folder that it is unpacked to.

    >>> str(_inner_path(zipfile.ZipInfo("photos/./a.jpg")))
    'photos/a.jpg'
    """
    name = member.filename.replace("\\", "/")
    shown = repr(member.filename[:80])
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise DataError(f"member {shown} is a link or a device, not a file; zip the files themselves")
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or ":" in name.split("/", maxsplit=1)[0]:
        raise DataError(f"the name of member {shown} leads out of the archive; zip the folder anew")
    if not path.parts or any(len(part.encode("utf-8", "replace")) > MAX_NAME for part in path.parts):
        raise DataError(f"the name of member {shown} is empty or too long; give its file a shorter one")
    if any(ord(letter) < 32 for letter in name):
        raise DataError(f"the name of member {shown} holds control characters; give its file another one")
    return path


def _refuse_twice(names: list[str]) -> None:
    for name, count in Counter(names).most_common(1):
        if count > 1:
            raise DataError(f"it names {name!r} {count} times; zip every file once")


def _refuse_out_of_proportion(file: Path, members: list[zipfile.ZipInfo]) -> None:
    check_members(members, file, stored=False, mends=("zip the files anew", "leave them out"))
    for member in members:
        if member.file_size > MAX_MEMBER_BYTES:
            raise DataError(
                f"member {member.filename!r} takes {member.file_size / MIB:.0f} MiB; the limit for one is "
                f"{MAX_MEMBER_BYTES / MIB:.0f} MiB: leave it out"
            )
    total = sum(member.file_size for member in members)
    if total > MAX_TOTAL_BYTES:
        raise DataError(
            f"its members take {total / 2**30:.1f} GiB; the limit is {MAX_TOTAL_BYTES / 2**30:g} GiB: divide it, "
            f"{FOLDER}"
        )


def _refuse_without_space(folder: Path, needed: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = disk_usage(folder).free
    if needed > free:
        raise DataError(f"it needs {needed / MIB:.0f} MiB, and {free / MIB:.0f} MiB are free; free some space")


def _write(content: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as sink:
        try:
            with content.open(member) as source:
                copyfileobj(source, sink, MIB)
        except OSError:
            raise
        except Exception as error:  # unpackers of damaged members raise anything at all
            reason = (str(error).splitlines() or [type(error).__name__])[0][:120]
            raise DataError(f"member {member.filename!r} is damaged ({reason}); copy or zip it again") from error
    if target.stat().st_size != member.file_size:
        raise DataError(f"member {member.filename!r} is cut short; copy or zip it again")


def _unlikely(name: str) -> tuple[bool, bool, int, str]:
    """Sorts what is named as captions, and what is more than plain text, to the front."""
    last = name.lower().rpartition("/")[2]
    return not any(word in last for word in CAPTIONING), last.endswith(".txt"), name.count("/"), name
