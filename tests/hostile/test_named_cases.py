"""The named cases of hostile input that have no place in the files beside: each is refused, or shown as what it is.

Elsewhere: .npz bombs, headers that lie, pickles and damaged files in `test_doors`; zips with `../`, links, devices,
100,000 members and bombs in `test_archives`; what a page shows in `test_shown_as_text`.
"""

import io
import json
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from pico_core.common.errors import DataError, PicoError, RunError, SettingError, one_line
from pico_core.encoders import pictures
from pico_core.encoders.captions import read_captions
from pico_core.encoders.pictures import picture_of, read_picture
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import ABOUT, FORMAT, read_about
from pico_core.experiments.reading import read_outcome
from pico_core.experiments.tables import read_table
from pico_core.formats import open_pairs
from pico_core.formats.native import ARRAYS, save_pairs
from pico_core.storage import atomic, parquet
from pico_core.studies.export import frame_bytes
from pico_core.studies.probes import save_probe, study_label_probe
from pico_core.studies.runs import load_run, save_run
from tests.hostile.doors.arrays import M, N, arrays

LONG_CAPTION = "a very long caption " * 52_429  # more than 1 MB
WORDS = ["a 👩‍👩‍👧‍👦 family", "كلب أحمر", "\u202egnp.exe", "e\u0301" * 30, "<svg onload=alert(1)>", '"; DROP TABLE']


def npz(path: Path, **changes: Any) -> Path:
    np.savez(path, **{**arrays(), **changes})
    return path


# --- Arrays -----------------------------------------------------------------------------------


def test_safetensors_with_overlapping_offsets(tmp_path: Path) -> None:
    entry = {"dtype": "F32", "shape": [9, 5], "data_offsets": [0, 180]}
    text = json.dumps({"image_emb": entry, "text_emb": entry}).encode()
    (tmp_path / "x.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + b"\0" * 180)
    with pytest.raises(DataError, match=r"x\.safetensors: arrays 'image_emb' and 'text_emb' overlap"):
        open_pairs(tmp_path / "x.safetensors")


def test_safetensors_with_a_header_of_100_mb(tmp_path: Path) -> None:
    with (tmp_path / "x.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", 100_000_000) + b"{")
        file.truncate(8 + 100_000_000)  # of holes: it takes no place
    with pytest.raises(DataError, match=r"x\.safetensors: the header takes 100000000 bytes; expected at most"):
        open_pairs(tmp_path / "x.safetensors")


def test_a_member_of_a_torch_file_that_claims_to_be_a_folder(tmp_path: Path) -> None:
    """Torch reads nothing of it, and takes whatever lies in memory for its content."""
    made = {name: torch.from_numpy(value) for name, value in arrays().items() if value.dtype.kind != "U"}
    torch.save(made, tmp_path / "x.pt")
    content = bytearray((tmp_path / "x.pt").read_bytes())
    entry = content.rfind(b"PK\x01\x02", 0, content.rfind(b"byteorder"))
    content[entry + 38] |= 0x10
    (tmp_path / "x.pt").write_bytes(content)
    with pytest.raises(DataError, match=r"x\.pt: member '.*byteorder' does not hold the bytes that it declares"):
        open_pairs(tmp_path / "x.pt")


# --- Tables -----------------------------------------------------------------------------------


def doors_of_tables(path: Path) -> dict[str, Callable[[], object]]:
    arrays_file = npz(path.parent / "x.npz")
    return {
        "metadata": lambda: open_pairs(arrays_file, texts=path),
        "captions": lambda: read_captions(path, image_column="caption", caption_column="caption"),
        "results": lambda: read_table(path),
        "anything of ours": lambda: parquet.read_parquet(path),
    }


@pytest.mark.parametrize("door", ["metadata", "captions", "results", "anything of ours"])
def test_parquet_with_a_billion_rows_declared(tmp_path: Path, door: str) -> None:
    path = tmp_path / "t.parquet"
    with pq.ParquetWriter(path, pa.schema([("caption", pa.int8())]), compression="zstd") as writer:
        for _ in range(16):  # 67 million are refused by their count, as a billion are
            writer.write_table(pa.table({"caption": pa.array(np.zeros(2**22, np.int8))}))
    assert path.stat().st_size < 300_000
    with pytest.raises(PicoError, match=r"67108864 rows"):
        doors_of_tables(path)[door]()


