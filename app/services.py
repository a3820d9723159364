"""The engine behind a cache: the only place that caches. Keys are content digests and settings."""

import atexit
import hashlib
import json
import tempfile
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from io import BytesIO
from pathlib import Path

import polars as pl
import streamlit as st
from PIL import Image
from torch import Tensor

from app import heap, state
from app.jobs import Job, Worker
from pico_core.analysis import items
from pico_core.analysis.column_reading import ColumnsSummary, summarise
from pico_core.analysis.items import ColumnItems
from pico_core.analysis.purity import Separation, separation, usable_labels
from pico_core.analysis.rankings import MarginChange, SideBySide, largest_moves, margin_change, side_by_side
from pico_core.analysis.rivals import Rival, strongest_rival
from pico_core.analysis.subspaces import (
    Plane,
    PlanePair,
    Reading,
    Sample,
    Space,
    item_frame,
    map_key,
    pca_plane,
    planes_from_frame,
    sample_items,
    shown,
    subspace,
    umap_plane,
)
from pico_core.analysis.trajectories import (
    FeedbackReading,
    PrototypePlanes,
    WeightCurve,
    prototype_planes,
    read_feedback,
    softmax_curve,
)
from pico_core.data.files import load_pairs, save_pairs
from pico_core.data.imports import Inspection, inspect_dataset
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.demo import DemoFiles, read_truth
from pico_core.errors import DataError, PicoError
from pico_core.export import export_bytes
from pico_core.method.basis import Loading
from pico_core.method.config import StudyConfig
from pico_core.method.history import Construction
from pico_core.method.probabilities import weights_from
from pico_core.runs import load_run
from pico_core.study import Study, run_study, study_splits

DEMO_FILES = DemoFiles(Path(__file__).resolve().parents[1] / "assets" / "planted")


@dataclass(frozen=True, eq=False)
class Dataset:
    """An open dataset, and the planted truth where there is one."""

    pairs: PairedEmbeddings
    truth: Tensor | None

    @cached_property
    def mark(self) -> str:
        """Names everything a study reads: the digest of the data, and the truth where there is one."""
        if self.truth is None:
            return self.pairs.digest
        return f"{self.pairs.digest}+{hashlib.sha256(self.truth.numpy().tobytes()).hexdigest()[:8]}"


@dataclass(frozen=True, eq=False)
class Workspace:
    """What every page looks at.

    Attributes:
        dataset: The data.
        study: The study on the screen.
        splits: Its splits, in its basis.
        strength: Exponent of the weights that lists use.
        weights: P at that exponent.
        key: Names the study: data and settings. What a page computes from it is kept under this name.
    """

    dataset: Dataset
    study: Study
    splits: Splits
    strength: float
    weights: Tensor
    key: str


def study_key(dataset: Dataset, config: StudyConfig) -> str:
    """Names a study by what goes into it: data and settings."""
    return f"{dataset.mark}:{json.dumps(config.to_dict(), sort_keys=True)}"


@st.cache_resource(max_entries=4, show_spinner="Opening the dataset")
def _open(path: str, changed: str) -> Dataset:
    if path == state.DEMO:
        pairs = load_pairs(DEMO_FILES.dataset)
        return Dataset(pairs, read_truth(DEMO_FILES.truth, pairs.n_columns))
    pairs = load_pairs(path)
    truth = Path(path) / "truth.parquet"
    return Dataset(pairs, read_truth(truth, pairs.n_columns) if truth.is_file() else None)


def open_dataset(path: str) -> Dataset:
    """Open a dataset; a file that changed on disk is read anew."""
    if path == state.DEMO:
        return _open(path, "")
    place = Path(path).expanduser()
    return _open(str(place), _changed(place))


def _changed(place: Path) -> str:
    """Sizes and times of what lies there: another answer means another dataset."""
    try:
        files = sorted(place.iterdir()) if place.is_dir() else [place] if place.exists() else []
        found = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    except (OSError, ValueError) as error:
        raise DataError(f"{place.name[:80]}: cannot be read ({error}); correct the path or its permissions") from None
    return repr(found)


