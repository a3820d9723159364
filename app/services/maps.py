"""Maps of both spaces, and what gathers in them."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import polars as pl
import streamlit as st
from torch import Tensor

from app import heap
from app.services.studies import Workspace
from pico_core.analysis.labels import usable_labels
from pico_core.analysis.purity import Separation, separation
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
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import Demo


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
def _umap(
    key: str, reading: Reading, _test: PairedEmbeddings, _probabilities: Tensor, _demo: Demo | None
) -> Future[PlanePair]:
    if reading == "weighted" and _demo is not None and _demo.maps.is_file():
        sample = sample_items(_test.n_images, _test.n_texts)
        stored = planes_from_frame(pl.read_parquet(_demo.maps), sample, key=map_key(_test, _probabilities))
        if stored is not None:
            ready: Future[PlanePair] = Future()
            ready.set_result(stored)
            return ready
    return _mapper().submit(_umap_pair, _test, _probabilities, reading)


def umap_maps(space: Workspace, reading: Reading) -> Future[PlanePair]:
    """Both spaces by UMAP: the demo's from its file, any other from a thread that is asked until it is done."""
    made = space.study.construction.probabilities
    return _umap(space.key, reading, space.splits.test, made, space.dataset.demo)


@st.cache_resource(max_entries=16, show_spinner="Counting neighbours")
def _separation(
    key: str, content: str | None, style: str | None, reading: Reading, _test: PairedEmbeddings, _probabilities: Tensor
) -> Separation:
    return separation(_test, _probabilities, content=content, style=style, reading=reading)


def purities(space: Workspace, *, content: str | None, style: str | None, reading: Reading) -> Separation:
    """How pure neighbourhoods are in both spaces, on the test split."""
    made = space.study.construction.probabilities
    return _separation(space.key, content, style, reading, space.splits.test, made)
