"""Captions in JSON: COCO, Karpathy's splits, records, and a dictionary by file name."""

from typing import Any

import polars as pl

from pico_core.encoders.captions.rows import Choice, Rows, choose, picture_name, spoken, table_rows
from pico_core.errors import DataError


def coco_rows(content: dict[str, Any]) -> Rows:
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
        name = names[note["image_id"]]
        for caption in spoken(note.get("caption"), name):
            rows.images.append(name)
            rows.captions.append(caption)
    described = set(rows.images)
    lonely = [name for name in names.values() if name not in described]
    return Rows(rows.images + lonely, rows.captions + [None] * len(lonely))


def karpathy_rows(content: dict[str, Any]) -> Rows:
    """Karpathy's splits: every image has a file name, sentences with `raw`, and a split, kept as a label."""
    images, captions, splits = [], [], []
    for row, image in enumerate(_records(content, "images")):
        name = picture_name(image.get("filename"), row)
        name = f"{image['filepath']}/{name}" if isinstance(image.get("filepath"), str) else name
        sentences = image.get("sentences")
        if not isinstance(sentences, list) or not all(isinstance(sentence, dict) for sentence in sentences):
            raise DataError(f"image {name!r} has no list of sentences; expected Karpathy's form: sentences with raw")
        for caption in spoken([sentence.get("raw") for sentence in sentences], name):
            images.append(name)
            captions.append(caption)
            splits.append(str(image.get("split", "")))
    labels = pl.DataFrame({"split": splits}) if any(splits) else pl.DataFrame()
    return Rows(images, captions, labels)


def dictionary_rows(content: dict[str, Any]) -> Rows:
    """Captions by file name: {"a.jpg": "a dog", "b.jpg": ["a cat", "a small cat"]}."""
    images: list[str] = []
    captions: list[str | None] = []
    for name, value in content.items():
        if not isinstance(value, str | list):
            raise DataError(
                f"its JSON has the keys {', '.join(map(repr, list(content)[:8]))}, and {name[:60]!r} holds a "
                f"{type(value).__name__}; expected COCO captions, Karpathy's splits, or captions by file name"
            )
        for caption in spoken(value, name):
            images.append(name)
            captions.append(caption)
    return Rows(images, captions)


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
    found = content.get(name)
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise DataError(
            f"{name!r} is not a list of records, as COCO and Karpathy files have it; check which file it is"
        )
    return found
