"""One column from near: its value in every item, and items from the top of its order to the bottom."""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings

# Name of a band and the place of its middle in the order, highest first.
BANDS = (("top", 0.0), ("upper middle", 0.25), ("middle", 0.5), ("lower", 0.75), ("bottom", 1.0))


@dataclass(frozen=True)
class ItemValue:
    """An image or a text, and its value in the column (mean over its tokens)."""

    index: int
    value: float


@dataclass(frozen=True)
class Band:
    """Items around one place in the order of a column, highest first."""

    name: str
    items: tuple[ItemValue, ...]


@dataclass(frozen=True, eq=False)
class ColumnItems:
    """Values of one column in all items, and items of five bands of its order; ties by index."""

    images: Float[Tensor, " n"]
    texts: Float[Tensor, " m"]
    image_bands: tuple[Band, ...]
    text_bands: tuple[Band, ...]


def column_items(pairs: PairedEmbeddings, column: int, *, per_band: int = 3) -> ColumnItems:
    """Read one column in all items of a split.

    >>> import torch
    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8], [1.0, 0.0]]), torch.eye(2))
    >>> [band.items[0].index for band in column_items(pairs, 0, per_band=1).image_bands]
    [1, 0]
    """
    images, texts = pairs.image_means[:, column], pairs.text_means[:, column]
    return ColumnItems(images, texts, quantile_bands(images, per_band), quantile_bands(texts, per_band))


def quantile_bands(values: Float[Tensor, " items"], per_band: int) -> tuple[Band, ...]:
    """Five bands of the order; no item in two, and with few items fewer bands or shorter ones.

    >>> import torch
    >>> [[item.index for item in band.items] for band in quantile_bands(torch.arange(10.0), 1)]
    [[9], [7], [5], [2], [0]]
    """
    order = values.argsort(descending=True, stable=True).tolist()
    taken: set[int] = set()
    bands = []
    for name, place in (BANDS[0], BANDS[-1], BANDS[2], BANDS[1], BANDS[3]):  # the ends choose first
        start = round(place * (len(order) - per_band))
        chosen = [i for i in order[max(0, start) : max(0, start) + per_band] if i not in taken]
        taken.update(chosen)
        bands.append(Band(name, tuple(ItemValue(i, float(values[i])) for i in chosen)))
    names = [name for name, _ in BANDS]
    return tuple(band for band in sorted(bands, key=lambda band: names.index(band.name)) if band.items)