@st.cache_resource(max_entries=1)
def _finished() -> dict[str, Study]:
    """Studies done on this server, newest last; bounded in `remember`."""
    return {}


@st.cache_resource(scope="session", on_release=Worker.close, show_spinner=False)
def _worker() -> Worker:
    """This visit's thread; what it does is cancelled when the visit ends."""
    return Worker()


def remember(kept: dict[str, Study], key: str, study: Study) -> None:
    """Keep a finished study; the oldest of more than 16 goes."""
    kept[key] = study
    while len(kept) > 16:
        kept.pop(next(iter(kept)))


@st.cache_resource(max_entries=4, show_spinner=False)
def _demo_study(basis: str) -> Study:
    return load_run(DEMO_FILES.run(basis), open_dataset(state.DEMO).pairs)


def find_study(dataset: Dataset, config: StudyConfig) -> Study | None:
    """A study that is done: of the demo from its files, else from this server's memory."""
    key = study_key(dataset, config)
    if key in _finished():
        return _finished()[key]
    if dataset.mark == open_dataset(state.DEMO).mark and config.basis in ("given", "cross"):
        study = _demo_study(config.basis)
        if study.config == config:
            return study
    return None


def latest_study(dataset: Dataset) -> Study | None:
    """A result of the same data under other settings: the one last on the screen, else any that is done."""
    before: Study | None = state.on_screen()[1]
    if before is not None and before.digest == dataset.pairs.digest:
        return before
    same = [study for study in _finished().values() if study.digest == dataset.pairs.digest]
    return same[-1] if same else find_study(dataset, StudyConfig())


def job() -> Job | None:
    """The work of this visit, if any."""
    return _worker().job


def start_job(dataset: Dataset, config: StudyConfig, *, title: str) -> None:
    """Compute a study in the background; work that was under way is cancelled."""
    key = study_key(dataset, config)
    state.set_failure(key, "")
    kept = _finished()

    def finish(study: Study) -> None:
        remember(kept, key, study)

    _worker().start(
        Job(
            key=key,
            title=title,
            total=config.construction.n_iterations,
            work=lambda job: run_study(
                dataset.pairs, config, truth=dataset.truth, on_iteration=job.tick, on_progress=job.pulse
            ),
            finish=finish,
        )
    )


def end_job() -> None:
    """Forget this visit's job; remember why it failed, if it did."""
    ended = job()
    if ended is not None and ended.failure:
        state.set_failure(ended.key, ended.failure)
    _worker().forget()


@st.cache_resource(max_entries=4, show_spinner=False)
def _splits(key: str, _dataset: Dataset, _study: Study) -> Splits:
    # The key names data and settings in full; the underscored arguments follow from it.
    return study_splits(_dataset.pairs, _study.config, _study.basis)


def workspace(dataset: Dataset, study: Study) -> Workspace:
    """What the pages look at."""
    strength, key = state.strength(), study_key(dataset, study.config)
    return Workspace(
        dataset=dataset,
        study=study,
        splits=_splits(key, dataset, study),
        strength=strength,
        weights=weights_from(study.construction.probabilities, strength=strength),
        key=key,
    )


# --- Retrieval ---------------------------------------------------------------------------------


def ranking(space: Workspace, wanted: state.Query, *, top_k: int) -> SideBySide:
    """One query, unweighted and weighted, on the test split: exact, only its row is scored."""
    return side_by_side(space.splits.test, wanted.index, kind=wanted.kind, weights=space.weights, top_k=top_k)


def lead(space: Workspace, wanted: state.Query) -> MarginChange:
    """Why the right answer moved: its lead over the strongest rival, column by column."""
    return margin_change(space.splits.test, wanted.index, kind=wanted.kind, weights=space.weights)


