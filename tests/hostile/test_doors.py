"""Wrong, damaged and hostile files: each is refused with its own sentence, before it can do harm."""

import io
import json
import pickle
import re
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save as to_safetensors

from pico_core.common.errors import DataError
from pico_core.formats import inspect, open_pairs
from pico_core.storage import headers
from tests.hostile.doors.arrays import D, M, N, P, W
from tests.hostile.doors.arrays import arrays as sound_arrays
from tests.screen import NO_SUCH_FILE


class Canary:
    """Leaves a mark when it is unpickled."""

    opened: bool = False

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return setattr, (Canary, "opened", True)


def arrays(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in {**sound_arrays(), **changes}.items() if value is not None}


def save(folder: Path, **changes: Any) -> Path:
    np.savez(folder / "bad.npz", **arrays(**changes))
    return folder / "bad.npz"


def put(array: np.ndarray, place: Any, value: Any) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


def refusal(path: Path, **options: Any) -> str:
    """The sentence that refuses; inspection must say the same without raising."""
    with pytest.raises(DataError) as caught:
        open_pairs(path, **options)
    message = str(caught.value)
    assert message.startswith(f"{path.name}: ")
    assert message.count(f"{path.name}: ") == 1
    assert message in inspect(path, **options).problems
    return message


A = arrays()
SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "missing array": ({"text_emb": None}, r"recognised as text embeddings.*'image_emb' \[9, 3, 5\] float32"),
    "one axis": ({"image_emb": np.ones(N, "f4")}, r"\(array 'image_emb'\) have shape \[9\]; expected"),
    "four axes": ({"text_emb": np.ones((M, 2, 2, D), "f4")}, r"\(array 'text_emb'\) have shape \[12, 2, 2, 5\]"),
    "no axis": ({"image_emb": np.float32(1)}, r"\(array 'image_emb'\) have shape \[\]"),
    "no item": ({"image_emb": np.ones((0, P, D), "f4")}, r"\(array 'image_emb'\) are empty"),
    "other width": ({"text_emb": np.ones((M, W, 7), "f4")}, r"have 5 columns and text embeddings 7.*one joint space"),
    "whole numbers": ({"image_emb": np.ones((N, D), int)}, r"'image_emb' \(image_emb\) holds int64; expected floating"),
    "complex": ({"image_emb": np.ones((N, D), complex)}, r"holds complex128; expected floating"),
    "text for numbers": ({"image_index": np.array(["0"] * M)}, r"'image_index' \(image_index\) holds text; expected"),
    "numbers for text": ({"captions": np.arange(M)}, r"'captions' \(captions\) holds int64; expected text"),
    "mask of another shape": ({"text_mask": np.ones((M, 4), bool)}, r"mask'\) has shape \[12, 4\]; expected \[12, 2\]"),
    "image mask of another shape": ({"image_mask": np.ones(N, bool)}, r"mask'\) has shape \[9\]; expected \[9, 3\]"),
    "short index": ({"image_index": np.arange(5)}, r"'image_index' \(image_index\) has shape \[5\]; expected \[12\]"),
    "no index": ({"image_index": None}, r"9 images and 12 texts and no image_index; give image_index with 12 entries"),
    "short captions": ({"captions": A["captions"][:4]}, r"'captions' \(captions\) has shape \[4\]; expected \[12\]"),
    "short ids": ({"ids": A["ids"][:4]}, r"'ids' \(ids\) has shape \[4\]; expected \[9\], one per image"),
    "seven images": ({"image_emb": A["image_emb"][:7], "ids": None}, r"there are 7 images.*at least 8 are needed"),
    "object array": ({"captions": np.array([None, "x"], object)}, r"'captions' is an object array, which is a pickle"),
}  # fmt: skip
VALUES: dict[str, tuple[dict[str, Any], str]] = {
    "index beyond": ({"image_index": put(A["image_index"], 4, N)}, r"image_index\[4\] is 9, but.*expected 0 to 8"),
    "index below": ({"image_index": put(A["image_index"], 4, -1)}, r"image_index\[4\] is -1"),
    "index fractional": ({"image_index": A["image_index"] + put(np.zeros(M), 3, 0.5)}, r"image_index\[3\] is 3\.5"),
    "index NaN": ({"image_index": put(np.arange(M) % 9.0, 3, np.nan)}, r"image_index\[3\] is nan"),
    "index too large": ({"image_index": put(A["image_index"].astype("u8"), 0, 2**64 - 1)}, r"image_index\[0\] is 92"),
    "NaN": ({"image_emb": put(A["image_emb"], (2, 1, slice(3, 5)), np.nan)},
            r"'image_emb'\) hold 2 NaN or infinite value\(s\), the first at item 2, token 1, column 3"),
    "infinity": ({"text_emb": put(A["text_emb"], (7, 0, 2), np.inf)},
                 r"'text_emb'\) hold 1 NaN or infinite.*item 7, token 0, column 2.*re-encode"),
    "zero vectors": ({"text_emb": put(A["text_emb"], (slice(3, 5), 1), 0)},
                     r"'text_emb'\) hold 2 zero vector\(s\), the first at item 3, token 1.*mask it"),
    "nothing real": ({"text_mask": put(A["text_mask"], 6, False)}, r"1 text item\(s\) have no real token.*item 6"),
    "mask of other values": ({"text_mask": np.full((M, W), 2)}, r"text mask.*values other than 0 and 1"),
    "image without text": ({"image_index": np.zeros(M, int)}, r"8 image\(s\) have no text: i1, i2, i3, i4, i5, \."),
    "lengths beyond float32": ({"image_emb": A["image_emb"].astype("f8") * 1e200}, "exceeds float32, the first"),
}  # fmt: skip


