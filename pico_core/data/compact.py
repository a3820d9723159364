"""Tokens in one byte per number: half the size of float16, for data that are shipped.

A row of tokens is stored as whole numbers from -127 to 127 and its largest absolute value m in
float16; it is read as float16(q m / 127). Rounded once, tokens stay as they are: storing and
reading them again changes no bit.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Float16, Int8
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings

STEPS = 127


@dataclass(frozen=True, eq=False)
class CompactTokens:
    """Rows of tokens in bytes.

    Attributes:
        steps: Whole numbers from -127 to 127.
        largest: The largest absolute value of every row.
    """

    steps: Int8[Tensor, "rows d"]
    largest: Float16[Tensor, " rows"]

    @property
    def tokens(self) -> Float16[Tensor, "rows d"]:
        """The rows as float16.

        >>> CompactTokens(torch.tensor([[127, -64]], dtype=torch.int8), torch.tensor([0.5]).half()).tokens
        tensor([[ 0.5000, -0.2520]], dtype=torch.float16)
        """
        return (self.steps.double() * (self.largest.double() / STEPS)[:, None]).half()


def compacted(rows: Float[Tensor, "rows d"]) -> CompactTokens:
    """Round rows of tokens to bytes: an error of at most 1/254 of a row's largest value.

    >>> compacted(torch.tensor([[1.0, -0.5]])).steps
    tensor([[127, -64]], dtype=torch.int8)
    """
    largest = rows.double().abs().amax(dim=1).half()
    step = (largest.double() / STEPS).clamp_min(1e-12)[:, None]
    # Halves are exact within 1/2048, so the largest value lands on 127 and never beyond.
    return CompactTokens((rows.double() / step).round().to(torch.int8), largest)


def rounded_to_bytes(pairs: PairedEmbeddings) -> PairedEmbeddings:
    """The same pairs with tokens that bytes can hold without loss, in float16; norms stay 1 within about 0.01.

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8]]), torch.tensor([[1.0, 0.0]]))
    >>> rounded_to_bytes(pairs).image_tokens
    tensor([[[0.5981, 0.7998]]], dtype=torch.float16)
    """
    return replace(pairs, image_tokens=_rounded(pairs.image_tokens), text_tokens=_rounded(pairs.text_tokens))


def _rounded(tokens: Float[Tensor, "items tokens d"]) -> Float16[Tensor, "items tokens d"]:
    return compacted(tokens.flatten(0, 1)).tokens.reshape(tokens.shape)