def moved(space: Workspace, kind: state.QueryKind, *, gains: bool) -> list[int]:
    """Queries that PICO without the guard moved most, best first: from the report, nothing is scored."""
    report = space.study.report
    after = next((row.ranks for row in report.controls if row.name == "unguarded"), report.weighted.ranks)
    pick = "image_to_text" if kind == "image" else "text_to_image"
    before, later = getattr(report.baseline.ranks, pick), getattr(after, pick)
    return largest_moves(before, later) if gains else largest_moves(later, before)


@st.cache_data(max_entries=4, show_spinner=False)
def _image_names(key: str, _test: PairedEmbeddings) -> list[str]:
    first = dict(zip(reversed(_test.text_image.tolist()), reversed(_test.captions), strict=True))
    return [name if first[i] is None else f"{name} · {first[i]}" for i, name in enumerate(_test.ids)]


def image_names(space: Workspace) -> list[str]:
    """Every image of the test split in words: its name and its first caption."""
    return _image_names(space.key, space.splits.test)


@st.cache_data(max_entries=2000, show_spinner=False)
def _thumbnail(path: str, size: int, changed: float) -> str:
    with Image.open(path) as picture:
        small = picture.convert("RGB")
        small.thumbnail((size, size))
        held = BytesIO()
        small.save(held, format="JPEG", quality=82)
    return f"data:image/jpeg;base64,{b64encode(held.getvalue()).decode()}"


def thumbnail(path: str | None, *, size: int = 96) -> str | None:
    """A small picture as a data address; None where there is no picture that can be read."""
    if path is None or not Path(path).is_file():
        return None
    try:
        return _thumbnail(path, size, Path(path).stat().st_mtime)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None


# --- Subspaces ---------------------------------------------------------------------------------


def map_labels(space: Workspace) -> list[str]:
    """Label columns of images or texts that can gather, images' first."""
    test = space.splits.test
    both = usable_labels(test.images, test.image_labels) + usable_labels(test.texts, test.text_labels)
    return list(dict.fromkeys(both))


def map_sample(space: Workspace) -> Sample:
    """Which items of the test split the maps show."""
    return sample_items(space.splits.test.n_images, space.splits.test.n_texts)


@st.cache_data(max_entries=8, show_spinner=False)
def _map_items(key: str, label: str | None, _test: PairedEmbeddings, _sample: Sample) -> pl.DataFrame:
    return item_frame(_test, _sample, label=label)


def map_items(space: Workspace, label: str | None) -> pl.DataFrame:
    """One row per point of the maps: kind, index, group (a label, or the modality), hover."""
    test = space.splits.test
    return _map_items(space.key, label, test, map_sample(space))


