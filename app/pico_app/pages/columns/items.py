"""Items of a column as cards: five bands of its order, and its strongest patches."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from markupsafe import Markup

from pico_app.answers import pictures
from pico_app.templates import render
from pico_app.workspace import Workspace
from pico_core.columns.detail.items import Band
from pico_core.columns.detail.token_drivers import PatchDrivers, PatchValue
from pico_core.encoders.words import WORDS_COLUMN


@dataclass(frozen=True)
class Card:
    """An item of a column, as it is shown: `spot` says in CSS where a patch lies in its picture."""

    kind: str
    value: float
    name: str
    labels: str
    picture: str | None = None
    spot: str = ""


def image_bands(space: Workspace, bands: Sequence[Band]) -> Markup:
    """Images of every band with their labels."""
    fit = space.splits.fit
    rows = [
        (
            band.name,
            [
                _image(space, item.index, item.value, _labels(fit.images, fit.image_labels, item.index))
                for item in band.items
            ],
        )
        for band in bands
    ]
    return render("bands", title="Images", rows=rows)


def text_bands(space: Workspace, bands: Sequence[Band]) -> Markup:
    """Captions of every band with their labels."""
    fit = space.splits.fit

    def card(index: int, value: float) -> Card:
        caption = fit.captions[index] or f"text {index}, no caption"
        return Card("text", value, caption, _labels(fit.texts, fit.text_labels, index))

    rows = [(band.name, [card(item.index, item.value) for item in band.items]) for band in bands]
    return render("bands", title="Texts", rows=rows)


def patches(space: Workspace, drivers: PatchDrivers) -> Markup:
    """The strongest patches, one per image, each framed in its picture."""
    rows = [
        (f"{name} patches, one per image", [_patch(space, patch, drivers.grid) for patch in ends])
        for name, ends in (("Highest", drivers.highest), ("Lowest", drivers.lowest))
    ]
    return render("bands", title="", rows=rows)


def _image(space: Workspace, index: int, value: float, labels: str, spot: str = "") -> Card:
    fit = space.splits.fit
    picture = pictures.thumbnail(space.dataset, fit.image_paths[index], size=160)
    return Card("image", value, fit.ids[index], labels, picture, spot)


def _patch(space: Workspace, patch: PatchValue, grid: tuple[int, int] | None) -> Card:
    spot = ""
    if grid is not None:
        height, width = 100 / grid[0], 100 / grid[1]
        top, left = (patch.patch // grid[1]) * height, (patch.patch % grid[1]) * width
        spot = f"top:{top:.2f}%;left:{left:.2f}%;width:{width:.2f}%;height:{height:.2f}%"
    return _image(space, patch.image, patch.value, f"patch {patch.patch}", spot)


def _labels(frame: pl.DataFrame, names: list[str], index: int) -> str:
    labels = [name for name in names if name != WORDS_COLUMN]
    return "; ".join(f"{name}: {frame[name][index]}" for name in labels[:3])
