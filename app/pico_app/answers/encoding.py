"""Own pictures: what lies there, the zip it may come in, and the encoding in the background."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import streamlit as st

from pico_app.answers.datasets import changed_on_disk
from pico_app.answers.pictures import data_address
from pico_app.server.jobs import Batches, Job, Worker
from pico_app.server.long_work import long_work
from pico_app.server.places import check_pictures, opened_place
from pico_app.state import study
from pico_core.data.marks import Level
from pico_core.encoders import BadItem, EncodedDataset, encode_dataset, loading, small
from pico_core.encoders.archive import Archive, look_into, unpack
from pico_core.encoders.captions.reading import caption_columns, read_captions
from pico_core.encoders.choice import EncoderChoice
from pico_core.encoders.dataset import check_target
from pico_core.encoders.pictures import read_picture
from pico_core.encoders.protocol import OnBad
from pico_core.encoders.survey import Survey, survey
from pico_core.errors import DataError

PICTURE_WORK = 3  # captions that take about as long as one picture


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
        found: Pictures and captions.
        encoder: The model and its weights.
        target: Folder of the new dataset.
        on_bad: What to do with what cannot be read.
        level: Patches and words, or one vector each.
        batch_size: Pictures, and captions, at a time.
    """

    found: Survey
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


@dataclass
class Desk:
    """What one visit encodes, has encoded, or could not encode."""

    worker: Worker = field(default_factory=lambda: Worker(long_work()))
    outcome: Outcome | None = None
    failure: str | None = None
    stopped: str | None = None

    def close(self) -> None:
        """The visit has ended: stop after this batch; what is done is kept."""
        self.worker.close()


@st.cache_resource(scope="session", on_release=Desk.close, show_spinner=False)
def desk() -> Desk:
    """This visit's own."""
    return Desk()


@st.cache_resource(max_entries=1)
def _targets() -> set[str]:
    """Folders that are being written on this server, by any visit."""
    return set()


def builtin_encoder() -> Path | None:
    """The small encoder that comes with the project; None where it was not brought along."""
    return small.builtin_encoder()


@st.cache_data(max_entries=1, show_spinner="Loading the list of models")
def model_names() -> list[str]:
    """The models of open_clip."""
    return list(loading.model_names()[1:])


@st.cache_data(max_entries=64, show_spinner=False)
def pretrained_tags(model: str) -> list[str]:
    """Weights that open_clip can download for a model."""
    return list(loading.pretrained_tags(model))


@st.cache_resource(max_entries=4, show_spinner="Reading the captions")
def _survey(source: Source, changed: str) -> Survey:
    captions = read_captions(
        Path(source.captions),
        image_column=source.image_column,
        caption_column=source.caption_columns or None,
    )
    found = survey(Path(source.pictures), captions)
    check_pictures(found.found.paths)
    return found


def look_over(source: Source) -> Survey:
    """Which pictures and captions there are, and which are missing; read anew when either place changed.

    Raises:
        DataError: the captions cannot be read, no picture is there, or one lies outside the folders that the app opens.
    """
    places = {"pictures": str(opened_place(source.pictures)), "captions": str(opened_place(source.captions))}
    source = replace(source, **places)
    return _survey(source, _changed(source.captions) + _folder_changed(source.pictures))


@st.cache_data(max_entries=16, show_spinner=False)
def _columns(captions: str, changed: str) -> tuple[str, ...]:
    return caption_columns(Path(captions))


def columns_of(captions: str) -> tuple[str, ...]:
    """Columns to choose from; empty where the format says itself what is what.

    Raises:
        DataError: no captions.
    """
    place = str(opened_place(captions))
    return _columns(place, _changed(place))


def _changed(path: str) -> str:
    return changed_on_disk(Path(path))


