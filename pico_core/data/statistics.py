"""What a construction needs of tokens, read once: per item the mean and the shares of positive and negative tokens.

One pass over the tokens, a block of items at a time; the result is as small as one vector per item.
Statistics of some items and of others add up (`+`), so processes can each do a part.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.data.blocks import token_blocks
from pico_core.kernels.signs import SignShares


@dataclass(frozen=True, eq=False)
class ItemStatistics:
    """Statistics of the real tokens of some items, column by column.

    Attributes:
        mean: Of the tokens, in float32.
        signs: Share of tokens above 0, and below 0.
    """

    mean: Float[Tensor, "items d"]
    signs: SignShares

    def __add__(self, other: "ItemStatistics") -> "ItemStatistics":
        """The statistics of these items followed by those."""
        mine, its = self.signs, other.signs
        signs = SignShares(torch.cat([mine.positive, its.positive]), torch.cat([mine.negative, its.negative]))
        return ItemStatistics(torch.cat([self.mean, other.mean]), signs)


def item_statistics(tokens: Float[Tensor, "items tokens d"], mask: Bool[Tensor, "items tokens"]) -> ItemStatistics:
    """Mean and sign shares of every item in one pass over the tokens, whatever they are stored in.

    Raises:
        ValueError: an item has no real token; its mean does not exist.

    >>> found = item_statistics(torch.tensor([[[1.0], [-3.0]]]), torch.ones(1, 2, dtype=torch.bool))
    >>> found.mean.item(), found.signs.positive.item()
    (-1.0, 0.5)
    """
    empty = (~mask.any(dim=1)).nonzero()
    if len(empty):
        raise ValueError(f"item {int(empty[0])} has no real token: its mean does not exist; mask at least one as real")
    shape = len(tokens), tokens.shape[2]
    mean, positive, negative = (torch.empty(shape, device=mask.device) for _ in range(3))
    scratch, done = torch.empty(0), 0
    for part, real in token_blocks(tokens, mask):
        if len(scratch) < len(part):
            scratch = torch.empty(part.shape, device=part.device)
        rows, done = slice(done, done + len(part)), done + len(part)
        found = _of_block(part, real, scratch[: len(part)])
        mean[rows], positive[rows], negative[rows] = found.mean, found.signs.positive, found.signs.negative
    return ItemStatistics(mean, SignShares(positive, negative))


def _of_block(tokens: Tensor, mask: Tensor, scratch: Tensor) -> ItemStatistics:
    """`masked_mean` and `sign_shares` of a block to the bit, from one copy of it in float32.

    Signs are +1, 0 and -1: their sum is positive minus negative tokens, the sum of their sizes is positive plus
    negative ones, both exact.
    """
    counts = mask.sum(dim=1, keepdim=True)
    values = _without_padding(scratch.copy_(tokens), mask)
    mean = values.sum(dim=1) / counts
    if tokens.dtype == torch.float64:  # numbers that float32 rounds to 0 have a sign all the same
        values = _without_padding(scratch.copy_(tokens.sign()), mask)
    difference = values.sign_().sum(dim=1)
    either = values.abs_().sum(dim=1)
    return ItemStatistics(mean, SignShares((either + difference) / 2 / counts, (either - difference) / 2 / counts))


def _without_padding(values: Tensor, mask: Tensor) -> Tensor:
    """Zeros where no real token is, in place."""
    if bool(mask.all()):
        return values
    if bool(values.sum().isfinite()):
        return values.mul_(mask[..., None])  # twice as fast as filling, but 0 times NaN is NaN
    return values.masked_fill_(~mask[..., None], 0.0)
