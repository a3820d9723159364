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
        return _joined([self, other])


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
    return _joined([_of_block(part, real) for part, real in token_blocks(tokens, mask)])


def _joined(parts: list[ItemStatistics]) -> ItemStatistics:
    if len(parts) == 1:
        return parts[0]
    return ItemStatistics(
        torch.cat([part.mean for part in parts]),
        SignShares(
            torch.cat([part.signs.positive for part in parts]), torch.cat([part.signs.negative for part in parts])
        ),
    )


def _of_block(tokens: Tensor, mask: Tensor) -> ItemStatistics:
    """`masked_mean` and `sign_shares` of a block to the bit, from one conversion of it.

    Signs are +1, 0 and -1: their sum is positive minus negative tokens, the sum of their sizes is positive plus
    negative ones, both exact.
    """
    counts = mask.sum(dim=1, keepdim=True)
    values = tokens.float()
    if not bool((counts == mask.shape[1]).all()):
        values = values.masked_fill(~mask[..., None], 0.0)
        tokens = tokens.masked_fill(~mask[..., None], 0.0) if tokens.dtype == torch.float64 else values
    signs = (tokens if tokens.dtype == torch.float64 else values).sign()
    difference = signs.sum(dim=1).float()
    either = signs.abs_().sum(dim=1).float()
    shares = SignShares((either + difference) / 2 / counts, (either - difference) / 2 / counts)
    return ItemStatistics(values.sum(dim=1) / counts, shares)
