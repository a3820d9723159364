"""Zips of pictures that somebody sends: nothing leaves the folder, nothing fills the disk, each refusal a sentence."""

import io
import stat
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pico_core.common.errors import DataError
from pico_core.encoders import archive as door
from pico_core.encoders.archive import look_into, unpack
from pico_core.encoders.captions import read_captions
from pico_core.encoders.pictures import find_pictures

CAPTIONS = b"image,caption\na.png,a red dog\nb.png,a dog\n"


def png(colour: str = "red") -> bytes:
    held = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(held, format="PNG")
    return held.getvalue()


GOOD: dict[str, bytes] = {"mine/a.png": png(), "mine/b.png": png("blue"), "mine/captions.csv": CAPTIONS}


def zipped(path: Path, members: Any = None, *, packed: int = zipfile.ZIP_STORED) -> Path:
    """A zip of names and contents; a name may be a ZipInfo with anything in it."""
    with zipfile.ZipFile(path, "w", packed) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names given twice
        for name, content in GOOD.items() if members is None else members:
            archive.writestr(name, content)
    return path


def refusal(path: Path) -> str:
    """The sentence that refuses before or while unpacking; nothing is left behind by it."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(DataError) as caught:
        unpack(look_into(path), path.parent / "out")
    assert sorted(path.parent.rglob("*")) == before
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ")
    assert message.count(f"{path.name}: ") == 1
    return message


def test_pictures_and_one_file_of_captions_are_taken(tmp_path: Path) -> None:
    extra = {
        "mine/.DS_Store": b"x",
        "__MACOSX/mine/._a.png": b"x",
        "__MACOSX/mine/._captions.csv": b"x",
        "mine/run.exe": b"MZ",
        "mine/readme.txt": b"Hello",
        "mine/deep/": b"",
        "mine/deep\\c.JPG": png(),
    }
    found = look_into(zipped(tmp_path / "z.zip", [*GOOD.items(), *extra.items()]))
    assert found.pictures == ("mine/a.png", "mine/b.png", "mine/deep/c.JPG")
    assert found.tables == ("mine/captions.csv", "mine/readme.txt")
    assert found.ignored == ("mine/.DS_Store", "__MACOSX/mine/._a.png", "__MACOSX/mine/._captions.csv", "mine/run.exe")
    made = unpack(found, tmp_path / "out", captions=found.tables[0])
    lying = sorted(str(p.relative_to(tmp_path / "out")) for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert lying == ["mine/a.png", "mine/b.png", "mine/captions.csv", "mine/deep/c.JPG"]
    assert made.captions is not None
    assert len(find_pictures(made.pictures, read_captions(made.captions).images).paths) == 2
    assert not list(tmp_path.glob(".*"))


def test_the_likeliest_captions_come_first_and_foreign_ones_are_refused(tmp_path: Path) -> None:
    names = ["readme.txt", "notes/extra.csv", "split.csv", "results_20130124.token"]
    path = zipped(tmp_path / "z.zip", [("a.png", png()), *((name, b"x") for name in names)])
    assert look_into(path).tables == ("results_20130124.token", "split.csv", "notes/extra.csv", "readme.txt")
    with pytest.raises(DataError, match=r"z\.zip: it holds no captions by the name '/etc/passwd'"):
        unpack(look_into(path), tmp_path / "out", captions="/etc/passwd")


@pytest.mark.parametrize(
    "name",
    ["../a.png", "mine/../../a.png", "/tmp/a.png", "..\\a.png", "C:\\a.png", "C:/a.png", "\\\\host\\a.png", "x/..",
     "../notes.txt"],
)  # fmt: skip
def test_names_that_lead_out(tmp_path: Path, name: str) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    message = refusal(zipped(inside / "z.zip", [*GOOD.items(), (name, png())]))
    assert "leads out of the archive" in message
    assert list(tmp_path.iterdir()) == [inside]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_devices(tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("mine/link.png")
    member.create_system = 3
    member.external_attr = (kind | 0o777) << 16
    assert "is a link or a device" in refusal(zipped(tmp_path / "z.zip", [*GOOD.items(), (member, "/etc/passwd")]))


def test_a_hundred_thousand_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", ((f"{n}.png", b"") for n in range(100_000)))
    assert "more than 65535 members" in refusal(path)


def test_too_many_members_for_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "MAX_MEMBERS", 10)
    assert "11 members; the limit is 10" in refusal(
        zipped(tmp_path / "z.zip", ((f"{n}.png", png()) for n in range(11)))
    )


def test_a_directory_too_large_to_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Judged by what the end of the file says, before a single entry becomes an object."""
    path = zipped(tmp_path / "z.zip")
    monkeypatch.setattr(door, "MAX_DIRECTORY_BYTES", 100)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "its directory takes" in refusal(path)