def test_a_list_of_a_billion_values_in_one_row(tmp_path: Path) -> None:
    pq.write_table(pa.table({"caption": pa.array([[0] * 1000])}), tmp_path / "t.parquet")
    parquet.check_declared(tmp_path / "t.parquet")
    before = parquet.MAX_VALUES
    try:
        parquet.MAX_VALUES = 999  # type: ignore[misc]
        with pytest.raises(DataError, match="declares 1 rows, 1000 values"):
            parquet.check_declared(tmp_path / "t.parquet")
    finally:
        parquet.MAX_VALUES = before  # type: ignore[misc]


def test_one_long_text_stored_once_for_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = pa.DictionaryArray.from_arrays(pa.array([0] * 5000, pa.int32()), pa.array(["x" * 10_000]))
    pq.write_table(pa.table({"caption": held}), tmp_path / "t.parquet", store_schema=False)
    monkeypatch.setattr(parquet, "MAX_UNPACKED", 2**20)
    with pytest.raises(DataError, match=r"the texts take 0\.0 GiB"):
        parquet.read_parquet(tmp_path / "t.parquet")


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path: Path) -> None:
    """Polars would read every file that the pattern fits."""
    frame = pl.DataFrame({"caption": [f"other {i}" for i in range(M)]})
    for ending, write in ((".csv", frame.write_csv), (".parquet", frame.write_parquet)):
        write(tmp_path / f"a{ending}")
        mine = frame.with_columns(pl.lit("mine").alias("caption"))
        (mine.write_csv if ending == ".csv" else mine.write_parquet)(tmp_path / f"[ab]{ending}")
        pairs = open_pairs(npz(tmp_path / "x.npz"), texts=tmp_path / f"[ab]{ending}")
        assert set(pairs.texts["caption"]) == {"mine"}


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    ids = [f"i{i}" for i in range(N)]
    pl.DataFrame({"id": ids, "path": ["x" * 5000, "a\0b", *ids[2:]]}).write_csv(tmp_path / "i.csv")
    assert open_pairs(npz(tmp_path / "x.npz"), images=tmp_path / "i.csv").n_images == N


@pytest.mark.parametrize(("index", "words"), [(["inf"] * M, "is inf"), (["0"] * M, "have no text")])
def test_a_wrong_pairing_in_a_table_names_the_table(tmp_path: Path, index: list[str], words: str) -> None:
    (tmp_path / "t.csv").write_text("caption,image_index\n" + "".join(f"x,{one}\n" for one in index))
    with pytest.raises(DataError, match=rf"^t\.csv: .*{words}"):
        open_pairs(npz(tmp_path / "x.npz"), texts=tmp_path / "t.csv")


# --- Words ------------------------------------------------------------------------------------


def test_a_caption_of_1_mb_and_foreign_letters_survive(tmp_path: Path) -> None:
    captions = [LONG_CAPTION, *WORDS, *(f"caption {i}" for i in range(M - 1 - len(WORDS)))]
    pl.DataFrame({"image": [f"{i % N}.png" for i in range(M)], "caption": captions}).write_csv(tmp_path / "c.csv")
    assert read_captions(tmp_path / "c.csv").texts == tuple(" ".join(text.split()) for text in captions)
    pl.DataFrame({"caption": captions}).write_parquet(tmp_path / "t.parquet")
    pairs = open_pairs(npz(tmp_path / "x.npz"), texts=tmp_path / "t.parquet")
    assert pairs.texts["caption"].to_list() == captions
    save_pairs(pairs, tmp_path / "saved")
    again = open_pairs(tmp_path / "saved")
    assert again.texts["caption"].to_list() == captions
    assert again.digest == pairs.digest


def test_a_refusal_quotes_no_commands_to_a_terminal_and_no_novels(tmp_path: Path) -> None:
    (tmp_path / "e.toml").write_text('"\\u001b[31m\\u202e" = 1\n')
    with pytest.raises(SettingError, match=r"^e\.toml: \\x1b\[31m\\u202e is unknown; the keys are .*: correct it$"):
        read_experiment(tmp_path / "e.toml")
    (tmp_path / "e.toml").write_text(f"sweep = '{'x' * 100_000}'\n")
    with pytest.raises(SettingError) as caught:
        read_experiment(tmp_path / "e.toml")
    assert str(caught.value).startswith("e.toml: sweep is 'xxx")
    assert str(caught.value).endswith("a table of lists, such as { gamma = [1, 4] }")
    assert len(str(caught.value)) <= 1000
    assert one_line("two\nlines") == "two lines"