def _folder_changed(path: str) -> str:
    """A folder of pictures changes when a name comes or goes; pictures themselves are read when they are encoded."""
    place = Path(path)
    try:
        folders = [place, *(entry for entry in place.iterdir() if entry.is_dir())] if place.is_dir() else []
        return repr(sorted((str(folder), folder.stat().st_mtime_ns) for folder in folders))
    except (OSError, ValueError) as error:
        raise DataError(f"{place.name[:80]}: cannot be read ({error}); correct the path or its permissions") from None


@st.cache_resource(max_entries=8, show_spinner="Looking into the zip")
def look_into_zip(path: str) -> Archive:
    """What an uploaded zip holds; nothing is unpacked.

    Raises:
        DataError: hostile, damaged, or without pictures.
    """
    return look_into(path)


@st.cache_resource(max_entries=8, show_spinner="Unpacking the pictures")
def unpack_zip(path: str, captions: str | None) -> tuple[str, str | None]:
    """The folder of pictures of an uploaded zip, and its file of captions if one was asked for.

    Raises:
        DataError: a member is damaged, or the disk is full.
    """
    archive = look_into_zip(path)
    number = archive.tables.index(captions) if captions in archive.tables else "none"
    made = unpack(archive, Path(path).parent / f"unpacked-{number}", captions=captions)
    return str(made.pictures), None if made.captions is None else str(made.captions)


@st.cache_data(max_entries=200, max_size="32MB", show_spinner=False)
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
    return desk().worker.job


def start(order: Order) -> None:
    """Encode in the background; what this visit was encoding stops first, and what is done of it is kept."""
    opened_place(order.target)
    at = desk()
    at.outcome = at.failure = at.stopped = None
    targets = _targets()
    at.worker.start(
        Job(
            key=str(order.target),
            title=order.found.folder.name,
            total=0,
            work=lambda job: _encode(order, job, targets),
            stage="loading the encoder",
        )
    )


def end() -> Outcome | None:
    """Put an encoding that has ended away, and open what it made; None where it made nothing."""
    at = desk()
    ended: Job[Outcome] | None = at.worker.job
    if ended is None or ended.running:
        return None
    at.worker.forget()
    if ended.result is not None:
        at.outcome = ended.result
        study.open_dataset(ended.result.folder)
    elif ended.failure is not None:
        at.failure = ended.failure
    else:
        at.stopped = ended.stage
    return ended.result


def outcome(folder: str) -> Outcome | None:
    """How this visit made the dataset in this folder, if it did."""
    made = desk().outcome
    return made if made is not None and made.folder == folder else None


def _encode(order: Order, job: Job[Outcome], targets: set[str]) -> Outcome:
    """The work of one job, in its own thread: nothing of the page is touched here."""
    encoder = order.encoder.load()
    job.pulse(0.0)
    job.began = began = time.monotonic()
    captions = order.found.captions
    with _alone(str(order.target.resolve()), targets):
        made = encode_dataset(
            encoder,
            order.found.folder,
            captions,
            out=order.target,
            batch_size=order.batch_size,
            on_bad=order.on_bad,
            reporter=Batches(job),
            level=order.level,
        )
    return _outcome(made, encoder.name, time.monotonic() - began)


def _outcome(made: EncodedDataset, encoder: str, seconds: float) -> Outcome:
    return Outcome(
        folder=str(made.folder),
        encoder=encoder,
        n_images=made.pairs.n_images,
        n_texts=made.pairs.n_texts,
        left_out=(*made.bad_images, *made.bad_texts),
        unknown_words=made.unknown_words,
        n_truncated=made.n_truncated,
        notes=made.notes,
        seconds=seconds,
    )


_LOCK = threading.Lock()


@contextmanager
def _alone(target: str, targets: set[str]) -> Iterator[None]:
    """Refuse to write a folder that another visit is writing."""
    with _LOCK:
        if target in targets:
            raise DataError(
                f"{Path(target).name}: another visit is encoding into this folder; wait until it is done, or choose "
                "another one"
            )
        targets.add(target)
    try:
        yield
    finally:
        with _LOCK:
            targets.discard(target)
