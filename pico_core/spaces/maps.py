"""Maps of both spaces in two dimensions, the style map laid over the semantic one; those of the demos are stored.

Beyond the paper. Two maps of the same items are comparable only if neither is free to turn: PCA of
the style space is turned (never stretched) onto PCA of the semantic space, and UMAP of the style
space starts where UMAP of the semantic space has ended.
How far a map can be believed is its trustworthiness, per item and as a mean.
"""

import hashlib
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Relay, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import clustered_mean, span
from pico_core.spaces.neighbours import NEIGHBOURS, Neighbourhoods
from pico_core.spaces.subspaces import Sample, Space, SpaceName, permuted_probabilities, sample_items, shown, subspace

Points = NDArray[np.float32]  # [items, 2]
Method = Literal["pca", "umap"]
UMAP_COMPONENTS = 50  # PCA first: faster, and the rest is mostly noise
UMAP_NEIGHBOURS = 15
LAYOUT = 0.25  # share of a map's time before its layout begins


@dataclass(frozen=True, eq=False)
class Plane:
    """A map of a space in two dimensions.

    Attributes:
        image: [n, 2].
        text: [m, 2].
        explained: Share of the variance along the two principal axes (PCA); None where there is no such thing (UMAP).
        method: "pca" or "umap".
        aligned: Whether it was turned onto another map: its axes are then no principal axes, but
            together they still span them.
    """

    image: Points
    text: Points
    explained: tuple[float, float] | None
    method: Method
    aligned: bool = False

    @property
    def stacked(self) -> Points:
        """Images, then texts: [n + m, 2]."""
        return np.concatenate([self.image, self.text])


@dataclass(frozen=True, eq=False)
class PlanePair:
    """One map of each space, of the same items."""

    semantic: Plane
    style: Plane


def pca_plane(space: Space) -> Plane:
    """The two directions of largest variance of images and texts together.

    Args:
        space: At least one item of each modality.

    Returns:
        Centred coordinates; a space without any spread gives zeros and explains nothing.
    """
    from sklearn.decomposition import PCA  # half a second to import

    points = space.stacked.astype(np.float64)
    if not _has_spread(points):
        return plane_of(np.zeros((len(points), 2)), len(space.image), method="pca", explained=(0.0, 0.0))
    solver = PCA(n_components=2, svd_solver="covariance_eigh")
    flat = solver.fit_transform(points)
    first, second = (float(share) for share in solver.explained_variance_ratio_)
    return plane_of(flat, len(space.image), method="pca", explained=(first, second))


def pca_pair(semantic: Space, style: Space) -> PlanePair:
    """PCA of both spaces, the style map turned onto the semantic one."""
    first = pca_plane(semantic)
    return PlanePair(first, turned_onto(pca_plane(style), first))


def turned_onto(plane: Plane, target: Plane) -> Plane:
    """The map turned and mirrored until it fits another best: orthogonal Procrustes, no stretching.

    R = U V^T with U S V^T the singular value decomposition of plane^T target minimises
    ||plane R - target||. Distances within the map stay exactly as they were. Both maps are centred.

    >>> square = np.array([[1, 0], [0, 2], [-1, -2]], dtype=np.float32)
    >>> first = plane_of(square, 2, method="pca", explained=(0.6, 0.4))
    >>> quarter = plane_of(square @ np.array([[0, 1], [-1, 0]]), 2, method="pca", explained=(0.6, 0.4))
    >>> turned_onto(quarter, first).image.round(4)[1].tolist()
    [0.0, 2.0]
    """
    left, _, right = np.linalg.svd(plane.stacked.astype(np.float64).T @ target.stacked.astype(np.float64))
    flat = plane.stacked.astype(np.float64) @ (left @ right)
    turned = plane_of(flat, len(plane.image), method=plane.method, explained=plane.explained)
    return replace(turned, aligned=True)


