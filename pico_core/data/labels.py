"""Label columns: which can gather, what they stand for, the groups they make, and how far style drives a column."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.common.axes import Columns
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


MAX_CONTENT = 3  # content labels that are measured at first


@dataclass(frozen=True)
class LabelRoles:
    """Labels that can gather, images' first, and what they stand for.

    Attributes:
        every: All of them.
        content: Those that stand for content at first.
        style: Those that stand for style at first.
    """

    every: tuple[str, ...]
    content: tuple[str, ...]
    style: tuple[str, ...]


def content_and_style(pairs: PairedEmbeddings) -> LabelRoles:
    """Which labels stand for content and which for style, by their names.

    Style: every label that speaks of style, of images or of texts. Content: the first three others,
    those that images and texts share before the rest.
    """
    images, texts = usable_labels(pairs.images, pairs.image_labels), usable_labels(pairs.texts, pairs.text_labels)
    every = tuple(dict.fromkeys([*images, *texts]))
    content = [name for name in every if not speaks_of_style(name)]
    content.sort(key=lambda name: not (name in images and name in texts))  # stable: else in their order
    return LabelRoles(every, tuple(content[:MAX_CONTENT]), tuple(name for name in every if speaks_of_style(name)))


def eta_squared(values: Float[Tensor, "items d"], labels: Sequence[object]) -> Columns:
    """Share of every column's variance that lies between the groups of a label, 0 to 1.

    eta² = sum_g n_g (mean_g - mean)² / sum_i (v_i - mean)². Items without a label (None) are left
    out; a column that never varies has 0. Chance alone gives about (groups - 1) / (items - 1).

    >>> eta_squared(torch.tensor([[0.0, 1.0], [0.0, 3.0], [2.0, 1.0], [2.0, 3.0]]), ["a", "a", "b", "b"])
    tensor([1., 0.])
    """
    known, groups = groups_of(labels)
    held = values[known].double()
    sizes = groups.sum(dim=0)
    mean = held.mean(dim=0)
    between = (sizes[:, None] * ((groups.T @ held) / sizes[:, None] - mean).square()).sum(dim=0)
    total = (held - mean).square().sum(dim=0)
    return torch.where(total > 1e-12, between / total.clamp_min(1e-12), 0.0).float()


def style_eta_squared(frame: pl.DataFrame, names: Sequence[str], values: Float[Tensor, "items d"]) -> Columns | None:
    """The largest eta² of any style label, column by column; None where no usable label speaks of style."""
    by_label = [eta_squared(values, frame[name].to_list()) for name in style_labels(frame, names)]
    return torch.stack(by_label).amax(dim=0) if by_label else None


def style_label_weights(pairs: PairedEmbeddings) -> Columns | None:
    """What weights would be if the style labels were known: (1 - eta²_images) (1 - eta²_texts).

    Args:
        pairs: In the basis of the weights; token means are labelled.

    Returns:
        One number per column from 0 to 1; None where neither images nor texts have a style label.

    Source: beyond the paper, a yardstick: labels are not available to the method.
    """
    image = style_eta_squared(pairs.images, pairs.image_labels, pairs.image_means)
    text = style_eta_squared(pairs.texts, pairs.text_labels, pairs.text_means)
    if image is None and text is None:
        return None
    shares = [1 - eta for eta in (image, text) if eta is not None]
    return torch.stack(shares).prod(dim=0)
