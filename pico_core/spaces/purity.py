"""What gathers in which space: purity of a label among nearest neighbours, with interval and control."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from pico_core.data.labels import usable_labels
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import clustered_mean, percentile_estimate, span
from pico_core.spaces.neighbours import Items, Neighbourhoods, Whole
from pico_core.spaces.subspaces import SpaceName

Role = Literal["content", "style", "modality"]
Outcome = Literal["yes", "partly", "barely", "mixed", "undetectable", "no", "reversed"]
BOOTSTRAP_DRAWS = 500
PERMUTATIONS = 100
CLEAR = 0.05  # a detectable difference of purity below this is called slight


@dataclass(frozen=True)
class SpacePurity:
    """Purity of a label in one space, with its controls.

    Attributes:
        purity: With its interval, resampled by image.
        permuted: The same with the labels permuted over the items.
        random: The same with the probabilities permuted over the columns; its ends are the lowest and
            the highest draw. In the unweighted space the purity itself.
    """

    purity: Estimate
    permuted: Estimate
    random: Estimate


@dataclass(frozen=True)
class Purity:
    """One label in three spaces, on the same items.

    Attributes:
        role: What the label stands for.
        label: Its name.
        items: Whose label it is; neighbours are sought among the same items.
        n_items: Labelled items.
        n_measured: Those of them whose neighbours were counted.
        n_values: Distinct labels.
        neighbours: k.
        semantic: In the semantic space.
        style: In the style space.
        unweighted: In the space as it came.
        difference: Semantic minus style, paired by image.
        random_difference: The same with random weights; its ends are the lowest and the highest draw.
    """

    role: Role
    label: str
    items: Items
    n_items: int
    n_measured: int
    n_values: int
    neighbours: int
    semantic: SpacePurity
    style: SpacePurity
    unweighted: SpacePurity
    difference: Estimate
    random_difference: Estimate

    @property
    def as_hoped(self) -> bool | None:
        """Content purer in the semantic space, style in the style space; None if not detectable."""
        if self.difference.low <= 0 <= self.difference.high:
            return None
        return (self.difference.low > 0) == (self.role == "content")

    @property
    def beyond_random(self) -> bool:
        """Whether the difference lies outside what random weights gave in any draw."""
        return not self.random_difference.low <= self.difference.value <= self.random_difference.high


@dataclass(frozen=True)
class Separation:
    """The answer of the page: purities by label (or, without labels, of modality alone)."""

    labels: tuple[Purity, ...]
    modality: Purity

    @property
    def n_as_hoped(self) -> int:
        """Comparisons that differ detectably, content purer in the semantic space and style in the style space."""
        return sum(purity.as_hoped is True for purity in self.labels)

    @property
    def n_reversed(self) -> int:
        """Comparisons that differ detectably the other way."""
        return sum(purity.as_hoped is False for purity in self.labels)

    @property
    def n_by_chance(self) -> int:
        """Of those as hoped, the ones that random weights bring about as well."""
        return sum(purity.as_hoped is True and not purity.beyond_random for purity in self.labels)

    @property
    def outcome(self) -> Outcome:
        """Whether content and style are separated, all labels taken together."""
        clear = sum(p.as_hoped is True and p.beyond_random and abs(p.difference.value) >= CLEAR for p in self.labels)
        if not self.n_as_hoped:
            if not self.n_reversed:
                return "undetectable"
            return "reversed" if 2 * self.n_reversed > len(self.labels) else "no"
        if self.n_as_hoped <= self.n_reversed:
            return "mixed"
        if clear == len(self.labels):
            return "yes"
        return "partly" if clear else "barely"

    def clearest(self, role: str) -> Purity | None:
        """Of the labels of one role the one whose purities lie furthest apart; None where there is no such label."""
        chosen = [purity for purity in self.labels if purity.role == role]
        return max(chosen, key=lambda purity: abs(purity.difference.value), default=None)


def separation(near: Neighbourhoods, *, content: Sequence[str], style: Sequence[str]) -> Separation:
    """Purity of content labels and of style labels in both spaces, per modality, and of the modality.

    Args:
        near: Neighbours in every space.
        content: Label columns of images, texts or both; none where nothing is labelled.
        style: The same.
    """
    purities: list[Purity] = []
    labels: list[tuple[Role, str]] = [("content", label) for label in content]
    labels += [("style", label) for label in style]
    sides: tuple[Items, Items] = ("images", "texts")
    for role, label in labels:
        for items in sides:
            values = _labels(near, label=label, items=items)
            if values is not None:
                purities.append(_purity(near, values, role=role, label=label, items=items))
    kinds = ["image"] * len(near.sample.images) + ["text"] * len(near.sample.texts)
    return Separation(tuple(purities), _purity(near, kinds, role="modality", label="modality", items="all"))


def agreement(labels: Whole, near: Whole, queries: Whole) -> NDArray[np.float64]:
    """Per query the share of its neighbours that carry its label; 0 without neighbours.

    Args:
        labels: A code per item.
        near: Places of the neighbours [queries, k], -1 where there is none.
        queries: Places of the queries.

    >>> agreement(np.array([0, 0, 1]), np.array([[1, 2], [0, -1]]), np.array([0, 1])).tolist()
    [0.5, 1.0]
    """
    real = near >= 0
    same = (labels[near] == labels[queries][:, None]) & real
    share: NDArray[np.float64] = same.sum(axis=1) / np.maximum(real.sum(axis=1), 1)
    return share


def _labels(near: Neighbourhoods, *, label: str, items: Items) -> list[str | None] | None:
    pairs, sample = near.pairs, near.sample
    frame, rows = (pairs.images, sample.images) if items == "images" else (pairs.texts, sample.texts)
    if label not in usable_labels(frame, [c for c in frame.columns if c == label]):
        return None
    return [None if value is None else str(value) for value in frame[label][rows.tolist()].to_list()]


def _purity(near: Neighbourhoods, labels: Sequence[str | None], *, role: Role, label: str, items: Items) -> Purity:
    known = np.array([value is not None for value in labels])
    values = np.unique(np.array([value for value in labels if value is not None]))
    code_of = {str(value): code for code, value in enumerate(values)}
    codes = np.array([-1 if value is None else code_of[value] for value in labels])
    queries = near.measured(items, known)
    # Of the modality every item is a group of its own.
    groups = near.owners(items)[queries]

    def per_item(name: SpaceName, draw: int | None = None) -> NDArray[np.float64]:
        return agreement(codes, near.of(name, items=items, draw=draw, known=known), queries)

    def estimate(each: NDArray[np.float64]) -> Estimate:
        return clustered_mean(each, groups, n_draws=BOOTSTRAP_DRAWS, seed=near.seed)

    def in_space(name: SpaceName) -> SpacePurity:
        shuffles, there = np.random.default_rng(near.seed), near.of(name, items=items, known=known)
        permuted = []
        for _ in range(PERMUTATIONS):
            shuffled = codes.copy()
            shuffled[known] = shuffles.permutation(codes[known])
            permuted.append(agreement(shuffled, there, queries).mean())
        purity = estimate(per_item(name))
        draws = [float(per_item(name, draw).mean()) for draw in range(near.n_draws)] if name != "unweighted" else []
        return SpacePurity(
            purity, percentile_estimate(float(np.mean(permuted)), torch.tensor(permuted)), span(draws, purity)
        )

    change = estimate(per_item("semantic") - per_item("style"))
    chance = [
        float((per_item("semantic", draw) - per_item("style", draw)).mean()) for draw in range(near.n_draws)
    ]  # fmt: skip
    return Purity(
        role=role,
        label=label,
        items=items,
        n_items=int(known.sum()),
        n_measured=len(queries),
        n_values=len(values),
        neighbours=min(near.neighbours, int(known.sum()) - 1),
        semantic=in_space("semantic"),
        style=in_space("style"),
        unweighted=in_space("unweighted"),
        difference=change,
        random_difference=span(chance, change),
    )
