"""The points of a map as a table: what they are called, how they are coloured, found and joined."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
import torch
from jaxtyping import Int
from numpy.typing import NDArray
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks
from pico_core.spaces.neighbours import NeighbourhoodChange
from pico_core.spaces.subspaces import Sample

Scale = Literal["groups", "sequential", "diverging", "rank"]
FEW = 8  # a label of whole numbers with at most so many values is a group, not a scale
MODALITY = "modality"
Gap = Literal["", "of-images", "of-texts", "sampled"]  # the label of images or of texts alone; not all were measured


@dataclass(frozen=True, eq=False)
class Colouring:
    """What the points of a map are coloured by.

    Attributes:
        title: What it is, with its unit.
        scale: "groups" for names; "sequential", "diverging" about 0, or "rank" (logarithmic) for numbers.
        groups: A name per point, None where there is none; empty for numbers.
        values: A number per point, NaN where there is none; empty for names.
        gap: Why some points have no colour of their own; empty where all have.
    """

    title: str
    scale: Scale
    groups: tuple[str | None, ...] = ()
    values: NDArray[np.float64] | None = None
    gap: Gap = ""


def item_frame(pairs: PairedEmbeddings, sample: Sample) -> pl.DataFrame:
    """One row per point of a map, images first: kind, index, image (its own or the text's), name.

    Args:
        pairs: The split that is mapped.
        sample: Which items are shown.
    """
    parts = []
    for kind, frame, rows, name in (
        ("image", pairs.images, sample.images, "id"),
        ("text", pairs.texts, sample.texts, "caption"),
    ):
        called = [v or f"{kind} {i}" for v, i in zip(frame[name][rows.tolist()], rows.tolist(), strict=True)]
        owner = rows if kind == "image" else pairs.text_image.cpu()[rows]
        parts.append(
            pl.DataFrame(
                {"kind": [kind] * len(rows), "index": rows.tolist(), "image": owner.tolist(), "name": called},
                schema={"kind": pl.String, "index": pl.Int64, "image": pl.Int64, "name": pl.String},
            )
        )
    return pl.concat(parts)


def by_modality(sample: Sample) -> Colouring:
    """Images and texts."""
    return Colouring(MODALITY, "groups", ("image",) * len(sample.images) + ("text",) * len(sample.texts))


def by_label(pairs: PairedEmbeddings, sample: Sample, label: str) -> Colouring:
    """A label column of images, of texts or of both.

    Where only one modality has it, the other borrows it: a text its image's, an image its texts' where
    all of them agree. Numbers with more than eight values, or with fractions, become a scale.
    """
    of_images = pairs.images[label].to_list() if label in pairs.images.columns else None
    of_texts = pairs.texts[label].to_list() if label in pairs.texts.columns else None
    owner = pairs.text_image.cpu().tolist()
    gap: Gap = ""
    if of_texts is None:
        assert of_images is not None, f"there is no label {label!r}"
        of_texts = [of_images[image] for image in owner]
        gap = "of-images"
    elif of_images is None:
        of_images = _agreed(of_texts, owner, pairs.n_images)
        gap = "of-texts"
    values = [of_images[i] for i in sample.images.tolist()] + [of_texts[i] for i in sample.texts.tolist()]
    numbers = [value for value in values if value is not None]
    if _is_scale(numbers):
        each = np.array([np.nan if value is None else float(value) for value in values])
        return Colouring(label, "sequential", values=each, gap=gap)
    return Colouring(label, "groups", tuple(None if value is None else str(value) for value in values), gap=gap)


def by_column(pairs: PairedEmbeddings, sample: Sample, column: int, *, title: str) -> Colouring:
    """The value of one feature column: the mean over an item's tokens."""
    means = torch.cat([pairs.image_means[sample.images, column], pairs.text_means[sample.texts, column]])
    return Colouring(title, "diverging", values=means.double().numpy())


def by_change(change: NeighbourhoodChange, *, title: str) -> Colouring:
    """How much an item's neighbourhood differs between the two spaces, 0 to 1."""
    each = np.concatenate([change.images.each, change.texts.each])
    return Colouring(title, "sequential", values=each, gap="sampled" if np.isnan(each).any() else "")


def by_rank(ranks: QueryRanks, sample: Sample, *, title: str) -> Colouring:
    """The rank at which an item finds its partner, 1 the best."""
    return Colouring(title, "rank", values=_ranks(ranks, sample))


def by_rank_change(before: QueryRanks, after: QueryRanks, sample: Sample, *, title: str) -> Colouring:
    """Places that an item's partner gained: rank before minus rank after."""
    return Colouring(title, "diverging", values=_ranks(before, sample) - _ranks(after, sample))


def find_items(pairs: PairedEmbeddings, sample: Sample, words: str) -> list[int]:
    """Rows of the points that contain every typed word, whatever its case.

    Read are the name and the labels of an image, the caption and the labels of a text. A word may be
    a part of another; without any word nothing is found.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2), captions=["A red dog", "a cat"])
    >>> find_items(pairs, Sample(torch.arange(2), torch.arange(2)), "RED do")
    [2]
    """
    wanted = words.casefold().split()
    if not wanted:
        return []
    rows: list[str] = []
    for frame, shown in ((pairs.images.drop("path"), sample.images), (pairs.texts, sample.texts)):
        table = frame[shown.tolist()].select(pl.all().cast(pl.String, strict=False).fill_null(""))
        rows += [" ".join(row).casefold() for row in table.iter_rows()]
    return [index for index, text in enumerate(rows) if all(word in text for word in wanted)]


@dataclass(frozen=True)
class Joins:
    """Lines between matched points.

    Attributes:
        pairs: Row of an image, row of a text, in order.
        total: How many there would be without the limit.
    """

    pairs: tuple[tuple[int, int], ...]
    total: int


def matched_pairs(items: pl.DataFrame, rows: Sequence[int], *, limit: int = 300) -> Joins:
    """Images and texts that belong together, for the chosen points, or for all where none is chosen.

    Args:
        items: From `item_frame`.
        rows: Rows of the chosen points; a pair counts if one of its ends is chosen.
        limit: No more lines than this, the first ones.
    """
    kinds, owner = items["kind"].to_list(), items["image"].to_list()
    row_of = {image: row for row, (kind, image) in enumerate(zip(kinds, owner, strict=True)) if kind == "image"}
    chosen = set(rows)
    joins = [
        (row_of[image], row)
        for row, (kind, image) in enumerate(zip(kinds, owner, strict=True))
        if kind == "text" and image in row_of and (not chosen or row in chosen or row_of[image] in chosen)
    ]
    return Joins(tuple(joins[:limit]), len(joins))


def _ranks(ranks: QueryRanks, sample: Sample) -> NDArray[np.float64]:
    both: list[Int[Tensor, " items"]] = [ranks.image_to_text[sample.images], ranks.text_to_image[sample.texts]]
    return torch.cat(both).double().numpy()


def _agreed(labels: Sequence[object], owner: Sequence[int], n_images: int) -> list[object]:
    values_of: list[set[object]] = [set() for _ in range(n_images)]
    for label, image in zip(labels, owner, strict=True):
        values_of[image].add(label)
    return [next(iter(values)) if len(values) == 1 else None for values in values_of]


def _is_scale(values: Sequence[object]) -> bool:
    if not values or any(isinstance(value, bool) or not isinstance(value, int | float) for value in values):
        return False
    return len(set(values)) > FEW or any(isinstance(value, float) and value != int(value) for value in values)
