"""Sign statistics: how often an image token and a text token agree in sign, column by column.

The literal definition averages [v_id t_jd > 0] over all patch-word products of a pair. It
factorises: a product is positive when both factors are positive or both negative, so its share
is pos_v pos_t + neg_v neg_t with the shares of positive and of negative tokens. One pass over
the tokens instead of a p x w x d table per pair, and additive over pairs: it streams, it
shards, and a bootstrap over pairs is a matrix product.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.kernels.masking import real_counts
from pico_core.kernels.threads import parallel_for

BLOCK_BYTES = 2**19  # of tokens read at a time: signs and sums then happen in the second-level cache
LARGE = 2**30  # bytes of tokens from which a compiled loop, five times as fast, gains more than loading it costs
PART_BYTES = 2**23  # of tokens that a thread counts at a time

# The bits of a finite number as an integer: above 0 exactly where the number is. Processors compare
# integers as they lie, and half precision only after a conversion.
BITS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


class SignShares(NamedTuple):
    """Per item and column the share of positive and of negative real tokens; a zero is neither."""

    positive: Float[Tensor, "items d"]
    negative: Float[Tensor, "items d"]


def sign_shares(
    tokens: Float[Tensor, "items tokens d"], mask: Bool[Tensor, "items tokens"], *, total_bytes: int = 0
) -> SignShares:
    """Share of real tokens above 0, and below 0, in every column of every item.

    Args:
        tokens: Padded tokens of any floating storage type; the real ones are finite.
        mask: True = real. Every item needs at least one.
        total_bytes: Bytes of all the tokens of which these are a part. Many are counted faster by a compiled loop;
            the counts are the same.

    Raises:
        ValueError: an item has no real token.

    Source: PICO section on pseudo-semantic probability (paper); the factorisation is ours and exact.

    >>> shares = sign_shares(torch.tensor([[[1.0], [-2.0], [0.0], [3.0]]]), torch.ones(1, 4, dtype=torch.bool))
    >>> shares.positive.item(), shares.negative.item()
    (0.5, 0.25)
    """
    counts = real_counts(mask)[:, None]
    bits = tokens.detach().view(BITS[tokens.element_size()])
    if bits.device.type == "cpu" and max(total_bytes, bits.nbytes) >= LARGE and bits.is_contiguous():
        sums = _counted(bits, mask)
    else:
        sums = _added(bits, mask)
    return SignShares(*(sums.float() / counts))


def _sums_of(bits: Int[Tensor, "items tokens d"]) -> Int[Tensor, "2 items d"]:
    """Zeros, in the narrowest type that holds a count of all tokens of an item."""
    items, length, d = bits.shape
    kind = bits.dtype if length <= torch.iinfo(torch.int16).max else torch.int64
    return bits.new_zeros(2, items, d, dtype=kind)


def _added(bits: Int[Tensor, "items tokens d"], mask: Bool[Tensor, "items tokens"]) -> Int[Tensor, "2 items d"]:
    """Counts of numbers above and below 0, in torch: for few tokens, and on any device."""
    items, length, d = bits.shape
    every, sums = bool(mask.all()), _sums_of(bits)
    size = max(1, BLOCK_BYTES // (bits.element_size() * length * d))
    real, above = bits.new_empty(2, min(size, items), length, d)
    for first in range(0, items, size):
        part = slice(first, first + size)
        block = bits[part]
        if not every:
            block = torch.mul(block, mask[part, :, None], out=real[: len(block)])
        signs = torch.gt(block, 0, out=above[: len(block)])
        torch.sum(signs, dim=1, dtype=sums.dtype, out=sums[0, part])
        turned = torch.bitwise_xor(block, torch.iinfo(bits.dtype).min, out=signs)  # the sign bit is the first
        torch.sum(turned.gt_(0), dim=1, dtype=sums.dtype, out=sums[1, part])
    return sums


def _counted(bits: Int[Tensor, "items tokens d"], mask: Bool[Tensor, "items tokens"]) -> Int[Tensor, "2 items d"]:
    """The same counts in one pass, by a compiled loop, items shared out among the processors."""
    from pico_core.kernels.signs_numba import count_signs

    sums = _sums_of(bits)
    given, real, above, below = bits.numpy(), mask.numpy(), *sums.numpy()
    lowest = given.dtype.type(torch.iinfo(bits.dtype).min)
    size = max(1, PART_BYTES // (bits.element_size() * bits.shape[1] * bits.shape[2]))
    parts = (slice(first, first + size) for first in range(0, len(given), size))
    parallel_for(parts, lambda: lambda part: count_signs(given[part], real[part], lowest, above[part], below[part]))
    return sums


def pair_agreement(images: SignShares, texts: SignShares, text_image: Int[Tensor, " m"]) -> Float[Tensor, "m d"]:
    """Share of positive patch-word products of each matched pair: pos_v pos_t + neg_v neg_t.

    Args:
        images: Shares of n images.
        texts: Shares of m texts.
        text_image: The image of each text.

    Returns:
        Values in [0, 1], one row per pair.

    Source: paper (pseudo-semantic probability of one pair).

    >>> image = SignShares(torch.tensor([[0.5]]), torch.tensor([[0.5]]))
    >>> text = SignShares(torch.tensor([[1.0]]), torch.tensor([[0.0]]))
    >>> pair_agreement(image, text, torch.tensor([0]))
    tensor([[0.5000]])
    """
    return images.positive[text_image] * texts.positive + images.negative[text_image] * texts.negative


def agreement_by_image(images: SignShares, texts: SignShares, text_image: Int[Tensor, " m"]) -> Float[Tensor, "n d"]:
    """Sum over the texts of each image of the pair agreements; divide its total by m for p̂.

    The sums are what a bootstrap clustered by image resamples.
    """
    return images.positive * _sum_by_image(texts.positive, text_image, len(images.positive)) + (
        images.negative * _sum_by_image(texts.negative, text_image, len(images.positive))
    )


def mismatched_agreement(
    images: SignShares, texts: SignShares, text_image: Int[Tensor, " m"], shuffles: Int[Tensor, "b n"]
) -> Float[Tensor, "b d"]:
    """Mean agreement when the texts of image i are read against image shuffles[b, i] instead.

    Args:
        images: Shares of n images.
        texts: Shares of m texts.
        text_image: The image of each text.
        shuffles: One row per draw; a permutation of the images.

    Returns:
        One p̂ vector per draw: what sign agreement looks like without any shared content.

    Source: beyond the paper (the null of the statistic).
    """
    positive = _sum_by_image(texts.positive, text_image, len(images.positive))
    negative = _sum_by_image(texts.negative, text_image, len(images.positive))
    # Rows that are kept one by one would part the memory that is freed between them.
    rows = torch.empty(len(shuffles), positive.shape[1], dtype=positive.dtype)
    for row, shuffle in zip(rows, shuffles, strict=True):
        row[:] = (images.positive[shuffle] * positive + images.negative[shuffle] * negative).sum(dim=0)
    return rows / len(text_image)


def _sum_by_image(values: Float[Tensor, "m d"], text_image: Int[Tensor, " m"], n_images: int) -> Float[Tensor, "n d"]:
    return values.new_zeros(n_images, values.shape[1]).index_add_(0, text_image, values)