def test_a_bomb(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", ((f"{n}.png", bytes(40 * 2**20)) for n in range(7)), packed=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**19
    assert "expand more than 200-fold, to 280 MiB" in refusal(path)


def test_one_huge_member_and_many_large_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = zipped(tmp_path / "z.zip", [("a.png", bytes(9 * 2**20)), ("b.png", bytes(9 * 2**20))])
    monkeypatch.setattr(door, "MAX_TOTAL_BYTES", 17 * 2**20)
    assert "its members take 0.0 GiB" in refusal(path)
    monkeypatch.setattr(door, "MAX_MEMBER_BYTES", 8 * 2**20)
    assert "member 'a.png' takes 9 MiB; the limit for one is 8 MiB" in refusal(path)


def test_overlapping_members(tmp_path: Path) -> None:
    """Two entries of the directory that claim the same bytes twice over."""
    path = zipped(tmp_path / "z.zip", [("a.png", bytes(4000)), ("b.png", b"x")])
    content = bytearray(path.read_bytes())
    for entry in (content.find(b"PK\x01\x02"), content.rfind(b"PK\x01\x02")):
        struct.pack_into("<LL", content, entry + 20, 4000, 4000)
    path.write_bytes(content)
    assert "overlap" in refusal(path)


@pytest.mark.parametrize("name", ["more.zip", "mine/MORE.ZIP", "x.tar.gz", "x.7z", "x.rar"])
def test_archives_within(tmp_path: Path, name: str) -> None:
    assert "holds another archive" in refusal(zipped(tmp_path / "z.zip", [*GOOD.items(), (name, b"PK")]))


@pytest.mark.parametrize("other", ["mine/a.png", "mine\\a.png", "mine/./a.png"])
def test_names_given_twice(tmp_path: Path, other: str) -> None:
    message = refusal(zipped(tmp_path / "z.zip", [*GOOD.items(), (other, png())]))
    assert "it names 'mine/a.png' 2 times" in message


def test_a_picture_that_is_also_a_folder(tmp_path: Path) -> None:
    assert "could not be unpacked" in refusal(zipped(tmp_path / "z.zip", [("a.png", png()), ("a.png/b.png", png())]))


def test_an_encrypted_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip")
    content = bytearray(path.read_bytes())
    content[content.find(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    assert "member 'mine/a.png' is encrypted" in refusal(path)


def test_a_wrong_checksum(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip")
    content = bytearray(path.read_bytes())
    content[content.find(b"IDAT") + 5] ^= 1
    path.write_bytes(content)
    assert "member 'mine/a.png' is damaged (Bad CRC-32" in refusal(path)


def test_a_name_that_differs_inside(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip")
    content = path.read_bytes().replace(b"mine/a.png", b"../../evil", 1)
    path.write_bytes(content)
    assert "member 'mine/a.png' is damaged" in refusal(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "does not begin as a zip"),
        (b"\x89PNG\r\n\x1a\n", "does not begin as a zip"),
        (b"PK\x03\x04", "its directory is missing"),
        (b"PK\x05\x06" + bytes(18), "no member bears the name of a picture"),
    ],
)
def test_no_zip(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "z.zip").write_bytes(content)
    assert words in refusal(tmp_path / "z.zip")


@pytest.mark.parametrize(
    ("name", "words"),
    [("x" * 300 + ".png", "empty or too long"), ("a\nb.png", "control characters"), ("./", "empty or too long")],
)
def test_strange_names(tmp_path: Path, name: str, words: str) -> None:
    assert words in refusal(zipped(tmp_path / "z.zip", [*GOOD.items(), (name, png())]))


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        free = 100

    monkeypatch.setattr(door, "disk_usage", lambda _: Full)
    assert "free some space" in refusal(zipped(tmp_path / "z.zip"))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_changed_bytes_unpack_inside_or_give_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    folder = tmp_path_factory.mktemp("chance")
    content = bytearray(zipped(folder / "z.zip").read_bytes())
    place = st.one_of(st.integers(0, len(content) - 1), st.integers(len(content) - 300, len(content) - 1))
    for at, byte in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=6)):
        content[at] = byte
    (folder / "z.zip").write_bytes(content[: data.draw(st.one_of(st.none(), st.integers(1, len(content))))])
    try:
        unpack(look_into(folder / "z.zip"), folder / "in" / "out")
    except DataError as error:
        assert str(error).startswith("z.zip: ")  # noqa: PT017
    assert {path.name for path in folder.iterdir()} <= {"z.zip", "in"}
    assert {path.name for path in folder.glob("in/*")} <= {"out"}