def test_a_formula_in_an_exported_cell_is_text() -> None:
    cells = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a = b", "'=1", "", None]
    frame = pl.DataFrame({"caption": cells, "=name": [-1.5] * len(cells)})
    held = pl.read_csv(io.BytesIO(frame_bytes(frame, "csv")), infer_schema=False)
    assert held.columns == ["caption", "'=name"]
    assert held["caption"].to_list()[:4] == ["'=1+1", "'+1", "'-1", "'@SUM(A1)"]
    assert all(cell is None or not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in held["caption"])
    assert held["caption"].to_list()[6:8] == ["a = b", "'=1"]
    assert held["'=name"].to_list() == ["-1.5"] * len(cells)
    assert pl.read_parquet(frame_bytes(frame, "parquet")).equals(frame)


# --- Settings and results ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 100_000, "is nested too deeply"),
        ("seeds = 99999999999999", "seeds is 99999999999999; expected a number of seeds of at least 1 and at most"),
        ("seeds = " + "9" * 5000, "is not TOML"),
        ("# x\n[[datasets]]\ndata = '" + "x" * 5000 + "'", "datasets.0..data is 'xxx"),
        ("# " + "x" * 1_000_001, "a file of settings has at most 1000000"),
    ],
)
def test_settings_without_measure(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "e.toml").write_text(f'name = "n"\nsentence = "s"\n{text}\n[[datasets]]\ndata = "planted"\n')
    with pytest.raises(SettingError, match=rf"^e\.toml: .*{words}"):
        read_experiment(tmp_path / "e.toml")


def test_json_without_measure(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("[" * 100_000)
    with pytest.raises(DataError, match=r"^c\.json: it cannot be read as captions \(it is nested too deeply\)"):
        read_captions(tmp_path / "c.json")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "e.toml")
    with pytest.raises(SettingError, match=r"e\.toml: is no file"):
        read_experiment(tmp_path / "e.toml")


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("run.json", lambda said: said["iterations"][0].update(gain=[0.5])),
        ("run.json", lambda said: said["guard"].update(strength="0.5")),
        ("run.json", lambda said: said.update(dataset={})),
        ("run.json", lambda said: said.update(seconds=float("nan"))),
        ("run.json", lambda said: said.update(versions=[1])),
        ("report.json", lambda said: said["weighted"].update(rsum="300")),
        ("report.json", lambda said: said["weighted"].update(label=3)),
        ("report.json", lambda said: said["ranks"]["weighted"][0].__setitem__(0, 10**9)),
        ("report.json", lambda said: said.update(n_images=True)),
    ],
)
def test_a_run_whose_numbers_are_none(tmp_path: Path, study: Any, name: str, change: Callable[[Any], object]) -> None:
    save_run(study, tmp_path / "run")
    said = json.loads((tmp_path / "run" / name).read_text())
    change(said)
    (tmp_path / "run" / name).write_text(json.dumps(said))
    with pytest.raises(RunError, match=r"^run/(run|report|history)\.\w+: is damaged \(.*\); construct again$"):
        load_run(tmp_path / "run")


def test_a_run_whose_columns_hold_dates(tmp_path: Path, study: Any) -> None:
    save_run(study, tmp_path / "run")
    file = tmp_path / "run" / "weights.parquet"
    table = pl.read_parquet(file)
    table.with_columns(pl.lit(0).cast(pl.Datetime).alias("weight")).write_parquet(file)
    with pytest.raises(RunError, match=r"run/weights\.parquet: is damaged \('weight' holds Datetime"):
        load_run(tmp_path / "run")
    table.head(3).write_parquet(file)
    with pytest.raises(RunError, match=r"run/weights\.parquet: is damaged \(the table has 3 rows, but there are 24"):
        load_run(tmp_path / "run")


def test_a_cell_whose_file_would_lie_outside(tmp_path: Path) -> None:
    cell = {"key": "../../secret", "dataset": "x", "variant": "pico", "seed": 0}
    (tmp_path / ABOUT).write_text(json.dumps({"format": FORMAT, "name": "x", "cells": [cell]}))
    for read in (read_about, read_outcome):
        with pytest.raises(RunError, match=r"no experiment\.json of a PICO Lens experiment there"):
            read(tmp_path)


