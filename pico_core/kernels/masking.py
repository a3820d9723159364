"""What is not real must not win: the one home of -inf.

A padded token filled with 0 beats every real similarity below 0. Here padding is filled with
-inf before a maximum, with 0 before a sum, and an item without any real token is an error.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def fill_masked(values: Float[Tensor, "*shape"], mask: Bool[Tensor, "*mask"]) -> Float[Tensor, "*shape"]:
    """Replace the values of padding by -inf, so that no maximum can choose them.

    Args:
        values: Similarities of any shape.
        mask: True = real; must broadcast against `values`.

    Returns:
        A new tensor of the shape of `values`.

    Source: none needed; the trap is described in the module's docstring.

    >>> fill_masked(torch.tensor([-0.5, 0.0]), torch.tensor([True, False])).max()
    tensor(-0.5000)
    """
    return values.masked_fill(~mask, -torch.inf)


def real_counts(mask: Bool[Tensor, "items tokens"]) -> Int[Tensor, " items"]:
    """Number of real tokens of every item.

    Raises:
        ValueError: an item has none; its mean does not exist.

    >>> real_counts(torch.tensor([[True, False], [True, True]]))
    tensor([1, 2])
    """
    counts = mask.sum(dim=1)
    if bool((counts == 0).any()):
        where = int((counts == 0).nonzero()[0])
        raise ValueError(f"item {where} has no real token: its mean does not exist; mask at least one as real")
    return counts


def masked_mean(
    values: Float[Tensor, "items tokens *rest"], mask: Bool[Tensor, "items tokens"]
) -> Float[Tensor, "items *rest"]:
    """Average over the real tokens of each item, in float32: sum of real values / number of real tokens.

    Args:
        values: One row of tokens per item, optionally with feature columns behind.
        mask: True = real. Every item needs at least one.

    Raises:
        ValueError: an item has no real token; its mean does not exist.

    >>> tokens = torch.tensor([[[2.0], [4.0], [99.0]]])
    >>> masked_mean(tokens, torch.tensor([[True, True, False]]))
    tensor([[3.]])
    """
    counts = real_counts(mask)
    shape = mask.shape + (1,) * (values.ndim - 2)
    real = values.float().masked_fill(~mask.view(shape), 0.0)
    return real.sum(dim=1) / counts.view(-1, *(1,) * (values.ndim - 2))
