"""Maps of both spaces, and what is counted in them."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl
import streamlit as st
from torch import Tensor

from pico_app.server import background, heap
from pico_app.server.jobs import Job
from pico_app.state import widgets
from pico_app.workspace import Workspace
from pico_core.data.label_shares import LabelRoles, content_and_style
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import Demo
from pico_core.spaces import items
from pico_core.spaces.change import NeighbourhoodChange, neighbourhood_change
from pico_core.spaces.gap import Gaps, modality_gaps
from pico_core.spaces.maps import PlanePair, pca_pair, umap_pair
from pico_core.spaces.neighbours import Neighbourhoods
from pico_core.spaces.purity import Separation, separation
from pico_core.spaces.stored import UmapPlanes, map_key, planes_from_frame
from pico_core.spaces.subspaces import Reading, Sample, permuted_probabilities, sample_items, shown, subspace
from pico_core.spaces.trust import PairTrust, map_trust

PATIENCE = 1.5  # seconds that a run waits for numbers that are nearly always there by then
CONTROLLED = 5000  # points up to which UMAP is laid out with random weights too


@dataclass(frozen=True, eq=False)
class SpaceNumbers:
    """What is counted once for a study and a reading; everything on the page is read from it."""

    near: Neighbourhoods
    change: NeighbourhoodChange
    gaps: Gaps
    pca_trust: PairTrust | None


@st.cache_data(max_entries=8, show_spinner=False)
def _roles(key: str, _test: PairedEmbeddings) -> LabelRoles:
    return content_and_style(_test)


def label_roles(space: Workspace) -> LabelRoles:
    """Labels of the test split that can gather, and what they stand for at first."""
    return _roles(space.key, space.splits.test)


def map_sample(space: Workspace) -> Sample:
    """Which items of the test split the maps show."""
    return sample_items(space.splits.test.n_images, space.splits.test.n_texts)


@st.cache_data(max_entries=8, show_spinner=False)
def _map_items(key: str, _test: PairedEmbeddings, _sample: Sample) -> pl.DataFrame:
    return items.item_frame(_test, _sample)


def map_items(space: Workspace) -> pl.DataFrame:
    """One row per point of the maps: kind, index, image, name."""
    return _map_items(space.key, space.splits.test, map_sample(space))


@st.cache_data(max_entries=16, show_spinner=False)
def _found(key: str, words: str, _test: PairedEmbeddings, _sample: Sample) -> list[int]:
    return items.find_items(_test, _sample, words)


def find_items(space: Workspace, words: str) -> list[int]:
    """Rows of the points whose name, caption or labels contain every word."""
    return _found(space.key, words, space.splits.test, map_sample(space))


def _subspaces(test: PairedEmbeddings, made: Tensor, reading: Reading, flatten: Callable[..., PlanePair]) -> PlanePair:
    sample = sample_items(test.n_images, test.n_texts)
    first = shown(subspace(test, made, name="semantic", reading=reading), sample)
    return flatten(first, shown(subspace(test, made, name="style", reading=reading), sample))


@st.cache_resource(max_entries=8, show_spinner=False)
def _pca(key: str, reading: Reading, _test: PairedEmbeddings, _probabilities: Tensor) -> PlanePair:
    return _subspaces(_test, _probabilities, reading, pca_pair)


def pca_maps(space: Workspace, reading: Reading) -> PlanePair:
    """Both spaces by PCA: at once."""
    return _pca(space.key, reading, space.splits.test, space.study.construction.probabilities)


@st.cache_resource(max_entries=8, show_spinner=False)
def _stored(key: str, _test: PairedEmbeddings, _probabilities: Tensor, _demo: Demo) -> UmapPlanes | None:
    if not _demo.maps.is_file():
        return None
    sample = sample_items(_test.n_images, _test.n_texts)
    return planes_from_frame(pl.read_parquet(_demo.maps), sample, key=map_key(_test, _probabilities))


def stored_maps(space: Workspace, reading: Reading) -> UmapPlanes | None:
    """The demo's UMAP from its file; None where there is none for this study and reading."""
    demo, made = space.dataset.demo, space.study.construction.probabilities
    if demo is None or reading != "weighted":
        return None
    return _stored(space.key, space.splits.test, made, demo)


