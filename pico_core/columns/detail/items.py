"""One column in detail: its values, its modality offset, items along its order, nearest prototypes, correlations."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.history import Construction
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws

# Name of a band and the place of its middle in the order, highest first.
BANDS = (("top", 0.0), ("upper middle", 0.25), ("middle", 0.5), ("lower", 0.75), ("bottom", 1.0))


@dataclass(frozen=True)
class ItemValue:
    """An image or a text, and its value in the column (mean over its tokens)."""

    index: int
    value: float


@dataclass(frozen=True)
class Band:
    """Items around one place in the order of a column, highest first."""

    name: str
    items: tuple[ItemValue, ...]


@dataclass(frozen=True, eq=False)
class ColumnItems:
    """Values of one column in all items, and items of five bands of its order; ties by index."""

    images: Float[Tensor, " n"]
    texts: Float[Tensor, " m"]
    image_bands: tuple[Band, ...]
    text_bands: tuple[Band, ...]


def column_items(pairs: PairedEmbeddings, column: int, *, per_band: int = 3) -> ColumnItems:
    """Read one column in all items of a split.

    >>> import torch
    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8], [1.0, 0.0]]), torch.eye(2))
    >>> [band.items[0].index for band in column_items(pairs, 0, per_band=1).image_bands]
    [1, 0]
    """
    images, texts = pairs.image_means[:, column], pairs.text_means[:, column]
    return ColumnItems(images, texts, quantile_bands(images, per_band), quantile_bands(texts, per_band))


def quantile_bands(values: Float[Tensor, " items"], per_band: int) -> tuple[Band, ...]:
    """Five bands of the order; no item in two, and with few items fewer bands or shorter ones.

    >>> import torch
    >>> [[item.index for item in band.items] for band in quantile_bands(torch.arange(10.0), 1)]
    [[9], [7], [5], [2], [0]]
    """
    order = values.argsort(descending=True, stable=True).tolist()
    taken: set[int] = set()
    bands = []
    for name, share in (BANDS[0], BANDS[-1], BANDS[2], BANDS[1], BANDS[3]):  # the ends choose first
        start = round(share * (len(order) - per_band))
        chosen = [i for i in order[max(0, start) : max(0, start) + per_band] if i not in taken]
        taken.update(chosen)
        bands.append(Band(name, tuple(ItemValue(i, float(values[i])) for i in chosen)))
    names = [name for name, _ in BANDS]
    return tuple(band for band in sorted(bands, key=lambda band: names.index(band.name)) if band.items)


@dataclass(frozen=True)
class Neighbour:
    """Another column, and how closely it moves with the one that is asked about (from -1 to 1)."""

    column: int
    value: float


@dataclass(frozen=True)
class SideNeighbours:
    """Neighbours in one modality.

    Attributes:
        prototype: The nearest style prototype, by the absolute cosine.
        cosine: With it, signed: below 0 the column carries the style upside down.
        n_sharing: Columns whose nearest prototype it is too, without the column itself.
        sharing: The closest of them to the prototype, with their signed cosine.
        correlated: Columns of the largest absolute correlation over anchor items.
    """

    prototype: int
    cosine: float
    n_sharing: int
    sharing: tuple[Neighbour, ...]
    correlated: tuple[Neighbour, ...]


@dataclass(frozen=True)
class ColumnNeighbours:
    """Neighbours in images and in texts."""

    image: SideNeighbours
    text: SideNeighbours


def column_neighbours(construction: Construction, column: int, *, top: int = 6) -> ColumnNeighbours:
    """Whom a column moves with, over the anchors of the construction; ties by index."""
    prototypes = construction.prototypes
    return ColumnNeighbours(
        _side(construction.image_columns, prototypes.image.centres, column, top),
        _side(construction.text_columns, prototypes.text.centres, column, top),
    )


def nearest_prototypes(
    points: Float[Tensor, "d a"], centres: Float[Tensor, "k a"]
) -> tuple[Int[Tensor, " d"], Float[Tensor, "d k"]]:
    """The prototype of the largest absolute cosine, which the style similarity is, and all cosines.

    >>> nearest_prototypes(torch.tensor([[0.0, -1.0]]), torch.tensor([[0.6, 0.8], [0.0, 2.0]]))[0]
    tensor([1])
    """
    norms = torch.linalg.vector_norm(centres, dim=1, keepdim=True).clamp_min(1e-6)
    cosines = points @ (centres / norms).T
    return cosines.abs().argmax(dim=1), cosines


def _side(points: Float[Tensor, "d a"], centres: Float[Tensor, "k a"], column: int, top: int) -> SideNeighbours:
    nearest, cosines = nearest_prototypes(points, centres)
    own = int(nearest[column])
    # A column that never varies is a zero row: it belongs to nobody, and nobody to it.
    alone = points.any(dim=1) & points[column].any()
    alone[column] = False
    others = alone & (nearest == own)
    correlation = points @ points[column]
    return SideNeighbours(
        prototype=own,
        cosine=float(cosines[column, own]),
        n_sharing=int(others.sum()),
        sharing=_strongest(cosines[:, own], others, top),
        correlated=_strongest(correlation, alone, top),
    )


def _strongest(values: Float[Tensor, " d"], among: Tensor, top: int) -> tuple[Neighbour, ...]:
    size = torch.where(among, values.abs(), -1.0)
    order = size.argsort(descending=True, stable=True)[: min(top, int(among.sum()))]
    return tuple(Neighbour(int(i), float(values[i])) for i in order)


@dataclass(frozen=True)
class ModalityOffset:
    """Neither style nor meaning: what all items of a modality share in a column.

    Attributes:
        offset: Mean in images minus mean in texts.
        gap_share: Share of the squared distance between the two means over all columns.
        cosine_share: Share of the mean dot product of matched pairs (token means); below 0 it pulls pairs apart.
    """

    offset: Estimate
    gap_share: float
    cosine_share: Estimate


def modality_offset(pairs: PairedEmbeddings, column: int, *, n_draws: int = 500, seed: int = 0) -> ModalityOffset:
    """Measure both for a column of a split, resampled by image.

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8]] * 2), torch.tensor([[0.8, 0.6]] * 2))
    >>> found = modality_offset(pairs, 0)
    >>> round(found.offset.value, 3), round(found.gap_share, 3), round(found.cosine_share.value, 3)
    (-0.2, 0.5, 0.5)
    """
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed)
    owner, ones = pairs.text_image, torch.ones(pairs.n_images)
    number = torch.bincount(owner, minlength=pairs.n_images).float()
    texts = torch.zeros(pairs.n_images, pairs.n_columns).index_add_(0, owner, pairs.text_means)
    mine = pairs.image_means[:, column]
    draws = ratio_draws(mine, ones, counts) - ratio_draws(texts[:, column], number, counts)
    gap = pairs.image_means.mean(dim=0) - pairs.text_means.mean(dim=0)
    products = pairs.image_means * texts
    own, whole = products[:, column], products.sum(dim=1)
    return ModalityOffset(
        offset=percentile_estimate(float(gap[column]), draws),
        gap_share=float(gap[column].square() / gap.square().sum().clamp_min(1e-24)),
        cosine_share=percentile_estimate(float(own.sum() / whole.sum()), ratio_draws(own, whole, counts)),
    )