def umap_plane(
    space: Space,
    *,
    seed: int = 0,
    n_neighbors: int = UMAP_NEIGHBOURS,
    min_dist: float = 0.1,
    start: Plane | None = None,
    reporter: Reporter = SILENT,
) -> Plane:
    """A neighbourhood map by UMAP after PCA to 50 axes; the same seed gives the same map.

    The first call compiles for about ten seconds. Distances between far groups mean nothing.
    Fewer than 5 items have no neighbourhoods: they get their PCA coordinates.

    Args:
        space: Items of both modalities.
        seed: Of the layout.
        n_neighbors: Of the neighbour graph.
        min_dist: How close points may lie.
        start: A map of the same items from which the layout begins; by default their PCA.
        reporter: Hears of the stage and the share.
    """
    reporter.stage("loading UMAP")
    reporter.share(0.0)
    points = space.stacked.astype(np.float64)
    if len(points) < 5 or not _has_spread(points):
        return plane_of(pca_plane(space).stacked, len(space.image), method="umap", explained=None)
    with warnings.catch_warnings():
        # UMAP warns of its own pins (no parallelism with a seed, sklearn's renamed keyword), never of our data.
        warnings.filterwarnings("ignore", message=".*n_jobs value.*", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*force_all_finite.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*[Tt]ensor[Ff]low.*", category=ImportWarning)
        import umap  # seconds to import, so only when asked for
        from sklearn.decomposition import PCA

        n_components = min(UMAP_COMPONENTS, *points.shape)
        reduced = PCA(n_components=n_components, svd_solver="covariance_eigh").fit_transform(points)
        reporter.stage("finding neighbours")
        reporter.share(0.05)
        # Starting from PCA keeps the large-scale order, and needs no spectral solver on small graphs.
        flat = umap.UMAP(
            n_neighbors=min(n_neighbors, len(points) - 1),
            min_dist=min_dist,
            init="pca" if start is None or not _has_spread(start.stacked) else start.stacked,
            random_state=seed,
            n_jobs=1,
            tqdm_kwds={"file": _Epochs(reporter), "bar_format": "{n} {total}", "mininterval": 0.2, "disable": False},
        ).fit_transform(reduced.astype(np.float32))
    return plane_of(flat, len(space.image), method="umap", explained=None)


def umap_pair(semantic: Space, style: Space, *, seed: int = 0, reporter: Reporter = SILENT) -> PlanePair:
    """UMAP of both spaces, the style map begun where the semantic one ended."""
    halves = reporter.part(0.0, 0.5, steps=True), reporter.part(0.5, 1.0, steps=True)
    first = umap_plane(semantic, seed=seed, reporter=_Named(halves[0], "semantic map"))
    second = umap_plane(style, seed=seed, start=first, reporter=_Named(halves[1], "style map"))
    return PlanePair(first, replace(second, aligned=True))


def plane_of(flat: NDArray[Any], n_images: int, *, method: Method, explained: tuple[float, float] | None) -> Plane:
    """Coordinates of images, then texts, as a map; what is not finite lies at the origin."""
    points = np.ascontiguousarray(flat, dtype=np.float32)
    if not math.isfinite(float(np.abs(points).sum())):
        points = np.nan_to_num(points)
    return Plane(points[:n_images], points[n_images:], explained, method)


class _Named(Relay):
    """Says of every stage which map it belongs to."""

    def __init__(self, whole: Reporter, name: str) -> None:
        super().__init__(whole)
        self._name = name

    def stage(self, words: str) -> None:
        self.whole.stage(f"{self._name}, {words}")


class _Epochs:
    """The file that UMAP's progress bar writes to: it passes on how many epochs are done."""

    def __init__(self, reporter: Reporter) -> None:
        self._reporter = reporter
        self._stopped = False

    def write(self, text: str) -> None:
        """Take "epoch epochs" from the bar; what the listener raises stops UMAP."""
        numbers = text.split()
        if self._stopped or len(numbers) != 2 or not all(number.isdigit() for number in numbers):
            return
        done, total = (int(number) for number in numbers)
        try:
            self._reporter.stage(f"laying out, epoch {done} of {total}")
            self._reporter.share(LAYOUT + (1 - LAYOUT) * done / max(1, total))
        except BaseException:
            from umap import layouts

            # The bar holds its lock while it writes, and would hold it for ever.
            self._stopped = True
            layouts.tqdm.get_lock().release()
            raise

    def flush(self) -> None:
        """There is nothing to flush."""


def _has_spread(points: NDArray[Any]) -> bool:
    return min(points.shape) >= 2 and float(np.ptp(points, axis=0).max()) > 1e-9


RULE = "style starts at semantic"  # how the maps are made: a map made otherwise is not read
STEP = 100  # coordinates are kept in hundredths of a unit: finer than a pixel, and small on disk
NAMES = ("semantic", "style", "random_semantic", "random_style")


@dataclass(frozen=True, eq=False)
class UmapPlanes:
    """UMAP of both spaces, and of the same with random weights, for control.

    Attributes:
        planes: Of the study's probabilities.
        random: Of one permutation of them over the columns; None where it was not made.
    """

    planes: PlanePair
    random: PlanePair | None


def map_key(pairs: PairedEmbeddings, probabilities: Columns) -> str:
    """What a stored map belongs to: the items by name, and p to three decimals, which survive another machine."""
    total = hashlib.sha256(RULE.encode())
    for names in (pairs.ids, pairs.captions):
        total.update("\x1f".join(str(name) for name in names).encode("utf-8", "replace"))
    total.update(",".join(f"{p:.3f}" for p in probabilities.tolist()).encode())
    return total.hexdigest()[:16]


def umap_frame(pairs: PairedEmbeddings, probabilities: Columns, *, seed: int = 0) -> pl.DataFrame:
    """UMAP of both spaces, and with random weights, as a table for storing; `planes_from_frame` reads it back.

    Args:
        pairs: The split whose map is wanted (the app maps the test split), in the study's basis.
        probabilities: Semantic probability per column.
        seed: Of the sample (beyond 20,000 items), of the permutation and of UMAP.

    Returns:
        item_kind ("image" or "text"), item (its index), x and y of every name in `NAMES` in hundredths
        of a unit, key (see `map_key`), one row per shown item, images first.
    """
    sample = sample_items(pairs.n_images, pairs.n_texts, seed=seed)
    chance = permuted_probabilities(probabilities, n_draws=1, seed=seed)[0]
    flat: list[Points] = []
    for probability in (probabilities, chance):
        names: tuple[SpaceName, SpaceName] = ("semantic", "style")
        first, second = (shown(subspace(pairs, probability, name=name), sample) for name in names)
        both = umap_pair(first, second, seed=seed)
        flat += [both.semantic.stacked, both.style.stacked]
    whole = {
        f"{name}_{axis}": np.rint(points[:, column] * STEP).astype(np.int16)
        for name, points in zip(NAMES, flat, strict=True)
        for column, axis in enumerate("xy")
    }
    return pl.DataFrame(
        {
            "item_kind": ["image"] * len(sample.images) + ["text"] * len(sample.texts),
            "item": np.concatenate([sample.images.numpy(), sample.texts.numpy()]).astype(np.int32),
            **whole,
            "key": [map_key(pairs, probabilities)] * len(flat[0]),
        }
    )


def planes_from_frame(frame: pl.DataFrame, sample: Sample, *, key: str) -> UmapPlanes | None:
    """Read what `umap_frame` wrote; None where it belongs to other items or other probabilities."""
    expected = ["image"] * len(sample.images) + ["text"] * len(sample.texts)
    needed = {"item_kind", "item", "key", *(f"{name}_{axis}" for name in NAMES for axis in "xy")}
    if not needed <= set(frame.columns) or frame.height != len(expected) or set(frame["key"]) != {key}:
        return None
    if frame["item_kind"].to_list() != expected or frame["item"].to_list() != [
        *sample.images.tolist(),
        *sample.texts.tolist(),
    ]:
        return None
    planes = [
        plane_of(
            frame.select(f"{name}_x", f"{name}_y").to_numpy().astype(np.float32) / STEP,
            len(sample.images),
            method="umap",
            explained=None,
        )
        for name in NAMES
    ]
    first, second, third, fourth = planes
    return UmapPlanes(PlanePair(first, replace(second, aligned=True)), PlanePair(third, replace(fourth, aligned=True)))


TRUST_ITEMS = 1000  # items that are compared with each other, at most


@dataclass(frozen=True)
class MapTrust:
    """Trustworthiness of a map, and of the same kind of map with random weights.

    Attributes:
        trust: With its interval, resampled by image.
        random: With the probabilities permuted over the columns, lowest and highest draw; None where
            no such map was made.
        draws: How many such maps.
        neighbours: k.
        n_items: Items that were compared.
    """

    trust: Estimate
    random: Estimate | None
    draws: int
    neighbours: int
    n_items: int


@dataclass(frozen=True)
class PairTrust:
    """Trustworthiness of both maps."""

    semantic: MapTrust
    style: MapTrust


def item_trust(points: NDArray[np.floating], flat: Points, *, neighbours: int = NEIGHBOURS) -> NDArray[np.float64]:
    """Per item one minus what strangers that the map brings near cost, in ranks.

    t_i = 1 - 2 / (k (2n - 3k - 1)) sum_j max(0, r_ij - k) over its k neighbours j on the map, with
    r_ij the rank of j among i's neighbours in the space.

    The mean over items is scikit-learn's `trustworthiness`: 1 if no stranger is brought near, about
    0.5 for points placed at random. k must be below n / 2.

    >>> line = np.arange(8.0)[:, None]
    >>> item_trust(line, np.hstack([line, line]).astype(np.float32), neighbours=2).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    from sklearn.metrics import pairwise_distances
    from sklearn.neighbors import NearestNeighbors

    n = len(points)
    far = pairwise_distances(points)
    np.fill_diagonal(far, np.inf)
    rank = np.empty((n, n), dtype=np.int32)
    np.put_along_axis(rank, np.argsort(far, axis=1, kind="stable"), np.arange(1, n + 1, dtype=np.int32)[None], axis=1)
    near = NearestNeighbors(n_neighbors=neighbours).fit(flat).kneighbors(return_distance=False)
    excess = np.maximum(np.take_along_axis(rank, near, axis=1) - neighbours, 0).sum(axis=1)
    trust: NDArray[np.float64] = 1.0 - excess * (2.0 / (neighbours * (2.0 * n - 3.0 * neighbours - 1.0)))
    return trust


def map_trust(
    near: Neighbourhoods, planes: PlanePair, *, random: Sequence[PlanePair] | None = None
) -> PairTrust | None:
    """Trustworthiness of both maps on at most 1,000 items; None for fewer than 5.

    Args:
        near: The spaces that were mapped.
        planes: Their maps.
        random: Maps of the same spaces with permuted probabilities, in the order of the draws; by
            default PCA of every draw where `planes` are PCA, and none where they are not.
    """
    owners = near.images_of("all")
    n = len(owners)
    rows = np.arange(n)
    if n > TRUST_ITEMS:
        rows = np.sort(np.random.default_rng(near.seed).choice(n, TRUST_ITEMS, replace=False))
    k = min(near.neighbours, (len(rows) - 1) // 2)
    if len(rows) < 5:
        return None
    if random is None:
        draws = range(near.n_draws if planes.semantic.method == "pca" else 0)
        random = [pca_pair(near.space("semantic", draw), near.space("style", draw)) for draw in draws]
    trusts = []
    for name in ("semantic", "style"):
        each = item_trust(near.space(name).stacked[rows], getattr(planes, name).stacked[rows], neighbours=k)
        chance = [
            float(
                item_trust(near.space(name, draw).stacked[rows], getattr(pair, name).stacked[rows], neighbours=k).mean()
            )
            for draw, pair in enumerate(random)
        ]
        estimate = clustered_mean(each, owners[rows], seed=near.seed)
        trusts.append(MapTrust(estimate, span(chance, estimate) if chance else None, len(chance), k, len(rows)))
    return PairTrust(trusts[0], trusts[1])
