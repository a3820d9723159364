"""What a construction needs of tokens, read once: per item the mean and the shares of positive and negative tokens.

One pass over the tokens, a block of items at a time; the result is as small as one vector per item.
Statistics of some items and of others add up (`+`), so processes can each do a part.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.kernels.signs import SignShares, sign_shares
from pico_core.kernels.threads import parallel_for
from pico_core.storage.token_files import block_reader, blocks, items_at_once


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
    size, nbytes = items_at_once(tokens), tokens.numel() * tokens.dtype.itemsize

    def worker() -> Callable[[slice], None]:
        read, scratch = block_reader(tokens, size), torch.empty(size, *tokens.shape[1:], device=mask.device)

        def fill(rows: slice) -> None:
            part, real = read(rows), mask[rows]
            values = _without_padding(scratch[: len(part)].copy_(part), real)
            mean[rows] = values.sum(dim=1) / real.sum(dim=1, keepdim=True)
            positive[rows], negative[rows] = sign_shares(part, real, total_bytes=nbytes)

        return fill

    parallel_for(blocks(len(tokens), size), worker)
    return ItemStatistics(mean, SignShares(positive, negative))


def _without_padding(values: Tensor, mask: Tensor) -> Tensor:
    """Zeros where no real token is, in place."""
    if bool(mask.all()):
        return values
    if bool(values.sum().isfinite()):
        return values.mul_(mask[..., None])  # twice as fast as filling, but 0 times NaN is NaN
    return values.masked_fill_(~mask[..., None], 0.0)
