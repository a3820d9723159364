"""Ranks by counting and what is averaged from them, and the best of many: of equals the lower index first.

The rank of a query is 1 + the number of candidates that score strictly better than its best
relevant one. A tie therefore costs nothing; `tied` says how many queries depend on that.
Sorting code that reverses an argsort turns a NaN into R@1 = 100 %; here it is refused.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Best(NamedTuple):
    """The best entries of every row, best first, and where they stand in it."""

    values: Float[Tensor, "q k"]
    indices: Int[Tensor, "q k"]


def best_first(scores: Float[Tensor, "q c"], *, k: int) -> Best:
    """The first k of a stable sort of every row, without sorting it.

    `torch.topk` keeps any of several equal entries. Here it only says how high the k-th is: what
    lies above is kept, and of those that are level with it the first, until k are there.

    Args:
        scores: No NaN.
        k: At least 1; with fewer columns, all of them.

    >>> import torch
    >>> best_first(torch.tensor([[0.5, 0.9, 0.5, 0.9, 0.5]]), k=3).indices
    tensor([[1, 3, 0]])
    """
    if scores.shape[1] <= k:
        return Best(*scores.sort(dim=1, descending=True, stable=True))
    lowest = scores.topk(k, dim=1).values[:, -1:]
    above, level = scores > lowest, scores == lowest
    room = k - above.sum(dim=1, keepdim=True)
    kept = (above | (level & (level.cumsum(dim=1) <= room))).nonzero()[:, 1].view(len(scores), k)
    values, order = scores.gather(1, kept).sort(dim=1, descending=True, stable=True)
    return Best(values, kept.gather(1, order))


class QueryRanks(NamedTuple):
    """Ranks in both directions (1 = best), and which queries tie with an irrelevant candidate."""

    image_to_text: Int[Tensor, " n"]
    text_to_image: Int[Tensor, " m"]
    image_tied: Bool[Tensor, " n"]
    text_tied: Bool[Tensor, " m"]


class RowRanks(NamedTuple):
    """Rank of the best relevant candidate of every row, and whether an irrelevant one ties with it."""

    ranks: Int[Tensor, " q"]
    tied: Bool[Tensor, " q"]


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
    n_images, n_texts = scores.shape
    relevant = torch.zeros(n_images, n_texts, dtype=torch.bool, device=scores.device)
    relevant[text_image, torch.arange(n_texts, device=scores.device)] = True
    _refuse_not_finite(scores, query="image", candidate="text")
    if not bool(relevant.any(dim=1).all()):
        lonely = int((~relevant.any(dim=1)).nonzero()[0])
        raise ValueError(f"image {lonely} has no text: it cannot be a query")
    images, texts = _counted(scores, relevant), _counted(scores.T, relevant.T)
    return QueryRanks(images.ranks, texts.ranks, images.tied, texts.tied)


def row_ranks(scores: Float[Tensor, "q c"], relevant: Bool[Tensor, "q c"]) -> RowRanks:
    """Rank the best relevant candidate of every row: some queries against all candidates.

    Args:
        scores: Query by candidate, finite, of either sign.
        relevant: Which candidates truly belong to a query; at least one in every row.

    Raises:
        ValueError: a score is NaN or infinite, or a row has no relevant candidate.

    >>> row_ranks(torch.tensor([[0.3, 0.9, 0.9]]), torch.tensor([[True, False, False]])).ranks
    tensor([3])
    """
    _refuse_not_finite(scores, query="query", candidate="candidate")
    if not bool(relevant.any(dim=1).all()):
        lonely = int((~relevant.any(dim=1)).nonzero()[0])
        raise ValueError(f"query {lonely} has no relevant candidate: it cannot be ranked")
    return _counted(scores, relevant)


def _counted(scores: Float[Tensor, "q c"], relevant: Bool[Tensor, "q c"]) -> RowRanks:
    best = scores.masked_fill(~relevant, -torch.inf).amax(dim=1, keepdim=True)
    return RowRanks(1 + (scores > best).sum(dim=1), ((scores == best) & ~relevant).any(dim=1))


def _refuse_not_finite(scores: Float[Tensor, "q c"], *, query: str, candidate: str) -> None:
    finite = torch.isfinite(scores)
    if not bool(finite.all()):
        row, column = (int(i) for i in (~finite).nonzero()[0])
        raise ValueError(
            f"{int((~finite).sum())} of {scores.numel()} scores are NaN or infinite, the first at {query} {row}, "
            f"{candidate} {column}: a rank from them would mean nothing"
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
