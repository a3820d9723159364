"""Label columns: which of them can gather, which speak of style, and the groups that they make."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings

# Names that give a style label away; anything else counts as content.
STYLE_WORDS = ("style", "register", "tone", "look", "domain", "filter", "medium", "rendering")


def usable_labels(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Label columns that can gather: at least two values, each shared by two items on average."""
    return [
        name
        for name in names
        if 2 <= frame[name].drop_nulls().n_unique() <= frame[name].drop_nulls().len() / 2
    ]  # fmt: skip


def speaks_of_style(name: str) -> bool:
    """Whether the name of a label gives it away as one of style.

    >>> speaks_of_style("image_style"), speaks_of_style("first_object")
    (True, False)
    """
    return any(word in name.lower() for word in STYLE_WORDS)


def style_labels(frame: pl.DataFrame, names: Sequence[str]) -> list[str]:
    """Label columns that can gather and speak of style."""
    return [name for name in usable_labels(frame, names) if speaks_of_style(name)]


def has_style_labels(pairs: PairedEmbeddings) -> bool:
    """Whether images or texts have a label of style: then there are a label oracle and axes from labels."""
    return bool(style_labels(pairs.images, pairs.image_labels) or style_labels(pairs.texts, pairs.text_labels))


def groups_of(labels: Sequence[object]) -> tuple[Bool[Tensor, " items"], Float[Tensor, "known groups"]]:
    """Which items have a label, and to which group each of those belongs (1 there, else 0).

    >>> groups_of(["b", None, "a"])
    (tensor([ True, False,  True]), tensor([[0., 1.],
            [1., 0.]], dtype=torch.float64))
    """
    known = torch.tensor([label is not None for label in labels])
    _, codes = np.unique(np.array([str(label) for label in labels if label is not None]), return_inverse=True)
    return known, torch.nn.functional.one_hot(torch.from_numpy(codes)).double()
