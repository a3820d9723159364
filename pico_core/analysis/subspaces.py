"""The semantic and the style space: weighted items and their maps.

Beyond the paper in its pictures; the reading of p and 1 - p as two spaces is a reconstruction.
"""

import hashlib
import math
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from pico_core.axes import Columns, ItemMeans
from pico_core.data.pairs import PairedEmbeddings

SpaceName = Literal["semantic", "style", "unweighted"]
Reading = Literal["weighted", "thirds"]
Points = NDArray[np.float32]  # [items, 2]
MAX_POINTS = 20_000
UMAP_COMPONENTS = 50  # PCA first: faster, and the rest is mostly noise


@dataclass(frozen=True, eq=False)
class Space:
    """Unit vectors of all images and all texts in one space.

    Attributes:
        name: Which.
        image: [n, d]; a zero row where the space gives an item no length.
        text: [m, d].
    """

    name: SpaceName
    image: Float[Tensor, "n d"]
    text: Float[Tensor, "m d"]

    @property
    def stacked(self) -> NDArray[np.float32]:
        """Images, then texts: [n + m, d]."""
        return torch.cat([self.image, self.text]).numpy().astype(np.float32, copy=False)


@dataclass(frozen=True, eq=False)
class Plane:
    """A map of a space in two dimensions.

    Attributes:
        image: [n, 2].
        text: [m, 2].
        explained: Share of the variance along both axes (PCA); None where there is no such thing (UMAP).
        method: "pca" or "umap".
    """

    image: Points
    text: Points
    explained: tuple[float, float] | None
    method: Literal["pca", "umap"]


@dataclass(frozen=True, eq=False)
class Sample:
    """Which items are shown, and the rule in words (empty where everything is shown)."""

    images: Int[Tensor, " shown_images"]
    texts: Int[Tensor, " shown_texts"]
    sentence: str


def subspace(
    pairs: PairedEmbeddings, probabilities: Columns, *, name: SpaceName, reading: Reading = "weighted"
) -> Space:
    """Token means times sqrt(p) (semantic), sqrt(1 - p) (style) or 1, scaled to unit length.

    The square root makes a dot product of two items the weighted sum sum_d p_d v_d t_d, before
    the scaling to unit length. Source: reconstruction.

    Args:
        pairs: Any split, in the basis of the probabilities.
        probabilities: Semantic probability per column, in [0, 1].
        name: Which space.
        reading: "weighted" as above, all columns in both spaces; "thirds" keeps the third of the
            columns with the highest p (semantic) or with the lowest (style), unweighted: no column
            in both. Beyond the paper.

    >>> vectors = torch.tensor([[0.6, 0.8]])
    >>> pairs = PairedEmbeddings.from_arrays(vectors, vectors)
    >>> subspace(pairs, torch.tensor([0.0, 1.0]), name="semantic").image.tolist()
    [[0.0, 1.0]]
    """
    factor = _factor(probabilities.clamp(0.0, 1.0).float().cpu(), name=name, reading=reading)
    return Space(name, _unit(pairs.image_means.cpu() * factor), _unit(pairs.text_means.cpu() * factor))


def pca_plane(space: Space) -> Plane:
    """The two directions of largest variance of images and texts together.

    Args:
        space: At least one item of each modality.

    Returns:
        Centred coordinates; a space without any spread gives zeros and explains nothing.
    """
    from sklearn.decomposition import PCA  # half a second to import

    points = space.stacked.astype(np.float64)
    if min(points.shape) < 2 or not float(np.ptp(points, axis=0).max()) > 1e-9:
        return _plane(np.zeros((len(points), 2)), len(space.image), method="pca", explained=(0.0, 0.0))
    solver = PCA(n_components=2, svd_solver="covariance_eigh")
    flat = solver.fit_transform(points)
    first, second = (float(share) for share in solver.explained_variance_ratio_)
    return _plane(flat, len(space.image), method="pca", explained=(first, second))


