"""Maps of both spaces, and what is counted in them."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl

from pico_app.server import heap
from pico_app.server.answer import Answer, answer
from pico_app.server.queue import Job
from pico_app.workspace import Workspace
from pico_core.common.axes import Columns
from pico_core.data.labels import LabelRoles, content_and_style
from pico_core.spaces import items
from pico_core.spaces.gap import Gaps, modality_gaps
from pico_core.spaces.maps import (
    PairTrust,
    PlanePair,
    UmapPlanes,
    map_key,
    map_trust,
    pca_pair,
    planes_from_frame,
    umap_pair,
)
from pico_core.spaces.neighbours import NeighbourhoodChange, Neighbourhoods, neighbourhood_change
from pico_core.spaces.purity import Separation, separation
from pico_core.spaces.subspaces import Reading, Sample, permuted_probabilities, sample_items, shown, subspace

PATIENCE = 1.5  # seconds that a run waits for numbers that are nearly always there by then
CONTROLLED = 5000  # points up to which UMAP is laid out with random weights too


@dataclass(frozen=True, eq=False)
class SpaceNumbers:
    """What is counted once for a study and a reading; everything on the page is read from it."""

    near: Neighbourhoods
    change: NeighbourhoodChange
    gaps: Gaps
    pca_trust: PairTrust | None


@answer()
def label_roles(space: Workspace) -> LabelRoles:
    """Labels of the test split that can gather, and what they stand for at first."""
    return content_and_style(space.splits.test)


def map_sample(space: Workspace) -> Sample:
    """Which items of the test split the maps show."""
    return sample_items(space.splits.test.n_images, space.splits.test.n_texts)


@answer()
def map_items(space: Workspace) -> pl.DataFrame:
    """One row per point of the maps: kind, index, image, name."""
    return items.item_frame(space.splits.test, map_sample(space))


@answer()
def find_items(space: Workspace, words: str) -> list[int]:
    """Rows of the points whose name, caption or labels contain every word."""
    return items.find_items(space.splits.test, map_sample(space), words)


def _planes(space: Workspace, probabilities: Columns, reading: Reading, flatten: Callable[..., PlanePair]) -> PlanePair:
    test, sample = space.splits.test, map_sample(space)
    semantic = shown(subspace(test, probabilities, name="semantic", reading=reading), sample)
    return flatten(semantic, shown(subspace(test, probabilities, name="style", reading=reading), sample))


@answer()
def pca_maps(space: Workspace, reading: Reading) -> PlanePair:
    """Both spaces by PCA: at once."""
    return _planes(space, space.study.construction.probabilities, reading, pca_pair)


@answer()
def stored_maps(space: Workspace, reading: Reading) -> UmapPlanes | None:
    """The demo's UMAP from its file; None where there is none for this study and reading."""
    demo = space.dataset.demo
    if demo is None or reading != "weighted" or not demo.maps.is_file():
        return None
    key = map_key(space.splits.test, space.study.construction.probabilities)
    return planes_from_frame(pl.read_parquet(demo.maps), map_sample(space), key=key)


@answer(queue="maps", title="UMAP")
def umap_maps(job: Job[PlanePair], space: Workspace, reading: Reading) -> PlanePair:
    """Both spaces by UMAP."""
    return _planes(space, space.study.construction.probabilities, reading, partial(_laid_out, job))


@answer(queue="maps", title="UMAP with random weights")
def umap_control(job: Job[PlanePair], space: Workspace, reading: Reading) -> PlanePair:
    """The same with random weights."""
    permuted = permuted_probabilities(space.study.construction.probabilities, n_draws=1)[0]
    return _planes(space, permuted, reading, partial(_laid_out, job))


def is_controlled(space: Workspace) -> bool:
    """Whether UMAP is laid out with random weights too: not where there are too many points to do it twice."""
    sample = map_sample(space)
    return len(sample.images) + len(sample.texts) <= CONTROLLED


def _laid_out(job: Job[PlanePair], *both: Any) -> PlanePair:
    planes = umap_pair(*both, reporter=job)
    heap.freeze_once("umap")  # it has loaded a compiler
    return planes


@answer(queue="answers", title="Counting neighbours")
def _space_numbers(job: Job[SpaceNumbers], space: Workspace, reading: Reading) -> SpaceNumbers:
    near = Neighbourhoods(space.splits.test, space.study.construction.probabilities, reading=reading)
    near.prepare(job.part(0.0, 0.8))
    job.share(0.8)
    change, gaps = neighbourhood_change(near), modality_gaps(near)
    job.share(0.9)
    trust = map_trust(near, pca_pair(near.space("semantic"), near.space("style")))
    return SpaceNumbers(near, change, gaps, trust)


def space_numbers(space: Workspace, reading: Reading) -> Answer[SpaceNumbers]:
    """Neighbours in every space and what is read from them, counted in the background."""
    asked_before = _space_numbers.find(space, reading) is not None
    numbers = _space_numbers(space, reading)
    if not asked_before and numbers.job is not None:
        numbers.job.ended.wait(PATIENCE)
    return numbers


@answer()
def _separation(
    space: Workspace, content: tuple[str, ...], style: tuple[str, ...], reading: Reading, _near: Neighbourhoods
) -> Separation:
    return separation(_near, content=content, style=style)


def purities(
    space: Workspace, numbers: SpaceNumbers, *, content: tuple[str, ...], style: tuple[str, ...]
) -> Separation:
    """How pure neighbourhoods are in both spaces, on the test split."""
    return _separation(space, content, style, numbers.near.reading, numbers.near)


@answer()
def _trust(
    space: Workspace, reading: Reading, controlled: bool, _numbers: SpaceNumbers, _maps: UmapPlanes
) -> PairTrust | None:
    return map_trust(_numbers.near, _maps.planes, random=[] if _maps.random is None else [_maps.random])


def umap_trust(space: Workspace, numbers: SpaceNumbers, maps: UmapPlanes) -> PairTrust | None:
    """Trustworthiness of UMAP, beside that of UMAP with random weights where it was laid out."""
    return _trust(space, numbers.near.reading, maps.random is not None, numbers, maps)