def test_a_panic_of_a_parser_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def panics(*_: object, **__: object) -> None:
        raise pl.exceptions.PanicException("assertion failed")

    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "results.parquet")
    monkeypatch.setattr(pl, "from_arrow", panics)
    with pytest.raises(RunError, match=r"results\.parquet: cannot be read \(assertion failed\)"):
        read_table(tmp_path / "results.parquet")


# --- Pictures ---------------------------------------------------------------------------------


def test_a_png_bomb(tmp_path: Path) -> None:
    """A header of 60,000 x 60,000 pixels, and a stream that unpacks to the lot."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = struct.pack(">2L5B", 60_000, 60_000, 8, 0, 0, 0, 0)
    content = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(10**7)))
    (tmp_path / "bomb.png").write_bytes(content)
    for attempt in (lambda: read_picture(tmp_path / "bomb.png"), lambda: picture_of(content)):
        with pytest.raises(DataError, match=r"pixels.*against pictures made to fill the memory"):
            attempt()


@pytest.mark.parametrize(("mode", "kind"), [("I;16", "PNG"), ("RGBA", "PNG"), ("F", "TIFF"), ("LA", "PNG")])
def test_a_picture_is_the_same_in_bands(mode: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one piece, 80 million pixels of 16 bits, which a file of 200 KB can hold, took 2 GB on their way to RGB."""
    draw, held = np.random.default_rng(0), io.BytesIO()
    if mode in ("RGBA", "LA"):
        Image.fromarray(draw.integers(0, 256, (23, 17, 4), np.uint8)).convert(mode).save(held, format=kind)
    else:
        values = draw.integers(0, 65_536, (23, 17)).astype({"F": np.float32, "I;16": np.uint16}[mode])
        Image.fromarray(values).save(held, format=kind)
    whole = picture_of(held.getvalue())
    monkeypatch.setattr(pictures, "BAND_PIXELS", 17 * 4)
    assert len(pictures._bands(whole)) == 6
    assert picture_of(held.getvalue()).tobytes() == whole.tobytes()


# --- The disk ---------------------------------------------------------------------------------


def test_a_dataset_that_is_changed_while_it_is_open(tmp_path: Path) -> None:
    """Replaced whole, as we write: who has it open keeps the old one. Cut in place, as `cp` does: nobody is ended."""
    pairs = open_pairs(npz(tmp_path / "x.npz"))
    save_pairs(pairs, tmp_path / "data")
    whole, streamed = open_pairs(tmp_path / "data"), open_pairs(tmp_path / "data", stream_from=0)
    other = open_pairs(npz(tmp_path / "x.npz", image_emb=arrays()["image_emb"][::-1]))
    save_pairs(other, tmp_path / "data")
    assert streamed.in_file
    assert whole.digest == streamed.digest == pairs.digest
    assert open_pairs(tmp_path / "data").digest == other.digest != pairs.digest

    whole, streamed = open_pairs(tmp_path / "data"), open_pairs(tmp_path / "data", stream_from=0)
    os.truncate(tmp_path / "data" / ARRAYS, 100)
    assert whole.digest == other.digest
    with pytest.raises(DataError, match="it was changed since it was opened: open the dataset again"):
        _ = streamed.digest
    with pytest.raises(DataError, match=r"^data/pairs\.safetensors: the header should take"):
        open_pairs(tmp_path / "data")


def test_a_full_disk_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, planted: Any, study: Any
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    pairs = open_pairs(npz(tmp_path / "x.npz"))
    save_pairs(pairs, tmp_path / "data")
    save_run(study, tmp_path / "run")
    found = study_label_probe(planted.pairs, study.config, study.basis)
    assert found is not None
    save_probe(found, tmp_path / "p.parquet")
    monkeypatch.setattr(atomic, "_sync", full)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DataError, match=r"data: the dataset could not be written .*No space left on device.*free some"):
        save_pairs(pairs, tmp_path / "data")
    with pytest.raises(PicoError, match=r"run: .*No space left on device.*free some space"):
        save_run(study, tmp_path / "run")
    assert sorted(tmp_path.rglob("*")) == before
    with pytest.raises(DataError, match=r"p\.parquet: cannot be written \(No space left on device\)"):
        save_probe(found, tmp_path / "p.parquet")
    assert sorted(tmp_path.rglob("*")) == before
    assert open_pairs(tmp_path / "data").digest == pairs.digest
    assert load_run(tmp_path / "run").digest == study.digest
