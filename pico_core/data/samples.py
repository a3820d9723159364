"""Some of many images, drawn by a stated rule, and how many of how many: a sample is never silent."""

from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor


@dataclass(frozen=True)
class Sample:
    """How many were drawn of how many.

    Attributes:
        n: Drawn.
        of: There were.
    """

    n: int
    of: int

    @property
    def sentence(self) -> str:
        """As people say it.

        >>> Sample(1000, 29000).sentence
        'sampled 1,000 of 29,000 images'
        """
        return f"sampled {self.n:,} of {self.of:,} images"


def draw_images(n_images: int, *, most: int, seed: int) -> Int[Tensor, " q"] | None:
    """Images drawn at random without replacement, in their old order; None where all of them are taken.

    Args:
        n_images: How many there are.
        most: How many are drawn where there are more; 0 = all are always taken.
        seed: Of the draw.

    >>> draw_images(5, most=5, seed=0), draw_images(5, most=0, seed=0)
    (None, None)
    >>> len(draw_images(5, most=3, seed=0))
    3
    """
    if most == 0 or n_images <= most:
        return None
    return torch.randperm(n_images, generator=torch.Generator().manual_seed(seed))[:most].sort().values
