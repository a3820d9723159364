"""Own pictures: what lies there, the zip it may come in, and the encoding in the background."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from pico_app.answers.datasets import changed_on_disk
from pico_app.answers.pictures import data_address
from pico_app.server.answer import answer
from pico_app.server.places import check_pictures, opened_place
from pico_app.server.queue import Job, visit
from pico_core.common.errors import DataError
from pico_core.common.reporter import Relay
from pico_core.data.marks import Level
from pico_core.encoders import BadItem, EncodedDataset, encode_dataset, loading
from pico_core.encoders.archive import Archive, look_into, unpack
from pico_core.encoders.captions import caption_columns, read_captions
from pico_core.encoders.dataset import check_target
from pico_core.encoders.loading import EncoderChoice
from pico_core.encoders.pictures import Survey, read_picture, survey
from pico_core.encoders.protocol import OnBad


@dataclass(frozen=True)
class Source:
    """Where pictures and captions lie.

    Attributes:
        pictures: Folder of the pictures.
        captions: File of the captions.
        image_column: Column of file names; None = by common names.
        caption_columns: Columns of captions; empty = by common names.
        upload: The zip that they came in, if they came in one.
    """

    pictures: str
    captions: str
    image_column: str | None = None
    caption_columns: tuple[str, ...] = ()
    upload: str | None = None


@dataclass(frozen=True, eq=False)
class Order:
    """What to encode, with what, and where to.

    Attributes:
        survey: Pictures and captions.
        encoder: The model and its weights.
        target: Folder of the new dataset.
        on_bad: What to do with what cannot be read.
        level: Patches and words, or one vector each.
        batch_size: Pictures, and captions, at a time.
    """

    survey: Survey
    encoder: EncoderChoice
    target: Path
    on_bad: OnBad
    level: Level = "tokens"
    batch_size: int = 32


@dataclass(frozen=True)
class Outcome:
    """A finished encoding, without its arrays.

    Attributes:
        folder: The dataset.
        encoder: What made it.
        n_images: Pictures in it.
        n_texts: Captions in it.
        left_out: Pictures and captions that are not in it, with reasons.
        unknown_words: Words that the encoder did not know and left out.
        n_truncated: Captions of which only the beginning was read.
        notes: What a user should know of the encoder.
        seconds: How long it took, this time.
    """

    folder: str
    encoder: str
    n_images: int
    n_texts: int
    left_out: tuple[BadItem, ...]
    unknown_words: tuple[str, ...]
    n_truncated: int
    notes: tuple[str, ...]
    seconds: float


_targets: set[str] = set()  # folders that are being written on this server, by any visit


@answer(entries=1, spinner="Loading the list of models")
def model_names() -> list[str]:
    """The models of open_clip."""
    return list(loading.model_names()[1:])


@answer(entries=64)
def pretrained_tags(model: str) -> list[str]:
    """Weights that open_clip can download for a model."""
    return list(loading.pretrained_tags(model))


@answer(entries=4, spinner="Reading the captions")
def _survey(source: Source, changed: str) -> Survey:
    captions = read_captions(
        Path(source.captions), image_column=source.image_column, caption_column=source.caption_columns or None
    )
    surveyed = survey(Path(source.pictures), captions)
    check_pictures(surveyed.pictures.paths)
    return surveyed


def look_over(source: Source) -> Survey:
    """Which pictures and captions there are, and which are missing; read anew when either place changed.

    Raises:
        DataError: the captions cannot be read, no picture is there, or one lies outside the folders that the app opens.
    """
    pictures, captions = str(opened_place(source.pictures)), str(opened_place(source.captions))
    source = replace(source, pictures=pictures, captions=captions)
    return _survey(source, _changed(source.captions) + _folder_changed(source.pictures))


@answer()
def _columns(captions: str, changed: str) -> tuple[str, ...]:
    return caption_columns(Path(captions))


def columns_of(captions: str) -> tuple[str, ...]:
    """Columns to choose from; empty where the format says itself what is what.

    Raises:
        DataError: no captions.
    """
    path = str(opened_place(captions))
    return _columns(path, _changed(path))


def _changed(path: str) -> str:
    return changed_on_disk(Path(path))


def _folder_changed(path: str) -> str:
    """A folder of pictures changes when a name comes or goes; pictures themselves are read when they are encoded."""
    root = Path(path)
    try:
        folders = [root, *(entry for entry in root.iterdir() if entry.is_dir())] if root.is_dir() else []
        return repr(sorted((str(folder), folder.stat().st_mtime_ns) for folder in folders))
    except (OSError, ValueError) as error:
        raise DataError(f"{root.name[:80]}: cannot be read ({error}); correct the path or its permissions") from None


@answer(entries=8, spinner="Looking into the zip")
def look_into_zip(path: str) -> Archive:
    """What an uploaded zip holds; nothing is unpacked.

    Raises:
        DataError: hostile, damaged, or without pictures.
    """
    return look_into(path)


@answer(entries=8, spinner="Unpacking the pictures")
def unpack_zip(path: str, captions: str | None) -> tuple[str, str | None]:
    """The folder of pictures of an uploaded zip, and its file of captions if one was asked for.

    Raises:
        DataError: a member is damaged, or the disk is full.
    """
    archive = look_into_zip(path)
    number = archive.tables.index(captions) if captions in archive.tables else "none"
    unpacked = unpack(archive, Path(path).parent / f"unpacked-{number}", captions=captions)
    return str(unpacked.pictures), None if unpacked.captions is None else str(unpacked.captions)


@answer(entries=200, max_bytes=32_000_000)
def _preview(path: str, size: int, changed: float) -> str:
    return data_address(read_picture(Path(path)), size=size)


def preview(path: Path, *, size: int = 240) -> str:
    """A small picture of a file that nobody has judged yet, as a data address.

    Raises:
        DataError: it cannot be read; says why.
    """
    return _preview(str(path), size, path.stat().st_mtime if path.is_file() else 0.0)


def target_problem(target: Path) -> str | None:
    """Why a dataset cannot be written there; None if it can."""
    try:
        check_target(opened_place(target))
    except DataError as error:
        return str(error)
    return None


def job() -> Job[Outcome] | None:
    """The encoding of this visit, if any."""
    return visit().jobs.get("encoding")


def last() -> Job[Outcome] | None:
    """The encoding of this visit that has ended last, well or not; None where none has, or another has begun."""
    return visit().jobs.get("encoded")


def start(order: Order) -> None:
    """Encode in the background; what this visit was encoding stops first, and what is done of it is kept."""
    opened_place(order.target)
    visit().jobs.pop("encoded", None)
    title = f"Encoding {order.survey.folder.name}"
    visit().start("encoding", Job(str(order.target), title, partial(_encode, order), doing="loading the encoder"))


def end() -> Outcome | None:
    """Put an encoding that has ended away; what it made, None where it made nothing or has been put away before."""
    ended = job()
    if ended is None or ended.running:
        return None
    visit().jobs["encoded"] = visit().jobs.pop("encoding")
    return ended.result


def outcome(folder: str) -> Outcome | None:
    """How this visit made the dataset in this folder, if it did."""
    ended = last()
    result = None if ended is None else ended.result
    return result if result is not None and result.folder == folder else None


class Batches(Relay):
    """Names batches of pictures and captions as the stage of a job."""

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """One more batch is done."""
        self.stage(f"{'picture' if name == 'images' else 'caption'} {done:,} of {total:,}")


def _encode(order: Order, job: Job[Outcome]) -> Outcome:
    """The work of one job, in its own thread: nothing of the page is touched here."""
    encoder = order.encoder.load()
    job.share(0.0)
    job.began = began = time.monotonic()
    captions = order.survey.captions
    with _alone(str(order.target.resolve())):
        encoded = encode_dataset(
            encoder,
            order.survey.folder,
            captions,
            out=order.target,
            batch_size=order.batch_size,
            on_bad=order.on_bad,
            reporter=Batches(job),
            level=order.level,
        )
    return _outcome(encoded, encoder.name, time.monotonic() - began)


def _outcome(encoded: EncodedDataset, encoder: str, seconds: float) -> Outcome:
    return Outcome(
        folder=str(encoded.folder),
        encoder=encoder,
        n_images=encoded.pairs.n_images,
        n_texts=encoded.pairs.n_texts,
        left_out=(*encoded.bad_images, *encoded.bad_texts),
        unknown_words=encoded.unknown_words,
        n_truncated=encoded.n_truncated,
        notes=encoded.notes,
        seconds=seconds,
    )


_LOCK = threading.Lock()


@contextmanager
def _alone(target: str) -> Iterator[None]:
    """Refuse to write a folder that another visit is writing."""
    with _LOCK:
        if target in _targets:
            raise DataError(
                f"{Path(target).name}: another visit is encoding into this folder; wait until it is done, or choose "
                "another one"
            )
        _targets.add(target)
    try:
        yield
    finally:
        with _LOCK:
            _targets.discard(target)
