"""The best of many, in one stated order: higher first, of equals the lower index first."""

from typing import NamedTuple

from jaxtyping import Float, Int
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
