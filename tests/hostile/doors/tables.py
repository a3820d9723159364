"""Doors for tables and text: metadata beside arrays, captions in every known form, sets of columns."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from pico_core.common.errors import DataError
from pico_core.encoders.captions import read_captions
from pico_core.encoders.pictures import find_pictures
from pico_core.formats import open_pairs
from pico_core.retrieval.switching.column_sets import ColumnSet, parse_columns
from tests.hostile.doors.arrays import M, N, arrays, used, written
from tests.hostile.harness import Door

CAPTIONS = ["a red dog", "a dog; it runs", 'a "quoted" cat', "ein Hund läuft", "كلب أحمر", "a 👩‍👩‍👧 family"]
FILES = ["a.png", "b.png", "c/d.png", "a.png", "b.png", "e.png"]


def table(kind: str) -> Callable[[Path], None]:
    """The door of a table beside arrays: of images or of texts."""

    def enter(path: Path) -> None:
        given: dict[str, Any] = {kind: path}
        used(open_pairs(path.parent / "x.npz", **given))

    return enter


def captions(path: Path) -> None:
    """A file of captions, and the pictures that it names."""
    found = read_captions(path)
    _ = found.n_repeated, found.n_shared, found.texts_per_image
    if not (len(found.texts) == len(found.text_image) and set(found.text_image) == set(range(len(found.images)))):
        raise AssertionError("captions without their pictures")
    for labels, rows in ((found.image_labels, found.images), (found.text_labels, found.texts)):
        if labels.width and labels.height != len(rows):
            raise AssertionError("labels of other rows")
        labels.write_parquet(io.BytesIO())
    try:
        there = find_pictures(path.parent / "pictures", found.images)
    except DataError:
        return
    if any((path.parent / "pictures").resolve() not in one.resolve().parents for one in there.paths):
        raise AssertionError(f"a picture outside: {there.paths}")


def column_set(path: Path) -> None:
    """A file of a set of columns, as the Columns page takes it."""
    found = ColumnSet.from_json(path.read_bytes())
    parse_columns(found.text, found.n_columns)


def typed_columns(path: Path) -> None:
    """A list of columns as somebody types it."""
    parse_columns(path.read_bytes().decode(errors="replace"), 64)


def parquet(frame: pl.DataFrame) -> bytes:
    """A table as a file."""
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


def doors() -> tuple[Door, ...]:
    """All of them."""
    made = {name: value for name, value in arrays().items() if name not in ("captions", "ids")}
    npz = written(np.savez, **{**made, "image_index": np.arange(M) % N})
    images = pl.DataFrame({
        "id": [f"i{i}" for i in range(N)], "path": [f"{i}.png" for i in range(N)],
        "style": ["blur", "plain", "sepia"] * 3,
        "size": list(range(N)),
    })  # fmt: skip
    texts = pl.DataFrame({
        "caption": (CAPTIONS * 2)[:M], "image_index": [i % N for i in range(M)], "mood": [None, "calm", "loud", ""] * 3,
    })  # fmt: skip
    rows = pl.DataFrame({"image": FILES, "caption": CAPTIONS, "split": ["train", "test"] * 3, "n": [1, 2, 3, 4, 5, 6]})
    listed = pl.DataFrame({"filename": FILES[:3], "sentences": [CAPTIONS[:2], CAPTIONS[2:4], CAPTIONS[4:]]})
    coco = {
        "images": [{"id": i, "file_name": name} for i, name in enumerate(FILES[:3])],
        "annotations": [{"image_id": i % 3, "id": i, "caption": text} for i, text in enumerate(CAPTIONS)],
    }
    karpathy = {
        "dataset": "x",
        "images": [
            {"filename": name, "filepath": "v", "split": "val", "sentences": [{"raw": text, "tokens": text.split()}]}
            for name, text in zip(FILES, CAPTIONS, strict=True)
        ],
    }
    by_name = {name: [text] for name, text in zip(FILES[:3], CAPTIONS, strict=False)}
    chosen = ColumnSet("mine", (1, 3, 4, 5), "given columns", "0123456789abcdef", 64)
    pictures = {f"pictures/{name}": b"" for name in FILES}
    flickr = "".join(f"{name}#{i}\t{text}\n" for i, (name, text) in enumerate(zip(FILES, CAPTIONS, strict=True)))
    return (
        Door("images-parquet", {"i.parquet": parquet(images), "x.npz": npz}, table("images"), ("i.parquet",)),
        Door("texts-parquet", {"t.parquet": parquet(texts), "x.npz": npz}, table("texts"), ("t.parquet",)),
        Door("images-csv", {"i.csv": images.write_csv().encode(), "x.npz": npz}, table("images"), ("i.csv",)),
        Door(
            "texts-csv",
            {"t.csv": texts.write_csv().encode(), "t.tsv": texts.write_csv(separator="\t").encode(), "x.npz": npz},
            table("texts"),
            ("t.csv", "t.tsv"),
        ),
        Door(
            "captions-csv",
            {
                "c.csv": rows.write_csv().encode(),
                "c.tsv": rows.write_csv(separator="\t").encode(),
                "c16.csv": rows.write_csv().encode("utf-16") if isinstance(rows.write_csv(), str) else b"",
                "c.token": flickr.encode(),
                **pictures,
            },
            captions,
            ("c.csv", "c.tsv", "c16.csv", "c.token"),
        ),
        Door("captions-jsonl", {"c.jsonl": rows.write_ndjson().encode(), **pictures}, captions, ("c.jsonl",)),
        Door(
            "captions-json",
            {
                "coco.json": json.dumps(coco).encode(),
                "karpathy.json": json.dumps(karpathy, ensure_ascii=False).encode(),
                "names.json": json.dumps(by_name).encode(),
                "rows.json": json.dumps(rows.to_dicts()).encode(),
                **pictures,
            },
            captions,
            ("coco.json", "karpathy.json", "names.json", "rows.json"),
        ),
        Door(
            "captions-parquet",
            {"c.parquet": parquet(rows), "l.parquet": parquet(listed), **pictures},
            captions,
            ("c.parquet", "l.parquet"),
        ),
        Door("column-set", {"set.json": chosen.to_json().encode()}, column_set, named=False),
        Door("typed-columns", {"typed.txt": b"3, 7, 12-15"}, typed_columns, named=False),
    )
