"""Means over items and over matched pairs as sums that add up: of any block, of any part, of any process.

Everything here is made of token means, one vector per item, in float64. Up to `ROWS_AT_ONCE` rows are one
product; more are added block by block, so that the float64 copies stay small.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import reduce
from operator import add

import torch
from jaxtyping import Float, Float64
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.storage.token_files import blocks

ROWS_AT_ONCE = 2**13


@dataclass(frozen=True, eq=False)
class Moment:
    """A sum and how many terms it has.

    >>> (Moment(torch.tensor([2.0]).double(), 1) + Moment(torch.tensor([4.0]).double(), 2)).mean
    tensor([2.], dtype=torch.float64)
    """

    total: Float64[Tensor, "..."]
    count: int

    def __add__(self, other: "Moment") -> "Moment":
        """The sum over both."""
        return Moment(self.total + other.total, self.count + other.count)

    @property
    def mean(self) -> Float64[Tensor, "..."]:
        """The sum over its terms, divided by their number."""
        return self.total / self.count


def cross_moment(pairs: PairedEmbeddings) -> Moment:
    """Sum over matched pairs of v t^T, v and t the token means of the image and of the text.

    >>> cross_moment(PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))).mean
    tensor([[0.5000, 0.0000],
            [0.0000, 0.5000]], dtype=torch.float64)
    """
    return _sum(Moment(images.T @ texts, len(texts)) for images, texts in pair_blocks(pairs))


def pooled_sum(pairs: PairedEmbeddings) -> Moment:
    """Sum of the token means of all images and all texts."""
    return _sum(Moment(rows.sum(dim=0), len(rows)) for rows in _pooled_blocks(pairs))


def pooled_moment(pairs: PairedEmbeddings, *, centre: Float[Tensor, " d"] | None = None) -> Moment:
    """Sum of (x - centre)(x - centre)^T over the token means x of all images and all texts; default centre 0."""
    moved = (rows if centre is None else rows - centre for rows in _pooled_blocks(pairs))
    return _sum(Moment(rows.T @ rows, len(rows)) for rows in moved)


def pair_blocks(pairs: PairedEmbeddings) -> Iterator[tuple[Float64[Tensor, "pairs d"], Float64[Tensor, "pairs d"]]]:
    """Token means of the image and of the text of a block of matched pairs after the other."""
    for part in blocks(pairs.n_texts, ROWS_AT_ONCE):
        yield pairs.image_means[pairs.text_image[part]].double(), pairs.text_means[part].double()


def _pooled_blocks(pairs: PairedEmbeddings) -> Iterator[Float64[Tensor, "items d"]]:
    if pairs.n_images + pairs.n_texts <= ROWS_AT_ONCE:
        yield torch.cat([pairs.image_means, pairs.text_means]).double()
        return
    for means in (pairs.image_means, pairs.text_means):
        yield from (means[part].double() for part in blocks(len(means), ROWS_AT_ONCE))


def _sum(parts: Iterable[Moment]) -> Moment:
    return reduce(add, parts)