def umap_plane(space: Space, *, seed: int = 0, n_neighbors: int = 15, min_dist: float = 0.1) -> Plane:
    """A neighbourhood map by UMAP after PCA to 50 axes; the same seed gives the same map.

    The first call compiles for about ten seconds. Distances between far groups mean nothing.
    Fewer than 5 items have no neighbourhoods: they get their PCA coordinates.
    """
    points = space.stacked.astype(np.float64)
    if len(points) < 5 or not float(np.ptp(points, axis=0).max()) > 1e-9:
        return _plane(np.concatenate(_both(pca_plane(space))), len(space.image), method="umap", explained=None)
    with warnings.catch_warnings():
        # UMAP warns of its own pins (no parallelism with a seed, sklearn's renamed keyword), never of our data.
        warnings.filterwarnings("ignore", message=".*n_jobs value.*", category=UserWarning)
        warnings.filterwarnings("ignore", message=".*force_all_finite.*", category=FutureWarning)
        warnings.filterwarnings("ignore", message=".*[Tt]ensor[Ff]low.*", category=ImportWarning)
        import umap  # seconds to import, so only when asked for
        from sklearn.decomposition import PCA

        n_components = min(UMAP_COMPONENTS, *points.shape)
        reduced = PCA(n_components=n_components, svd_solver="covariance_eigh").fit_transform(points)
        # Starting from PCA keeps the large-scale order, and needs no spectral solver on small graphs.
        flat = umap.UMAP(
            n_neighbors=min(n_neighbors, len(points) - 1),
            min_dist=min_dist,
            init="pca",
            random_state=seed,
            n_jobs=1,
        ).fit_transform(reduced.astype(np.float32))
    return _plane(flat, len(space.image), method="umap", explained=None)


def sample_items(n_images: int, n_texts: int, *, limit: int = MAX_POINTS, seed: int = 0) -> Sample:
    """All items, or a random `limit` of them with the modalities in proportion, in their order.

    >>> sample_items(2, 6, limit=4).sentence
    '4 of 8 items are shown: 1 of 2 images and 3 of 6 texts, drawn at random with seed 0.'
    """
    total = n_images + n_texts
    if total <= limit:
        return Sample(torch.arange(n_images), torch.arange(n_texts), "")
    keep_images = min(n_images, max(1, round(limit * n_images / total)))
    keep_texts = min(n_texts, max(1, limit - keep_images))
    generator = torch.Generator().manual_seed(seed)
    images = torch.randperm(n_images, generator=generator)[:keep_images].sort().values
    texts = torch.randperm(n_texts, generator=generator)[:keep_texts].sort().values
    return Sample(
        images,
        texts,
        f"{keep_images + keep_texts:,} of {total:,} items are shown: {keep_images:,} of {n_images:,} images and "
        f"{keep_texts:,} of {n_texts:,} texts, drawn at random with seed {seed}.",
    )


def shown(space: Space, sample: Sample) -> Space:
    """The same space with the sampled items only."""
    return Space(space.name, space.image[sample.images], space.text[sample.texts])


def item_frame(pairs: PairedEmbeddings, sample: Sample, *, label: str | None) -> pl.DataFrame:
    """One row per point of a map, images first: kind, index, group, hover.

    Args:
        pairs: The split that is mapped.
        sample: Which items are shown.
        label: The label column that groups; None groups by modality. Items without it have a null group.
    """
    parts = []
    for kind, frame, rows, name in (
        ("image", pairs.images, sample.images, "id"),
        ("text", pairs.texts, sample.texts, "caption"),
    ):
        shown_rows = frame[rows.tolist()]
        group: list[str | None] = [kind for _ in rows]
        if label is not None:
            group = shown_rows[label].cast(pl.String).to_list() if label in frame.columns else [None for _ in rows]
        called = [value or f"{kind} {index}" for value, index in zip(shown_rows[name], rows.tolist(), strict=True)]
        parts.append(
            pl.DataFrame(
                {"kind": [kind] * len(rows), "index": rows.tolist(), "group": group, "hover": called},
                schema={"kind": pl.String, "index": pl.Int64, "group": pl.String, "hover": pl.String},
            )
        )
    return pl.concat(parts)


