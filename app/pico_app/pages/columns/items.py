"""Items of a column as cards: five bands of its order, and its strongest patches."""

from collections.abc import Sequence
from html import escape

import polars as pl

from pico_app.answers import pictures, studies
from pico_core.columns.detail.items import Band
from pico_core.columns.detail.token_drivers import PatchDrivers, PatchValue
from pico_core.encoders.token_words import WORDS_COLUMN

STYLE = """<style>
.bands h4{font-size:1rem;margin:.1rem 0 .3rem}.bands p{margin:.35rem 0 .15rem;font-size:.85rem;opacity:.75}
.bands .row{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));gap:.35rem}
.bands figure{margin:0;padding:.35rem .6rem;border-radius:.4rem;font-size:.875rem;line-height:1.3;display:flex;
gap:.6rem;align-items:center;background:rgba(128,128,128,.08)}
.bands .im{border-left:4px solid #009E73;flex-wrap:wrap;align-content:start}
.bands .tx{border-left:4px solid #CC79A7;grid-column:1/-1}
.bands b{font-variant-numeric:tabular-nums;min-width:3.3rem;text-align:right;display:inline-block}
.bands .im b{min-width:0}
.bands small{opacity:.75;display:block}.bands .pic{position:relative;flex:none;line-height:0}
.bands .pic img{height:64px;border-radius:.25rem}.bands span{flex:1 1 6.5rem;min-width:0;overflow-wrap:anywhere}
.bands .spot{position:absolute;border:2px solid #D55E00;outline:1px solid #fff;box-sizing:border-box}
</style>"""


def image_bands(space: studies.Workspace, bands: Sequence[Band]) -> str:
    """Images of every band with their labels."""
    fit = space.splits.fit
    rows = []
    for band in bands:
        cards = [
            _image_card(space, item.index, item.value, _labels(fit.images, fit.image_labels, item.index))
            for item in band.items
        ]
        rows.append(_row(band.name, cards))
    return f"{STYLE}<div class='bands'><h4>Images</h4>{''.join(rows)}</div>"


def text_bands(space: studies.Workspace, bands: Sequence[Band]) -> str:
    """Captions of every band with their labels."""
    fit = space.splits.fit
    rows = []
    for band in bands:
        cards = []
        for item in band.items:
            caption = fit.captions[item.index] or f"text {item.index}, no caption"
            labels = _labels(fit.texts, fit.text_labels, item.index)
            cards.append(f"<figure class='tx'><b>{item.value:+.3f}</b><span>{escape(caption)}{labels}</span></figure>")
        rows.append(_row(band.name, cards))
    return f"{STYLE}<div class='bands'><h4>Texts</h4>{''.join(rows)}</div>"


def patches(space: studies.Workspace, found: PatchDrivers) -> str:
    """The strongest patches, one per image, each framed in its picture."""
    rows = [
        _row(f"{name} patches, one per image", [_patch_card(space, one, found.grid) for one in ends])
        for name, ends in (("Highest", found.highest), ("Lowest", found.lowest))
    ]
    return f"{STYLE}<div class='bands'>{''.join(rows)}</div>"


def _row(title: str, cards: Sequence[str]) -> str:
    return f"<p>{title[0].upper()}{title[1:]}</p><div class='row'>{''.join(cards)}</div>"


def _image_card(space: studies.Workspace, index: int, value: float, told: str, spot: str = "") -> str:
    fit = space.splits.fit
    address = pictures.thumbnail(space.dataset, fit.image_paths[index], size=160)
    picture = f"<div class='pic'><img src='{address}' alt=''>{spot}</div>" if address else ""
    return f"<figure class='im'>{picture}<span><b>{value:+.3f}</b> {escape(fit.ids[index])}{told}</span></figure>"


def _patch_card(space: studies.Workspace, one: PatchValue, grid: tuple[int, int] | None) -> str:
    spot = ""
    if grid is not None:
        height, width = 100 / grid[0], 100 / grid[1]
        top, left = (one.patch // grid[1]) * height, (one.patch % grid[1]) * width
        spot = (
            f"<div class='spot' style='top:{top:.2f}%;left:{left:.2f}%;width:{width:.2f}%;height:{height:.2f}%'></div>"
        )
    return _image_card(space, one.image, one.value, f"<small>patch {one.patch}</small>", spot)


def _labels(frame: pl.DataFrame, names: list[str], index: int) -> str:
    labels = [name for name in names if name != WORDS_COLUMN]
    told = "; ".join(f"{name}: {frame[name][index]}" for name in labels[:3])
    return f"<small>{escape(told)}</small>" if told else ""
