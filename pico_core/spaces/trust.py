"""How far a map can be believed: trustworthiness, per item and as a mean. Beyond the paper."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import clustered_mean, span
from pico_core.spaces.maps import PlanePair, Points, pca_pair
from pico_core.spaces.neighbours import NEIGHBOURS, Neighbourhoods

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
    found = []
    for name in ("semantic", "style"):
        each = item_trust(near.space(name).stacked[rows], getattr(planes, name).stacked[rows], neighbours=k)
        chance = [
            float(
                item_trust(near.space(name, draw).stacked[rows], getattr(pair, name).stacked[rows], neighbours=k).mean()
            )
            for draw, pair in enumerate(random)
        ]
        estimate = clustered_mean(each, owners[rows], seed=near.seed)
        found.append(MapTrust(estimate, span(chance, estimate) if chance else None, len(chance), k, len(rows)))
    return PairTrust(found[0], found[1])
