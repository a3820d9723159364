"""What gathers in which space: purity of a label among nearest neighbours, with interval and control."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from pico_core.analysis.labels import usable_labels
from pico_core.analysis.records import Estimate
from pico_core.analysis.subspaces import Reading, Sample, SpaceName, sample_items, shown, subspace
from pico_core.analysis.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws
from pico_core.axes import Columns
from pico_core.data.pairs import PairedEmbeddings

Role = Literal["content", "style", "modality"]
Items = Literal["images", "texts", "all"]
NEIGHBOURS = 10
BOOTSTRAP_DRAWS = 500
PERMUTATIONS = 100
CLEAR = 0.05  # a detectable difference of purity below this is called slight


@dataclass(frozen=True)
class SpacePurity:
    """Purity of a label in one space, and what it is when the labels are permuted over the items."""

    purity: Estimate
    permuted: Estimate


@dataclass(frozen=True)
class Purity:
    """One label in three spaces, on the same items.

    Attributes:
        role: What the label stands for.
        label: Its name.
        items: Whose label it is; neighbours are sought among the same items.
        n_items: Labelled items.
        n_values: Distinct labels.
        neighbours: k.
        semantic: In the semantic space.
        style: In the style space.
        unweighted: In the space as it came.
        difference: Semantic minus style, paired by image.
    """

    role: Role
    label: str
    items: Items
    n_items: int
    n_values: int
    neighbours: int
    semantic: SpacePurity
    style: SpacePurity
    unweighted: SpacePurity
    difference: Estimate

    @property
    def as_hoped(self) -> bool | None:
        """Content purer in the semantic space, style in the style space; None if not detectable."""
        if self.difference.low <= 0 <= self.difference.high:
            return None
        return (self.difference.low > 0) == (self.role == "content")


@dataclass(frozen=True)
class Separation:
    """The answer of the page: purities by label (or, without labels, of modality alone)."""

    labels: tuple[Purity, ...]
    modality: Purity

    @property
    def sentence(self) -> str:
        """The verdict in words; the numbers behind it are in `details`."""
        if not self.labels:
            gap = self.modality
            return (
                "This cannot be told here, because the items carry no labels. What can be seen is the modality: "
                f"of an item's {gap.neighbours} nearest neighbours {_percent(gap.semantic.purity)} are of its own "
                f"modality in the semantic space and {_percent(gap.style.purity)} in the style space "
                f"({gap.semantic.permuted.value:.0%} if mixed at random)."
            )
        outcomes = [purity.as_hoped for purity in self.labels]
        good, bad, total = outcomes.count(True), outcomes.count(False), len(outcomes)
        counted = f"{good} of {total} comparisons differ as hoped" + (f", {bad} the other way" if bad else "")
        return f"{self._verdict(good=good, bad=bad)}: {counted}."

    @property
    def details(self) -> str:
        """Purity of content and of style in both spaces, with the interval of the difference."""
        return f"{self._clause('content')} {self._clause('style')}" if self.labels else ""

    def _verdict(self, *, good: int, bad: int) -> str:
        clear = sum(p.as_hoped is True and abs(p.difference.value) >= CLEAR for p in self.labels)
        if not good:
            return "No, the other way round" if bad else "No difference can be detected"
        if good <= bad:
            return "No clear answer"
        if clear == len(self.labels):
            return "Yes"
        return "In part" if clear else "Barely"

    def _clause(self, role: str) -> str:
        chosen = [purity for purity in self.labels if purity.role == role]
        if not chosen:
            return f"No label of {role} is known."
        first = max(chosen, key=lambda purity: abs(purity.difference.value))
        change = first.difference
        return (
            f"{role.capitalize()} ({first.label} of {first.items}): purity {first.semantic.purity.value:.3f} in the "
            f"semantic space, {first.style.purity.value:.3f} in the style space, difference {change.value:+.3f} "
            f"[{change.low:+.3f}, {change.high:+.3f}]."
        )


def separation(
    pairs: PairedEmbeddings,
    probabilities: Columns,
    *,
    content: str | None,
    style: str | None,
    reading: Reading = "weighted",
    neighbours: int = NEIGHBOURS,
    seed: int = 0,
) -> Separation:
    """Purity of a content label and of a style label in both spaces, per modality, and of the modality.

    Args:
        pairs: A split that the probabilities were not fitted on.
        probabilities: Semantic probability per column.
        content: Label column of images, texts or both; None if there is none.
        style: The same.
        reading: How columns are given to the two spaces (see `subspace`).
        neighbours: k.
        seed: Of the sample (beyond 20,000 items), the resamples and the permutations.
    """
    sample = sample_items(pairs.n_images, pairs.n_texts, seed=seed)
    names: tuple[SpaceName, ...] = ("semantic", "style", "unweighted")
    spaces = [shown(subspace(pairs, probabilities, name=name, reading=reading), sample) for name in names]
    owner = pairs.text_image.cpu()[sample.texts].numpy()
    found: list[Purity] = []
    roles: list[tuple[Role, str | None]] = [("content", content), ("style", style)]
    for role, label in roles:
        for items in ("images", "texts"):
            values = _labels(pairs, sample, label=label, items=items)
            if label is None or values is None:
                continue
            points = [space.image.numpy() if items == "images" else space.text.numpy() for space in spaces]
            groups = sample.images.numpy() if items == "images" else owner
            found.append(
                _purity(
                    points, values, groups, role=role, label=label,
                    items="images" if items == "images" else "texts", neighbours=neighbours, seed=seed,
                )
            )  # fmt: skip
    kinds = ["image"] * len(sample.images) + ["text"] * len(sample.texts)
    # An item's own partner is not left out here: whether it is near is the question.
    each = np.arange(len(kinds))
    modality = _purity(
        [space.stacked for space in spaces], kinds, each,
        role="modality", label="modality", items="all", neighbours=neighbours, seed=seed,
    )  # fmt: skip
    return Separation(tuple(found), modality)


def neighbour_agreement(
    points: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], *, neighbours: int = NEIGHBOURS
) -> NDArray[np.float64]:
    """Per item the share of its k nearest neighbours that carry its label.

    Neighbours of the item's own group (captions of the same image) are passed over: they carry its
    label because they are the same thing.

    >>> line = np.array([[0.0], [1.0], [10.0]], dtype=np.float32)
    >>> neighbour_agreement(line, np.array([0, 0, 1]), np.arange(3), neighbours=1).tolist()
    [1.0, 1.0, 0.0]
    """
    nearest, taken = _nearest(points, groups, neighbours)
    return _agreement(labels, nearest, taken)


def _labels(pairs: PairedEmbeddings, sample: Sample, *, label: str | None, items: str) -> list[str | None] | None:
    frame, rows = (pairs.images, sample.images) if items == "images" else (pairs.texts, sample.texts)
    if label is None or label not in usable_labels(frame, [c for c in frame.columns if c == label]):
        return None
    return [None if value is None else str(value) for value in frame[label][rows.tolist()].to_list()]


def _purity(
    points: Sequence[NDArray[np.float32]],
    labels: Sequence[str | None],
    groups: NDArray[np.int64],
    *,
    role: Role,
    label: str,
    items: Items,
    neighbours: int,
    seed: int,
) -> Purity:
    known = np.array([value is not None for value in labels])
    values, codes = np.unique(np.array([value for value in labels if value is not None]), return_inverse=True)
    _, owners = np.unique(groups[known], return_inverse=True)
    counts = bootstrap_counts(int(owners.max()) + 1, n_draws=BOOTSTRAP_DRAWS, seed=seed)
    size = torch.from_numpy(np.bincount(owners)).float()
    shuffles = np.random.default_rng(seed)

    def total(agreement: NDArray[np.float64]) -> torch.Tensor:
        return torch.from_numpy(np.bincount(owners, weights=agreement)).float()

    def one(space: NDArray[np.float32]) -> tuple[SpacePurity, NDArray[np.float64]]:
        nearest, taken = _nearest(space[known], owners, neighbours)
        own = _agreement(codes, nearest, taken)
        permuted = [_agreement(shuffles.permutation(codes), nearest, taken).mean() for _ in range(PERMUTATIONS)]
        purity = percentile_estimate(float(own.mean()), ratio_draws(total(own), size, counts))
        return SpacePurity(purity, percentile_estimate(float(np.mean(permuted)), torch.tensor(permuted))), own

    semantic, style, unweighted = (one(space) for space in points)
    change = semantic[1] - style[1]
    return Purity(
        role=role,
        label=label,
        items=items,
        n_items=int(known.sum()),
        n_values=len(values),
        neighbours=min(neighbours, int(known.sum()) - 1),
        semantic=semantic[0],
        style=style[0],
        unweighted=unweighted[0],
        difference=percentile_estimate(float(change.mean()), ratio_draws(total(change), size, counts)),
    )


def _nearest(
    points: NDArray[np.float32], groups: NDArray[np.int64], neighbours: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Candidates by distance, and which of them are the k nearest outside the item's own group."""
    from sklearn.neighbors import NearestNeighbors  # half a second to import

    largest = int(np.unique(groups, return_counts=True)[1].max())
    asked = min(len(points) - 1, neighbours + largest - 1)
    found = NearestNeighbors(n_neighbors=asked, algorithm="brute").fit(points)
    nearest = found.kneighbors(return_distance=False)
    outside = groups[nearest] != groups[:, None]
    return nearest, outside & (np.cumsum(outside, axis=1) <= neighbours)


def _agreement(labels: NDArray[np.int64], nearest: NDArray[np.int64], taken: NDArray[np.bool_]) -> NDArray[np.float64]:
    same = (labels[nearest] == labels[:, None]) & taken
    agreement: NDArray[np.float64] = same.sum(axis=1) / np.maximum(taken.sum(axis=1), 1)
    return agreement


def _percent(estimate: Estimate) -> str:
    return f"{estimate.value:.0%} [{estimate.low:.0%}, {estimate.high:.0%}]"
