"""How much an item's neighbourhood differs between the two spaces. Beyond the paper."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import clustered_mean, span
from pico_core.spaces.neighbours import Neighbourhoods, Whole


@dataclass(frozen=True, eq=False)
class SideChange:
    """The change of one modality's neighbourhoods.

    Attributes:
        items: Indices of the shown items, in the split.
        each: Change of every one of them, 0 to 1; NaN where it was not measured.
        mean: With its interval, resampled by image.
        random: The mean with the probabilities permuted over the columns; its ends are the lowest and
            the highest draw.
    """

    items: Whole
    each: NDArray[np.float64]
    mean: Estimate
    random: Estimate

    def most(self, top: int) -> list[int]:
        """Indices of the items that changed most; ties by index."""
        order = sorted(range(len(self.each)), key=lambda place: (-self.each[place], self.items[place]))
        return [int(self.items[place]) for place in order if not np.isnan(self.each[place])][:top]


@dataclass(frozen=True, eq=False)
class NeighbourhoodChange:
    """The change between the semantic and the style space, and k."""

    images: SideChange
    texts: SideChange
    neighbours: int


def neighbourhood_change(near: Neighbourhoods) -> NeighbourhoodChange:
    """Per item 1 - |A and B| / k: A its k neighbours in the semantic, B in the style space.

    Neighbours are those of the same modality in full dimensions, not on a map; texts of the same
    image are passed over. 0: the same neighbours in both spaces; 1: no neighbour in common.
    """
    return NeighbourhoodChange(_side(near, "images"), _side(near, "texts"), near.neighbours)


def turnover(before: Whole, after: Whole) -> NDArray[np.float64]:
    """1 - the share of neighbours in common, row by row; -1 is nobody.

    >>> turnover(np.array([[1, 2], [0, -1]]), np.array([[2, 3], [0, -1]])).tolist()
    [0.5, 0.0]
    """
    common = ((before[:, :, None] == after[:, None, :]) & (before >= 0)[:, :, None]).any(axis=2).sum(axis=1)
    size = np.maximum((before >= 0).sum(axis=1), (after >= 0).sum(axis=1))
    share: NDArray[np.float64] = 1 - common / np.maximum(size, 1)
    return np.where(size > 0, share, 0.0)


def _side(near: Neighbourhoods, items: Literal["images", "texts"]) -> SideChange:
    measured = near.measured(items)
    own = turnover(near.of("semantic", items=items), near.of("style", items=items))
    chance = [
        float(turnover(near.of("semantic", items=items, draw=draw), near.of("style", items=items, draw=draw)).mean())
        for draw in range(near.n_draws)
    ]
    mean = clustered_mean(own, near.owners(items)[measured], seed=near.seed)
    rows = near.sample.images if items == "images" else near.sample.texts
    each = np.full(len(rows), np.nan)
    each[measured] = own
    return SideChange(rows.numpy(), each, mean, span(chance, mean))
