"""Who is near whom in a space, and how much that differs between the two: counted once, read by every number."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import clustered_mean, span
from pico_core.spaces.subspaces import (
    RANDOM_DRAWS,
    Reading,
    Sample,
    Space,
    SpaceName,
    permuted_probabilities,
    sample_items,
    weighted_space,
)

Items = Literal["images", "texts", "all"]
KINDS: tuple[Items, Items, Items] = ("images", "texts", "all")
Whole = NDArray[np.int64]
NEIGHBOURS = 10
MEASURED = 2000  # items of a modality whose neighbours are counted, at most; they are sought among all shown
NOBODY = -1  # in place of a neighbour that does not exist


def nearest(
    points: NDArray[np.float32], groups: Whole, *, neighbours: int = NEIGHBOURS, queries: Whole | None = None
) -> Whole:
    """The k nearest items of other groups, nearest first: [queries, k], -1 where there are fewer.

    Items of the query's own group (itself, captions of the same image) are passed over.

    >>> line = np.array([[0.0], [1.0], [3.0], [9.0]], dtype=np.float32)
    >>> nearest(line, np.array([0, 0, 1, 2]), neighbours=2).tolist()
    [[2, 3], [2, 3], [1, 0], [2, 1]]
    """
    from sklearn.neighbors import NearestNeighbors  # half a second to import

    rows = np.arange(len(points)) if queries is None else queries
    largest = int(np.unique(groups, return_counts=True)[1].max())
    index = NearestNeighbors(n_neighbors=min(len(points), neighbours + largest), algorithm="brute").fit(points)
    near = index.kneighbors(points[rows], return_distance=False)
    outside = groups[near] != groups[rows][:, None]
    first = np.argsort(~outside, axis=1, kind="stable")[:, :neighbours]
    kept = np.where(np.take_along_axis(outside, first, axis=1), np.take_along_axis(near, first, axis=1), NOBODY)
    missing = neighbours - kept.shape[1]
    return np.pad(kept, ((0, 0), (0, max(0, missing))), constant_values=NOBODY).astype(np.int64)


class Neighbourhoods:
    """Nearest neighbours of the shown items in every space of a study, each counted when first asked for.

    Spaces are the semantic, the style and the unweighted one, and the first two with the probabilities
    permuted over the columns (draw 0, 1, ...): the control of every number.

    Args:
        pairs: A split that the probabilities were not fitted on, in their basis.
        probabilities: Semantic probability per column.
        reading: How columns are given to the two spaces (see `subspace`).
        neighbours: k.
        n_draws: Permutations of the probabilities.
        seed: Of the sample (beyond 20,000 items), the measured items and the permutations.
    """

    def __init__(
        self,
        pairs: PairedEmbeddings,
        probabilities: Columns,
        *,
        reading: Reading = "weighted",
        neighbours: int = NEIGHBOURS,
        n_draws: int = RANDOM_DRAWS,
        seed: int = 0,
    ) -> None:
        self.pairs, self.reading, self.neighbours, self.seed = pairs, reading, neighbours, seed
        self.sample: Sample = sample_items(pairs.n_images, pairs.n_texts, seed=seed)
        self.n_draws = n_draws
        self._means = pairs.image_means[self.sample.images], pairs.text_means[self.sample.texts]
        self._own = probabilities
        self._permuted = permuted_probabilities(probabilities, n_draws=n_draws, seed=seed)
        self._found: dict[tuple[SpaceName, int | None, Items, bytes], Whole] = {}
        draws = np.random.default_rng(seed)
        self._measured = {
            "images": _some(len(self.sample.images), draws),
            "texts": _some(len(self.sample.texts), draws),
            "all": _some(len(self.sample.images) + len(self.sample.texts), draws),
        }

    def space(self, name: SpaceName, draw: int | None = None) -> Space:
        """The shown items in one space; `draw` names a permutation of the probabilities, None the study's own."""
        probabilities = self._own if draw is None else self._permuted[draw]
        return weighted_space(*self._means, probabilities, name=name, reading=self.reading)

    def owners(self, items: Items) -> Whole:
        """Group of every shown item: its image.

        In "all" every item is a group of its own: whether its partner is near is the question there.
        """
        if items == "images":
            return self.sample.images.numpy()
        if items == "texts":
            return self.pairs.text_image.cpu()[self.sample.texts].numpy()
        return np.arange(len(self.sample.images) + len(self.sample.texts))

    def images_of(self, items: Items) -> Whole:
        """Image of every shown item: what the bootstrap resamples."""
        return np.concatenate([self.owners("images"), self.owners("texts")]) if items == "all" else self.owners(items)

    def measured(self, items: Items, known: NDArray[np.bool_] | None = None) -> Whole:
        """Places of the items whose neighbours are counted: all, or a sample of 2,000; only known ones."""
        places = self._measured[items]
        return places if known is None else places[known[places]]

    def of(
        self, name: SpaceName, *, items: Items, draw: int | None = None, known: NDArray[np.bool_] | None = None
    ) -> Whole:
        """Neighbours of every measured item, as places among the shown items of that kind.

        Args:
            name: Which space.
            items: Whose neighbours, and among whom.
            draw: A permutation of the probabilities; None for the study's own.
            known: Items that count, as queries and as neighbours; by default all.
        """
        whole = known is None or bool(known.all())
        key = (name, draw, items, b"" if known is None or whole else known.tobytes())
        if key not in self._found:
            space = self.space(name, draw)
            points = {"images": space.image.numpy, "texts": space.text.numpy, "all": lambda: space.stacked}[items]()
            places = np.arange(len(points)) if known is None or whole else np.flatnonzero(known)
            back = np.append(places, NOBODY)
            queries = np.searchsorted(places, self.measured(items, None if whole else known))
            near = nearest(points[places], self.owners(items)[places], neighbours=self.neighbours, queries=queries)
            self._found[key] = back[near]
        return self._found[key]

    def prepare(self, reporter: Reporter = SILENT) -> None:
        """Count everything that the page asks for first."""
        names: Sequence[SpaceName] = ("semantic", "style")
        asks = [(name, draw) for name in names for draw in (None, *range(self.n_draws))]
        todo = [*asks, ("unweighted", None)]
        for done, (name, draw) in enumerate(todo):
            reporter.share(done / len(todo))
            for items in KINDS:
                self.of(name, items=items, draw=draw)


def _some(count: int, draws: np.random.Generator) -> Whole:
    if count <= MEASURED:
        return np.arange(count)
    return np.sort(draws.choice(count, MEASURED, replace=False))


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
        order = sorted(range(len(self.each)), key=lambda index: (-self.each[index], self.items[index]))
        return [int(self.items[index]) for index in order if not np.isnan(self.each[index])][:top]


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