def map_key(pairs: PairedEmbeddings, probabilities: Columns) -> str:
    """What a stored map belongs to: the items by name, and p to three decimals, which survive another machine."""
    total = hashlib.sha256()
    for names in (pairs.ids, pairs.captions):
        total.update("\x1f".join(str(name) for name in names).encode("utf-8", "replace"))
    total.update(",".join(f"{p:.3f}" for p in probabilities.tolist()).encode())
    return total.hexdigest()[:16]


def umap_frame(pairs: PairedEmbeddings, probabilities: Columns, *, seed: int = 0) -> pl.DataFrame:
    """UMAP of both spaces as a table, for storing; `planes_from_frame` reads it back.

    Args:
        pairs: The split whose map is wanted (the app maps the test split), in the study's basis.
        probabilities: Semantic probability per column.
        seed: Of the sample (beyond 20,000 items) and of UMAP.

    Returns:
        item_kind ("image" or "text"), item (its index), semantic_x, semantic_y, style_x, style_y,
        key (see `map_key`), one row per shown item, images first.
    """
    sample = sample_items(pairs.n_images, pairs.n_texts, seed=seed)
    planes = [
        umap_plane(shown(subspace(pairs, probabilities, name=name), sample), seed=seed)
        for name in ("semantic", "style")  # the tuple of literals is what mypy can follow
    ]
    flat = [np.concatenate(_both(plane)) for plane in planes]
    return pl.DataFrame(
        {
            "item_kind": ["image"] * len(sample.images) + ["text"] * len(sample.texts),
            "item": sample.images.tolist() + sample.texts.tolist(),
            "semantic_x": flat[0][:, 0],
            "semantic_y": flat[0][:, 1],
            "style_x": flat[1][:, 0],
            "style_y": flat[1][:, 1],
            "key": [map_key(pairs, probabilities)] * len(flat[0]),
        }
    )


@dataclass(frozen=True, eq=False)
class PlanePair:
    """One map of each space, of the same items."""

    semantic: Plane
    style: Plane


def planes_from_frame(frame: pl.DataFrame, sample: Sample, *, key: str) -> PlanePair | None:
    """Read what `umap_frame` wrote; None where it belongs to other items or other probabilities."""
    expected = ["image"] * len(sample.images) + ["text"] * len(sample.texts)
    needed = {"item_kind", "item", "semantic_x", "semantic_y", "style_x", "style_y", "key"}
    if not needed <= set(frame.columns) or frame.height != len(expected) or set(frame["key"]) != {key}:
        return None
    if frame["item_kind"].to_list() != expected or frame["item"].to_list() != [
        *sample.images.tolist(),
        *sample.texts.tolist(),
    ]:
        return None
    both = [
        _plane(frame.select(f"{name}_x", f"{name}_y").to_numpy(), len(sample.images), method="umap", explained=None)
        for name in ("semantic", "style")
    ]
    return PlanePair(both[0], both[1])


def _factor(share: Columns, *, name: SpaceName, reading: Reading) -> Columns:
    if name == "unweighted":
        return torch.ones_like(share)
    if reading == "weighted":
        return (share if name == "semantic" else 1 - share).sqrt()
    kept = share.argsort(descending=name == "semantic", stable=True)[: max(1, len(share) // 3)]
    return torch.zeros_like(share).index_fill_(0, kept, 1.0)


def _unit(vectors: ItemMeans) -> Float[Tensor, "items d"]:
    norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    return torch.where(norms > 1e-12, vectors / norms.clamp_min(1e-12), 0.0)


def _plane(
    flat: NDArray[np.floating], n_images: int, *, method: Literal["pca", "umap"], explained: tuple[float, float] | None
) -> Plane:
    points = np.ascontiguousarray(flat, dtype=np.float32)
    if not math.isfinite(float(np.abs(points).sum())):
        points = np.nan_to_num(points)
    return Plane(points[:n_images], points[n_images:], explained, method)


def _both(plane: Plane) -> tuple[Points, Points]:
    return plane.image, plane.text