@pytest.mark.parametrize("case", [*SHAPES, *VALUES])
def test_wrong_contents(tmp_path: Path, case: str) -> None:
    changes, message = {**SHAPES, **VALUES}[case]
    assert re.search(message, refusal(save(tmp_path, **changes)))


@pytest.mark.parametrize("case", SHAPES)
def test_wrong_shapes_are_seen_before_anything_is_read(
    tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("an array was read")

    path = save(tmp_path, **SHAPES[case][0])
    monkeypatch.setattr(np.lib.format, "read_array", never)
    with pytest.raises(DataError, match=r"bad\.npz"):
        open_pairs(path)


# --- Files that are not what they say ----------------------------------------------------------


def npy(*, shape: tuple[int, ...], descr: str = "<f4", data: bytes = b"") -> bytes:
    """An .npy whose header says anything."""
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


def zip_of(folder: Path, content: bytes, *, name: str = "image_emb", method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(folder / "bad.npz", "w", method) as archive:
        archive.writestr(f"{name}.npy", content)
    return folder / "bad.npz"


def test_missing_empty_unknown_and_folder(tmp_path: Path) -> None:
    assert NO_SUCH_FILE in refusal(tmp_path / "none.npz")
    for name in ("e.npz", "e.safetensors", "e.pt"):
        (tmp_path / name).touch()
        assert "the file is empty (0 bytes)" in refusal(tmp_path / name)
    (tmp_path / "x.h5").write_bytes(b"x")
    assert "files ending in .h5 are not known here; expected one of .npz" in refusal(tmp_path / "x.h5")
    (tmp_path / "bare").write_bytes(b"x")
    assert "files ending in nothing are not known" in refusal(tmp_path / "bare")
    (tmp_path / "f.npz").mkdir()
    with pytest.raises(DataError, match=r"f\.npz: the folder is not a dataset"):
        open_pairs(tmp_path / "f.npz")
    pl.DataFrame({"caption": ["x"]}).write_csv(tmp_path / "t.csv")
    assert "a table holds captions and labels, not embeddings" in refusal(tmp_path / "t.csv")


@pytest.mark.parametrize("suffix", [".npz", ".pt", ".pth", ".npy", ".safetensors"])
def test_a_pickle_is_never_opened(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"evil{suffix}"
    path.write_bytes(pickle.dumps({"image_emb": Canary()}))
    options = {"text_path": path} if suffix == ".npy" else {}
    assert "it is a pickle, which can run code" in refusal(path, **options)
    assert not Canary.opened


def test_a_pickle_inside_a_torch_file_is_never_opened(tmp_path: Path) -> None:
    torch.save({"image_emb": Canary()}, tmp_path / "evil.pt")
    assert "a pickle can run code, so it is not opened; save a dictionary" in refusal(tmp_path / "evil.pt")
    np.savez(tmp_path / "evil.npz", **arrays(x=np.array([Canary()], object)))
    assert "'x' is an object array" in refusal(tmp_path / "evil.npz")
    assert not Canary.opened


def test_torch_files_of_another_form(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save(torch.ones(3), path)
    assert "it holds a Tensor; expected a dictionary of tensors" in refusal(path)
    torch.save({"image_emb": torch.ones(1).expand(2**30, 5), "text_emb": torch.ones(9, 5)}, path)
    assert "'image_emb': the header declares shape [1073741824, 5]" in refusal(path)
    torch.save({"image_emb": torch.ones(9, 5).to_sparse(), "text_emb": torch.ones(9, 5)}, path)
    # Older releases of torch rebuild a sparse tensor, newer ones count it among the unsafe objects.
    assert re.search("'image_emb' \\(image_emb\\) holds Tensor; expected floating|save a dictionary of", refusal(path))
    torch.save({"image_emb": torch.ones(9, 5)}, path, _use_new_zipfile_serialization=False)
    assert "it is a pickle" in refusal(path)


def test_torch_storage_that_claims_more_than_the_file(tmp_path: Path) -> None:
    """A record that claims more bytes than it has would be read beyond its end."""
    torch.save({"image_emb": torch.ones(9, 5), "text_emb": torch.ones(9, 5)}, tmp_path / "x.pt")
    with zipfile.ZipFile(tmp_path / "x.pt") as old, zipfile.ZipFile(tmp_path / "y.pt", "w") as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename.endswith("data.pkl"):  # 45 values and 9 rows, as the pickle writes them
                content = content.replace(b"K-", b"J\x00\x00\x00\x10").replace(b"K\x09K\x05", b"J\x00\x00\x00\x02K\x05")
            new.writestr(member.filename, content)
    assert refusal(tmp_path / "y.pt")


def test_compressed_torch_file(tmp_path: Path) -> None:
    torch.save(arrays_as_tensors(), tmp_path / "x.pt")
    with (
        zipfile.ZipFile(tmp_path / "x.pt") as old,
        zipfile.ZipFile(tmp_path / "y.pt", "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    assert "packed in an unusual way" in refusal(tmp_path / "y.pt")


def test_truncated_files(tmp_path: Path) -> None:
    whole = save(tmp_path).read_bytes()
    for share in (0.1, 0.5, 0.99):
        (tmp_path / "cut.npz").write_bytes(whole[: int(share * len(whole))])
        assert "the archive is cut short or damaged" in refusal(tmp_path / "cut.npz")
    stored = to_safetensors(arrays_as_tensors())
    (tmp_path / "cut.safetensors").write_bytes(stored[:-40])
    assert "is cut short or its header is wrong" in refusal(tmp_path / "cut.safetensors")
    (tmp_path / "cut.safetensors").write_bytes(stored[:30])
    assert "copy it again" in refusal(tmp_path / "cut.safetensors")
    torch.save(arrays_as_tensors(), tmp_path / "x.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "x.pt").read_bytes()[:-50])
    assert "cut short or damaged" in refusal(tmp_path / "cut.pt")
    for name in ("image_emb", "text_emb"):
        np.save(tmp_path / f"{name}.npy", A[name])
    cut = tmp_path / "image_emb.npy"
    cut.write_bytes(cut.read_bytes()[:-4])
    message = refusal(cut, text_path=tmp_path / "text_emb.npy")
    assert "declares shape [9, 3, 5] of float32, 540 bytes, but 536 bytes follow" in message


def test_two_files_of_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", A["image_emb"])
    assert "name the file of the texts too (--text-file, text_path)" in refusal(tmp_path / "a.npy")
    with pytest.raises(DataError, match=r"none\.npy: there is no such file"):
        open_pairs(tmp_path / "a.npy", text_path=tmp_path / "none.npy")
    assert "leave the second one out" in refusal(save(tmp_path), text_path=tmp_path / "a.npy")
    (tmp_path / "a.npz").write_bytes((tmp_path / "a.npy").read_bytes())
    assert "it is a single .npy array" in refusal(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("shape", "descr"), [((9, 3, 6), "<f4"), ((9, 3, 4), "<f4"), ((9, 3, 5), "<f8"), ((2**39, 2**30), "<f4")]
)
def test_a_header_that_lies_about_its_shape(tmp_path: Path, shape: tuple[int, ...], descr: str) -> None:
    path = zip_of(tmp_path, npy(shape=shape, descr=descr, data=A["image_emb"].tobytes()))
    assert f"the header declares shape {list(shape)}" in refusal(path)


@pytest.mark.parametrize("shape", [(-1, 5), (2**70, 0), (2**41,)])
def test_an_impossible_shape(tmp_path: Path, shape: tuple[int, ...]) -> None:
    assert "impossible shape" in refusal(zip_of(tmp_path, npy(shape=shape)))
    text = json.dumps({"image_emb": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}).encode()
    (tmp_path / "bad.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    assert "impossible shape" in refusal(tmp_path / "bad.safetensors")


def test_a_duplicate_member(tmp_path: Path) -> None:
    path = save(tmp_path)
    buffer = io.BytesIO()
    np.save(buffer, A["image_emb"])
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("image_emb.npy", buffer.getvalue())
    assert "names ['image_emb.npy'] more than once" in refusal(path)
    entry = '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    text = ("{" + entry + "," + entry + "}").encode()
    (tmp_path / "bad.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 4)
    assert "names ['a'] more than once" in refusal(tmp_path / "bad.safetensors")


def test_safetensors_ranges_must_fit(tmp_path: Path) -> None:
    text = json.dumps({"image_emb": {"dtype": "F32", "shape": [9, 5], "data_offsets": [0, 2**50]}}).encode()
    (tmp_path / "bad.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 180)
    assert "the file is cut short or its header is wrong" in refusal(tmp_path / "bad.safetensors")


# --- Bombs -------------------------------------------------------------------------------------


def peak_of(path: Path) -> tuple[str, int]:
    tracemalloc.start()
    try:
        return refusal(path), tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_bomb_is_refused_without_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "SQUEEZED_BYTES", 4 * headers.MIB)
    shape = (2**21, 2, 4)
    path = zip_of(tmp_path, npy(shape=shape, data=bytes(2**26)), method=zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 2**17
    message, peak = peak_of(path)
    assert "members of the archive expand more than 200-fold, to 64 MiB" in message
    assert peak < 4 * headers.MIB


def test_a_bomb_of_many_members_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "SQUEEZED_BYTES", 4 * headers.MIB)
    with zipfile.ZipFile(tmp_path / "bad.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(8):
            archive.writestr(f"label_{i}.npy", npy(shape=(2**18,), data=bytes(2**20)))
    assert "to 8 MiB, as those of a zip bomb do" in refusal(tmp_path / "bad.npz")


def test_a_bomb_in_an_npy_header_is_refused(tmp_path: Path) -> None:
    content = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**25) + b" " * 2**25
    message, peak = peak_of(zip_of(tmp_path, content, method=zipfile.ZIP_DEFLATED))
    assert "has a header of 33554432 bytes" in message
    assert peak < 4 * headers.MIB


def test_more_than_the_limit_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers, "MAX_DECLARED_BYTES", 1000)
    assert "GiB; the limit is" in refusal(save(tmp_path))
    (tmp_path / "x.safetensors").write_bytes(to_safetensors(arrays_as_tensors()))
    assert "GiB; the limit is" in refusal(tmp_path / "x.safetensors")


def test_overlapping_members_are_refused(tmp_path: Path) -> None:
    """One member's bytes listed under many names: each looks honest, together they exceed the file."""
    path = zip_of(tmp_path, npy(shape=(1000,), data=bytes(4000)))
    whole = path.read_bytes()
    end = whole.rindex(b"PK\x05\x06")
    start = struct.unpack("<I", whole[end + 16 : end + 20])[0]
    entry = whole[start:end]
    many = b"".join(entry.replace(b"image_emb", b"image_%03d" % i) for i in range(50))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50, 50, len(many), start, 0)
    path.write_bytes(whole[:start] + many + tail)
    assert "members overlap" in refusal(path)


def test_real_masks_and_captions_are_no_bomb(tmp_path: Path) -> None:
    """An all-true mask shrinks a thousandfold, a long caption among short ones a hundredfold."""
    n = 4000
    captions = np.array(["a dog"] * (n - 1) + ["very " * 200])
    emb = np.random.default_rng(0).normal(size=(n, 4)).astype("f4")
    given = {"image_emb": emb, "text_emb": np.repeat(emb[:, None], 60, 1), "captions": captions}
    np.savez_compressed(tmp_path / "x.npz", **given, text_mask=np.ones((n, 60), bool))
    assert open_pairs(tmp_path / "x.npz").n_texts == n


def test_text_of_no_length_is_refused(tmp_path: Path) -> None:
    """It would take no bytes, and a thousand million rows."""
    path = zip_of(tmp_path, npy(shape=(10**9,), descr="<U0"), name="captions")
    assert "'captions' holds values of 0 bytes" in refusal(path)


# --- Mapping and tables ------------------------------------------------------------------------


def test_mapping_mistakes(tmp_path: Path) -> None:
    path = save(tmp_path)
    message = refusal(path, mapping={"image_emb": "image_vectors"})
    assert "gives image_emb the array 'image_vectors', but the file holds 'image_emb' [9, 3, 5] float32" in message
    same = {"image_emb": "text_emb", "text_emb": "text_emb"}
    assert "gives image_emb and text_emb the same array 'text_emb'" in refusal(path, mapping=same)
    assert "names the role 'pictures'; the roles are image_emb, text_emb" in refusal(path, mapping={"pictures": "ids"})
    assert len(inspect(path, mapping={"pictures": "ids"}).arrays) == 6


def test_table_mistakes(tmp_path: Path) -> None:
    path, table = save(tmp_path), tmp_path / "t.csv"
    table.write_text("caption\n" + "x\n" * 3)
    with pytest.raises(DataError, match=r"t\.csv: the table has 3 rows, but there are 12 texts"):
        open_pairs(path, texts=table)
    table.write_text("caption,image_index\n" + "x,zero\n" * M)
    with pytest.raises(DataError, match=r"t\.csv: column 'image_index' must hold a whole number in every row"):
        open_pairs(path, texts=table)
    table.write_text('id\n"0\n')
    with pytest.raises(DataError, match=r"t\.csv: "):
        open_pairs(path, images=table)
    table.write_text("id,size\n" + "x,1\n" * (N - 1) + ",2\n")
    with pytest.raises(DataError, match=r"t\.csv: column 'id' is empty in row 8"):
        open_pairs(path, images=table)
    (tmp_path / "t.parquet").write_bytes(b"PAR1" + b"\0" * 40 + b"PAR1")
    with pytest.raises(DataError, match=r"t\.parquet: it cannot be read as parquet"):
        open_pairs(path, images=tmp_path / "t.parquet")
    pl.DataFrame({"id": ["x"] * 10**6}).write_parquet(tmp_path / "t.parquet")  # tiny on disk
    with pytest.raises(DataError, match=r"t\.parquet: the table has 1000000 rows, but there are 9 images"):
        open_pairs(path, images=tmp_path / "t.parquet")


def test_text_that_is_no_text(tmp_path: Path) -> None:
    for bad in (b"\xff\xff\xff\xff", b"\x00\xd8\x00\x00"):  # beyond Unicode; half a surrogate pair
        content = np.frombuffer(bad * (M * 3), dtype="<U3")
        buffer = io.BytesIO()
        np.lib.format.write_array_header_1_0(buffer, {"descr": "<U3", "fortran_order": False, "shape": (M,)})
        path = save(tmp_path, captions=None)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("captions.npy", buffer.getvalue() + content.tobytes())
        assert "array 'captions'" in refusal(path)


# --- Chance ------------------------------------------------------------------------------------


def arrays_as_tensors() -> dict[str, torch.Tensor]:
    return {name: torch.from_numpy(value) for name, value in A.items() if value.dtype.kind != "U"}


def whole_files() -> dict[str, bytes]:
    made = {}
    for name, write in (("stored.npz", np.savez), ("packed.npz", np.savez_compressed)):
        buffer = io.BytesIO()
        write(buffer, **A)
        made[name] = buffer.getvalue()
    buffer = io.BytesIO()
    torch.save({**arrays_as_tensors(), "captions": A["captions"].tolist()}, buffer)
    return {**made, "x.pt": buffer.getvalue(), "x.safetensors": to_safetensors(arrays_as_tensors())}


WHOLE = whole_files()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.data())
def test_changed_bytes_give_a_dataset_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    name = data.draw(st.sampled_from(sorted(WHOLE)))
    content = bytearray(WHOLE[name])
    # Headers lie at the front of safetensors, at the end of archives, and before every array.
    place = st.one_of(
        st.integers(0, len(content) - 1), st.integers(0, 400), st.integers(len(content) - 400, len(content) - 1)
    )
    for at, byte in data.draw(st.lists(st.tuples(place, st.integers(0, 255)), max_size=6)):
        content[at] = byte
    cut = data.draw(st.one_of(st.none(), st.integers(1, len(content))))
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content[:cut])
    found = inspect(path)
    try:
        pairs = open_pairs(path)
    except DataError as error:
        assert str(error).startswith(f"{name}: ")  # noqa: PT017
        assert found.problems
    else:
        assert found.pairs is not None
        assert found.pairs.digest == pairs.digest
        assert bool(torch.isfinite(pairs.image_means).all())


def test_the_unchanged_files_are_fine(tmp_path: Path) -> None:
    for name, content in WHOLE.items():
        (tmp_path / name).write_bytes(content)
        assert open_pairs(tmp_path / name).n_texts == M
