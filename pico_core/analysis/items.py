"""One column from near: its value in every item, and the items at both ends."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings


@dataclass(frozen=True)
class ItemValue:
    """An image or a text, and its value in the column (mean over its tokens)."""

    index: int
    value: float


@dataclass(frozen=True, eq=False)
class ColumnItems:
    """Values of one column in all items, and its strongest and weakest items; ties by index."""

    images: Float[Tensor, " n"]
    texts: Float[Tensor, " m"]
    top_images: tuple[ItemValue, ...]
    low_images: tuple[ItemValue, ...]
    top_texts: tuple[ItemValue, ...]
    low_texts: tuple[ItemValue, ...]


def column_items(pairs: PairedEmbeddings, column: int, *, top: int = 3) -> ColumnItems:
    """Read one column in all items of a split.

    >>> import torch
    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8], [1.0, 0.0]]), torch.eye(2))
    >>> [item.index for item in column_items(pairs, 0, top=1).top_images]
    [1]
    """
    images, texts = pairs.image_means[:, column], pairs.text_means[:, column]
    return ColumnItems(
        images, texts, _ends(images, top), _ends(images, top, low=True), _ends(texts, top), _ends(texts, top, low=True)
    )


def _ends(values: Float[Tensor, " items"], top: int, *, low: bool = False) -> tuple[ItemValue, ...]:
    order = values.argsort(descending=not low, stable=True)[:top]
    return tuple(ItemValue(int(i), float(values[i])) for i in order)
