"""Scores of a dataset, of one query, and of bare tokens: one kernel behind all of them."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.axes import Columns, Scores
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.similarity import late_interaction


@dataclass(frozen=True, eq=False)
class Scorable:
    """Pairs and the weights to score them with.

    Attributes:
        pairs: A split, in the basis of the weights; its tokens need not be unit vectors.
        weights: P, one factor per column.
    """

    pairs: PairedEmbeddings
    weights: Columns


def weighted_scores(
    images: Float[Tensor, "n *p d"],
    texts: Float[Tensor, "m *w d"],
    *,
    weights: Columns | None = None,
    image_mask: Bool[Tensor, "n p"] | None = None,
    text_mask: Bool[Tensor, "m w"] | None = None,
) -> Scores:
    """Score every image with every text: S_P = mean_i max_j s_ij + mean_j max_i s_ij.

    Args:
        images: Patch tokens [n, p, d], or global vectors [n, d].
        texts: Word tokens [m, w, d], or global vectors [m, d].
        weights: P, one factor per column; None is P = 1.
        image_mask: True = real patch; default all.
        text_mask: True = real word; default all.

    Source: paper (weighted interaction).

    >>> weighted_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), weights=torch.tensor([1.0, 0.5]))
    tensor([[14.]])
    """
    patches = images[:, None, :] if images.ndim == 2 else images
    words = texts[:, None, :] if texts.ndim == 2 else texts
    return late_interaction(
        patches,
        words,
        image_mask=_all_real(patches) if image_mask is None else image_mask,
        text_mask=_all_real(words) if text_mask is None else text_mask,
        weights=weights,
    )


def score_pairs(pairs: PairedEmbeddings, weights: Columns | None = None) -> Scores:
    """Every image of a dataset with every text of it."""
    return late_interaction(
        pairs.image_tokens,
        pairs.text_tokens,
        image_mask=pairs.image_mask,
        text_mask=pairs.text_mask,
        weights=weights,
    )


def score_image(pairs: PairedEmbeddings, index: int, weights: Columns | None = None) -> Float[Tensor, " m"]:
    """One image with every text: one row of `score_pairs`, at the cost of one row."""
    return late_interaction(
        pairs.image_tokens[index : index + 1],
        pairs.text_tokens,
        image_mask=pairs.image_mask[index : index + 1],
        text_mask=pairs.text_mask,
        weights=weights,
    )[0]


def score_text(pairs: PairedEmbeddings, index: int, weights: Columns | None = None) -> Float[Tensor, " n"]:
    """One text with every image: one column of `score_pairs`."""
    return score_words(pairs, pairs.text_tokens[index][pairs.text_mask[index]], weights)


def score_words(
    pairs: PairedEmbeddings, words: Float[Tensor, "w d"], weights: Columns | None = None
) -> Float[Tensor, " n"]:
    """Words that are no text of the dataset, all of them real, with every image."""
    return late_interaction(
        pairs.image_tokens,
        words[None],
        image_mask=pairs.image_mask,
        text_mask=_all_real(words[None]),
        weights=weights,
    )[:, 0]


def _all_real(tokens: Float[Tensor, "items tokens d"]) -> Bool[Tensor, "items tokens"]:
    return torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
