"""Files that come in through the browser or lie on this machine, before they are a dataset."""

import functools
import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from pico_app.answers.datasets import changed_on_disk
from pico_app.server.answer import MANY, answer
from pico_app.server.cache import GIGABYTE
from pico_app.server.places import opened_place
from pico_app.server.scratch import OfOneVisit, scratch
from pico_core import formats
from pico_core.common.errors import DataError, PicoError
from pico_core.formats.native import save_pairs
from pico_core.storage.atomic import write_atomically


@functools.cache
def _of_all() -> tempfile.TemporaryDirectory[str]:
    """Where uploads lie, those of every visit in a folder of their own."""
    return scratch("uploads")


def of_one_visit() -> OfOneVisit:
    """Where those of one visit lie, as long as somebody holds it."""
    return OfOneVisit(Path(_of_all().name))


def upload_endings() -> list[str]:
    """Of the files that can be dropped: a single one of which holds a dataset."""
    return [form.suffixes[0] for form in formats.FORMATS if form.suffixes and not form.one_array]


def keep_upload(folder: Path, mark: str, name: str, content: Callable[[], bytes]) -> str:
    """Put an upload where it can be read as a file; its name keeps only letters that paths may have.

    Args:
        folder: Of the uploads of this visit.
        mark: Names this very upload.
        name: Of the file.
        content: Hands out its bytes, asked only once.
    """
    stem = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in Path(name).stem)[:60]
    folder = folder / hashlib.sha256(mark.encode()).hexdigest()[:16]
    path = folder / f"{stem or 'upload'}{Path(name).suffix.lower()}"
    if not path.is_file():
        with st.spinner("Reading the upload"):
            folder.mkdir(exist_ok=True)
            write_atomically(path, content())
    return str(path)


@dataclass(frozen=True)
class Source:
    """A file to look into, with the tables that go with it.

    Attributes:
        path: Of the arrays.
        images: Table with one row per image, or None.
        texts: Table with one row per text, or None.
    """

    path: str
    images: str | None = None
    texts: str | None = None


@answer(entries=MANY, max_bytes=GIGABYTE, spinner="Looking into the file")
def _inspect(source: Source, mapping: tuple[tuple[str, str], ...], changed: str) -> formats.Inspection:
    return formats.inspect(source.path, mapping=dict(mapping), images=source.images, texts=source.texts)


def inspect(source: Source, mapping: dict[str, str]) -> formats.Inspection:
    """What lies there, every problem included; roles may be named."""
    path = Path(source.path)
    try:
        path = opened_place(path)
        changed = changed_on_disk(path)
        return _inspect(replace(source, path=str(path)), tuple(sorted(mapping.items())), changed)
    except (PicoError, OSError, ValueError) as error:
        return formats.Inspection(path, "unknown", problems=(str(error),))


def keep_import(folder: Path, inspection: formats.Inspection) -> str:
    """Keep an inspected file as a dataset among the uploads of this visit; returns its path.

    Raises:
        PicoError: it cannot be kept.
    """
    if inspection.pairs is None:
        raise DataError("Nothing can be opened while there are problems.")
    target = folder / "datasets" / inspection.pairs.digest
    save_pairs(replace(inspection.pairs, name=inspection.path.stem), target)
    return str(target)