def umap_job(space: Workspace, reading: Reading) -> Job[PlanePair]:
    """Both spaces by UMAP, laid out in the background; what this visit asked for before is given up."""
    key = f"umap {reading} {space.key}"
    before = widgets.replace_wish("umap", key)
    if before not in (None, key):
        background.forget(str(before))
        background.forget(f"control of {before}")
    test, made = space.splits.test, space.study.construction.probabilities
    return background.ask(
        key, "UMAP", lambda job: _subspaces(test, made, reading, lambda *both: _laid_out(job, *both)), line="maps"
    )


def umap_control(space: Workspace, reading: Reading) -> Job[PlanePair] | None:
    """The same with random weights; None where there are too many points to do it twice."""
    sample = map_sample(space)
    if len(sample.images) + len(sample.texts) > CONTROLLED:
        return None
    test = space.splits.test
    made = permuted_probabilities(space.study.construction.probabilities, n_draws=1)[0]
    return background.ask(
        f"control of umap {reading} {space.key}",
        "UMAP with random weights",
        lambda job: _subspaces(test, made, reading, lambda *both: _laid_out(job, *both)),
        line="maps",
    )


def _laid_out(job: Job[PlanePair], *both: object) -> PlanePair:
    found = umap_pair(*both, reporter=job.reporter)  # type: ignore[arg-type]
    heap.freeze_once("umap")  # it has loaded a compiler
    return found


def space_numbers(space: Workspace, reading: Reading) -> Job[SpaceNumbers]:
    """Neighbours in every space and what is read from them, counted in the background."""
    test, made = space.splits.test, space.study.construction.probabilities
    key = f"spaces {reading} {space.key}"
    asked_before = background.find(key) is not None
    job = background.ask(key, "Counting neighbours", lambda job: _count(job, test, made, reading))
    if not asked_before:
        job.ended.wait(PATIENCE)
    return job


def _count(job: Job[SpaceNumbers], test: PairedEmbeddings, made: Tensor, reading: Reading) -> SpaceNumbers:
    near = Neighbourhoods(test, made, reading=reading)
    near.prepare(job.reporter.part(0.0, 0.8))
    job.pulse(0.8)
    change, gaps = neighbourhood_change(near), modality_gaps(near)
    job.pulse(0.9)
    trust = map_trust(near, pca_pair(near.space("semantic"), near.space("style")))
    return SpaceNumbers(near, change, gaps, trust)


@st.cache_resource(max_entries=16, show_spinner=False)
def _separation(
    key: str, content: tuple[str, ...], style: tuple[str, ...], reading: Reading, _near: Neighbourhoods
) -> Separation:
    return separation(_near, content=content, style=style)


def purities(
    space: Workspace, numbers: SpaceNumbers, *, content: tuple[str, ...], style: tuple[str, ...]
) -> Separation:
    """How pure neighbourhoods are in both spaces, on the test split."""
    return _separation(space.key, content, style, numbers.near.reading, numbers.near)


@st.cache_resource(max_entries=8, show_spinner=False)
def _trust(key: str, reading: Reading, controlled: bool, _numbers: SpaceNumbers, _maps: UmapPlanes) -> PairTrust | None:
    return map_trust(_numbers.near, _maps.planes, random=[] if _maps.random is None else [_maps.random])


def umap_trust(space: Workspace, numbers: SpaceNumbers, maps: UmapPlanes) -> PairTrust | None:
    """Trustworthiness of UMAP, beside that of UMAP with random weights where it was laid out."""
    return _trust(space.key, numbers.near.reading, maps.random is not None, numbers, maps)
