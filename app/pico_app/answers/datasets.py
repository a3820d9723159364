"""The open dataset: a built-in one or anybody's, opened once and read anew when it changed on disk."""

from dataclasses import dataclass, replace
from pathlib import Path

from pico_app.server.answer import MANY, answer
from pico_app.server.cache import GIGABYTE
from pico_app.server.places import opened_place
from pico_app.workspace import Dataset
from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import read_truth
from pico_core.data.samples import Sample, draw_images
from pico_core.demo import DEMOS, Demo
from pico_core.formats import open_pairs
from pico_core.storage.atomic import is_trace

SAMPLED_IMAGES = 1000  # of a dataset that does not fit into memory
SAMPLED_BYTES = 400_000_000


def built_in(path: str) -> Demo | None:
    """The demo of this name."""
    return next((demo for demo in DEMOS if demo.name == path), None)


@answer(entries=MANY, max_bytes=2 * GIGABYTE, spinner="Opening the dataset")
def _open(path: str, changed: str) -> Dataset:
    demo = built_in(path)
    source = Path(path) if demo is None else demo.dataset
    pairs, sample = drawn_for_pages(open_pairs(source))
    file = source / "truth.parquet" if demo is None else demo.truth
    truth = read_truth(file, pairs.n_columns) if file.is_file() else None
    return Dataset(pairs, truth, source if source.is_dir() else source.parent, demo, sample)


def drawn_for_pages(pairs: PairedEmbeddings) -> tuple[PairedEmbeddings, Sample | None]:
    """What pages show of a dataset: all of it, or images drawn by seed 0 where its tokens are too many for memory.

    At most `SAMPLED_IMAGES` images, and no more than `SAMPLED_BYTES` of their tokens as stored. The name of what
    was drawn says so, on every page and in everything that is taken from there.
    """
    if not pairs.in_file:
        return pairs, None
    tokens = (pairs.image_tokens, pairs.text_tokens)
    per_image = sum(array.numel() * array.dtype.itemsize for array in tokens) / pairs.n_images
    most = max(2, min(SAMPLED_IMAGES, int(SAMPLED_BYTES / per_image)))
    drawn = draw_images(pairs.n_images, most=most, seed=0)
    if drawn is None:
        return pairs.read(), None
    sample = Sample(len(drawn), pairs.n_images)
    return replace(pairs.select(drawn).read(), name=f"{pairs.name} ({sample.sentence})"), sample


def open_dataset(path: str) -> Dataset:
    """Open a dataset; a file that changed on disk is read anew."""
    if built_in(path):
        return _open(path, "")
    opened = opened_place(path)
    return _open(str(opened), changed_on_disk(opened))


def changed_on_disk(path: Path) -> str:
    """Sizes and times of what lies there in words: another answer means another dataset."""
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path] if path.exists() else []
        stamps = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files if not is_trace(f.name)]
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name[:80]}: cannot be read ({error}); correct the path or its permissions") from None
    return repr(stamps)


@dataclass(frozen=True)
class LabelColumn:
    """A label column, counted."""

    name: str
    of: str
    groups: int
    missing: int
    example: str


def label_columns(dataset: Dataset) -> list[LabelColumn]:
    """All label columns of images and texts."""
    pairs = dataset.pairs
    return [
        LabelColumn(name, of, frame[name].n_unique(), frame[name].null_count(), str(frame[name][0]))
        for of, frame, names in (
            ("images", pairs.images, pairs.image_labels),
            ("texts", pairs.texts, pairs.text_labels),
        )
        for name in names
    ]