def _plane_pair(test: PairedEmbeddings, made: Tensor, reading: Reading, flatten: Callable[[Space], Plane]) -> PlanePair:
    sample = sample_items(test.n_images, test.n_texts)
    semantic = flatten(shown(subspace(test, made, name="semantic", reading=reading), sample))
    return PlanePair(semantic, flatten(shown(subspace(test, made, name="style", reading=reading), sample)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _pca(key: str, reading: Reading, _test: PairedEmbeddings, _probabilities: Tensor) -> PlanePair:
    return _plane_pair(_test, _probabilities, reading, pca_plane)


def pca_maps(space: Workspace, reading: Reading) -> PlanePair:
    """Both spaces by PCA: at once."""
    made = space.study.construction.probabilities
    return _pca(space.key, reading, space.splits.test, made)


@st.cache_resource(max_entries=1)
def _mapper() -> ThreadPoolExecutor:
    """One UMAP at a time: it fills a core for seconds."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="umap")


def _umap_pair(test: PairedEmbeddings, made: Tensor, reading: Reading) -> PlanePair:
    found = _plane_pair(test, made, reading, umap_plane)
    heap.freeze_once("umap")  # it has loaded a compiler
    return found


@st.cache_resource(max_entries=8, show_spinner=False)
def _umap(key: str, reading: Reading, _test: PairedEmbeddings, _probabilities: Tensor) -> Future[PlanePair]:
    if reading == "weighted" and DEMO_FILES.maps.is_file():
        sample = sample_items(_test.n_images, _test.n_texts)
        stored = planes_from_frame(pl.read_parquet(DEMO_FILES.maps), sample, key=map_key(_test, _probabilities))
        if stored is not None:
            ready: Future[PlanePair] = Future()
            ready.set_result(stored)
            return ready
    return _mapper().submit(_umap_pair, _test, _probabilities, reading)


def umap_maps(space: Workspace, reading: Reading) -> Future[PlanePair]:
    """Both spaces by UMAP: the demo's from its file, any other from a thread that is asked until it is done."""
    made = space.study.construction.probabilities
    return _umap(space.key, reading, space.splits.test, made)


@st.cache_resource(max_entries=16, show_spinner="Counting neighbours")
def _separation(
    key: str, content: str | None, style: str | None, reading: Reading, _test: PairedEmbeddings, _probabilities: Tensor
) -> Separation:
    return separation(_test, _probabilities, content=content, style=style, reading=reading)


def purities(space: Workspace, *, content: str | None, style: str | None, reading: Reading) -> Separation:
    """How pure neighbourhoods are in both spaces, on the test split."""
    made = space.study.construction.probabilities
    return _separation(space.key, content, style, reading, space.splits.test, made)


# --- Data --------------------------------------------------------------------------------------


@st.cache_resource(max_entries=1)
def _uploads() -> tempfile.TemporaryDirectory[str]:
    """Where uploads lie while the server runs: readable by its user only, gone when it ends."""
    folder = tempfile.TemporaryDirectory(prefix="pico-lens-")
    atexit.register(folder.cleanup)
    return folder


def is_upload(path: str) -> bool:
    """Whether a dataset came in through the upload."""
    return bool(path) and Path(path).is_relative_to(_uploads().name)


@st.cache_resource(max_entries=64, show_spinner="Reading the upload")
def keep_upload(mark: str, name: str, _content: Callable[[], bytes]) -> str:
    """Put an upload where it can be read as a file; its name keeps only letters that paths may have.

    Args:
        mark: Names this very upload: the key.
        name: Of the file.
        _content: Hands out its bytes, asked only once.
    """
    folder = Path(_uploads().name) / hashlib.sha256(mark.encode()).hexdigest()[:16]
    folder.mkdir(exist_ok=True)
    stem = "".join(letter if letter.isalnum() or letter in "-_ " else "_" for letter in Path(name).stem)[:60]
    path = folder / f"{stem or 'upload'}{Path(name).suffix.lower()}"
    path.write_bytes(_content())
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


@st.cache_resource(max_entries=4, show_spinner="Looking into the file")
def _inspect(source: Source, mapping: tuple[tuple[str, str], ...], changed: str) -> Inspection:
    return inspect_dataset(source.path, mapping=dict(mapping), images=source.images, texts=source.texts)


def inspect(source: Source, mapping: dict[str, str]) -> Inspection:
    """What lies there, every problem included; roles may be named."""
    place = Path(source.path).expanduser()
    try:
        changed = _changed(place)
        return _inspect(replace(source, path=str(place)), tuple(sorted(mapping.items())), changed)
    except (PicoError, OSError, ValueError) as error:
        return Inspection(place, "unknown", problems=(str(error),))


def open_import(found: Inspection) -> str | None:
    """Keep an inspected file as a dataset and open it; returns what is wrong, if anything is."""
    if found.pairs is None:
        return "Nothing can be opened while there are problems."
    target = Path(_uploads().name) / "datasets" / found.pairs.digest
    try:
        save_pairs(replace(found.pairs, name=found.path.stem), target)
    except PicoError as error:
        return str(error)
    state.open_dataset(str(target))
    return None


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


# --- What the frame hands to the pages -----------------------------------------------------------


def show(dataset: Dataset | None, study: Study | None) -> None:
    """Put a dataset and its study on the screen of this visit."""
    state.put_on_screen(dataset, study)


def on_screen() -> Workspace | None:
    """What the frame put there; None where nothing is computed yet."""
    dataset, study = state.on_screen()
    return None if dataset is None or study is None else workspace(dataset, study)


def opened() -> Dataset | None:
    """The open dataset, computed or not."""
    return state.on_screen()[0]


def sibling(basis: str) -> Study | None:
    """The study of the same data in another basis with the same settings, if it is done."""
    dataset, study = state.on_screen()
    if dataset is None or study is None:
        return None
    return study if study.config.basis == basis else find_study(dataset, replace(study.config, basis=basis))


# --- Overview ------------------------------------------------------------------------------------


def most_moved(space: Workspace, *, gains: bool) -> state.Query | None:
    """The caption whose right image rose or fell most without the guard; None where none moved."""
    found = moved(space, "text", gains=gains)
    return state.Query("text", found[0]) if found else None


@st.cache_resource(max_entries=8, show_spinner=False)
def _rival(key: str, _study: Study, _test: PairedEmbeddings) -> Rival | None:
    return strongest_rival(_study.report, _test.text_image)


def rival(space: Workspace) -> Rival | None:
    """The simpler idea that did best, against the weights of the study on the screen."""
    return _rival(space.key, space.study, space.splits.test)


# --- Columns -------------------------------------------------------------------------------------


def column_items(space: Workspace, column: int, top: int) -> ColumnItems:
    """One column in the items of the fit split."""
    return items.column_items(space.splits.fit, column, top=top)


@st.cache_data(max_entries=8, show_spinner=False)
def _summary(key: str, _table: pl.DataFrame) -> ColumnsSummary:
    return summarise(_table)


def columns_summary(space: Workspace) -> ColumnsSummary:
    """The answer of the Columns page."""
    return _summary(space.key, space.study.columns)


def columns_frame(space: Workspace) -> pl.DataFrame:
    """The column table with the weights at the strength of the frame, as `shown_weight`."""
    return space.study.columns.with_columns(pl.Series("shown_weight", space.weights.tolist()))


def loadings(space: Workspace, column: int) -> list[Loading]:
    """The given columns that an axis is mostly made of."""
    return space.study.basis.strongest(column, top=6)


# --- Prototypes ----------------------------------------------------------------------------------


@st.cache_resource(max_entries=8, show_spinner=False)
def _planes(key: str, _construction: Construction) -> PrototypePlanes:
    return prototype_planes(_construction)


def prototype_maps(space: Workspace) -> PrototypePlanes:
    """Trajectories on the image side and on the text side."""
    return _planes(space.key, space.study.construction)


@st.cache_resource(max_entries=8, show_spinner=False)
def _feedback(key: str, _study: Study, _test: PairedEmbeddings) -> FeedbackReading:
    return read_feedback(_study.construction, _study.report, _test.text_image)


def feedback(space: Workspace) -> FeedbackReading:
    """What feedback did: the answer of the Prototypes page and the check of the proposition."""
    return _feedback(space.key, space.study, space.splits.test)


def weight_curve(space: Workspace) -> WeightCurve | None:
    """What the softmax rule gives to a gain; None under another rule."""
    made = space.study.construction
    if made.config.rule != "softmax":
        return None
    return softmax_curve(made.history.candidate_gains, tau=made.config.tau)


@st.cache_data(max_entries=10, show_spinner=False)
def _export(key: str, kind: str, _study: Study) -> bytes:
    return export_bytes(_study, kind)  # type: ignore[arg-type]


def export(space: Workspace, kind: str) -> bytes:
    """The columns of the study on the screen as a file."""
    return _export(space.key, kind, space.study)
