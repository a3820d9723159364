"""Ranks by counting, and what is averaged from them.

The rank of a query is 1 + the number of candidates that score strictly better than its best
relevant one. A tie therefore costs nothing; `tied` says how many queries depend on that.
Sorting code that reverses an argsort turns a NaN into R@1 = 100 %; here it is refused.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class QueryRanks(NamedTuple):
    """Ranks in both directions (1 = best), and which queries tie with an irrelevant candidate."""

    image_to_text: Int[Tensor, " n"]
    text_to_image: Int[Tensor, " m"]
    image_tied: Bool[Tensor, " n"]
    text_tied: Bool[Tensor, " m"]


def query_ranks(scores: Float[Tensor, "n m"], text_image: Int[Tensor, " m"]) -> QueryRanks:
    """Rank the best relevant candidate of every query, in both directions.

    rank = 1 + #{candidates with a strictly higher score}; for an image with several texts its
    best-scoring text counts. Adding a constant to all scores changes nothing.

    Args:
        scores: Image by text, finite, of either sign.
        text_image: The relevant image of each text; every image needs at least one text.

    Raises:
        ValueError: a score is NaN or infinite, or an image has no text.

    >>> scores = torch.tensor([[0.9, -0.2, 0.1], [0.3, 0.1, -0.5]])  # text 2 also shows image 1
    >>> ranks = query_ranks(scores, torch.tensor([0, 1, 1]))
    >>> ranks.image_to_text.tolist(), ranks.text_to_image.tolist()
    ([1, 2], [1, 1, 2])
    """
    if not bool(torch.isfinite(scores).all()):
        bad = int((~torch.isfinite(scores)).sum())
        row, column = (int(i) for i in (~torch.isfinite(scores)).nonzero()[0])
        raise ValueError(
            f"{bad} of {scores.numel()} scores are NaN or infinite, the first at image {row}, text {column}: "
            "a rank from them would mean nothing"
        )
    n_images, n_texts = scores.shape
    relevant = torch.zeros(n_images, n_texts, dtype=torch.bool, device=scores.device)
    relevant[text_image, torch.arange(n_texts, device=scores.device)] = True
    if not bool(relevant.any(dim=1).all()):
        lonely = int((~relevant.any(dim=1)).nonzero()[0])
        raise ValueError(f"image {lonely} has no text: it cannot be a query")

    best = scores.masked_fill(~relevant, -torch.inf).amax(dim=1, keepdim=True)
    own = scores[text_image, torch.arange(n_texts, device=scores.device)]
    return QueryRanks(
        image_to_text=1 + (scores > best).sum(dim=1),
        text_to_image=1 + (scores > own).sum(dim=0),
        image_tied=((scores == best) & ~relevant).any(dim=1),
        text_tied=((scores == own) & ~relevant).any(dim=0),
    )


def recall_at(ranks: Int[Tensor, " queries"], k: int) -> Float[Tensor, " queries"]:
    """1 for a query whose relevant candidate is among the first k, else 0; its mean is R@k.

    >>> recall_at(torch.tensor([1, 5, 6]), 5).tolist()
    [1.0, 1.0, 0.0]
    """
    return (ranks <= k).float()


def reciprocal(ranks: Int[Tensor, " queries"]) -> Float[Tensor, " queries"]:
    """1 / rank of every query; its mean is the mean reciprocal rank.

    >>> reciprocal(torch.tensor([1, 4])).tolist()
    [1.0, 0.25]
    """
    return 1.0 / ranks.float()
