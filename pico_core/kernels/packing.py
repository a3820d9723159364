"""Ragged items as dense blocks: items with the same number of real tokens lie together.

A block holds real tokens only, so no work is spent on padding and no padding can win a maximum.
"""

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


class Packed(NamedTuple):
    """Some items of equal length: which ones, and their real tokens."""

    items: Int[Tensor, " g"]
    tokens: Float[Tensor, "g length d"]


def pack(
    tokens: Float[Tensor, "items tokens d"], mask: Bool[Tensor, "items tokens"], *, max_tokens: int
) -> Iterator[Packed]:
    """Yield the items grouped by their number of real tokens, at most `max_tokens` tokens at a time.

    The order of the real tokens of an item is kept; every item appears in exactly one block.
    Tokens are yielded in float32 whatever they are stored in.

    Args:
        tokens: Padded tokens.
        mask: True = real, anywhere in a row.
        max_tokens: Bound on g x length of one block (one item is never divided).

    Raises:
        ValueError: an item has no real token.

    >>> tokens = torch.tensor([[[1.0], [0.0]], [[2.0], [3.0]], [[0.0], [4.0]]])
    >>> mask = torch.tensor([[True, False], [True, True], [False, True]])
    >>> [(block.items.tolist(), block.tokens.flatten().tolist()) for block in pack(tokens, mask, max_tokens=8)]
    [([0, 2], [1.0, 4.0]), ([1], [2.0, 3.0])]
    """
    lengths = mask.sum(dim=1)
    if bool((lengths == 0).any()):
        where = int((lengths == 0).nonzero()[0])
        raise ValueError(f"item {where} has no real token: mask at least one as real")
    for length in torch.unique(lengths).tolist():
        members = (lengths == length).nonzero()[:, 0]
        for items in members.split(max(1, max_tokens // length)):
            rows = tokens[items]
            if length < mask.shape[1]:
                rows = rows[mask[items]].view(len(items), length, -1)
            yield Packed(items, rows.to(torch.promote_types(rows.dtype, torch.float32)))
