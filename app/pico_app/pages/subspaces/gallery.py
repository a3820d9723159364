"""The selected items from near: pictures, captions, labels, and how much their neighbourhood changed."""

from collections.abc import Sequence
from html import escape

import numpy as np
import polars as pl
import streamlit as st

from pico_app.answers import pictures, retrieval, studies
from pico_app.pages.going import ask_button
from pico_app.state import queries, selections
from pico_core.spaces.change import NeighbourhoodChange, SideChange

SHOWN = 24


def render(
    space: studies.Workspace, items: pl.DataFrame, rows: Sequence[int], change: NeighbourhoodChange | None
) -> None:
    """Draw the gallery; it says how to fill it while nothing is selected."""
    with st.container(border=True):
        if not rows:
            st.caption(
                "Nothing is selected. Draw around points in either map, click one, search, or take the most changed: "
                "the same items are then ringed in both maps and shown here."
            )
            return
        selection = selections.selection()
        images = [index for kind, index in selection if kind == "image"]
        texts = [index for kind, index in selection if kind == "text"]
        st.markdown(f"**Selected: {len(images):,} images and {len(texts):,} texts**")
        changes = (None, None) if change is None else (change.images, change.texts)
        images, texts = _by_change(images, changes[0]), _by_change(texts, changes[1])
        st.html(_cards(space, images[:SHOWN], texts[:SHOWN], changes))
        _ask(space, images[:SHOWN], texts[:SHOWN])
        order = "Most changed first. " if change is not None else ""
        first = f"The first {SHOWN} of each are shown. " if max(len(images), len(texts)) > SHOWN else ""
        st.caption(
            f"{order}{first}The number is the change of the neighbourhood: 0 the same neighbours in both spaces, 1 "
            "none in common."
        )


def _ask(space: studies.Workspace, images: list[int], texts: list[int]) -> None:
    """One of the selected items as a query."""
    items = [queries.Query("image", index) for index in images] + [queries.Query("text", index) for index in texts]
    which, go = st.columns([3, 2], vertical_alignment="bottom")
    chosen = which.selectbox(
        "Ask with a selected item",
        items,
        format_func=lambda one: retrieval.item_name(space, one.kind, one.index),
        key="gallery-ask",
    )
    with go:
        ask_button(space, chosen, key="gallery-go")


def _change_of(index: int, side: SideChange | None) -> float | None:
    if side is None:
        return None
    place = int(np.searchsorted(side.items, index))
    if place >= len(side.items) or side.items[place] != index or np.isnan(side.each[place]):
        return None
    return float(side.each[place])


def _by_change(indices: list[int], side: SideChange | None) -> list[int]:
    return sorted(indices, key=lambda index: (-(_change_of(index, side) or 0.0), index))


def _cards(
    space: studies.Workspace,
    images: list[int],
    texts: list[int],
    changes: tuple[SideChange | None, SideChange | None],
) -> str:
    test = space.splits.test
    owner = test.text_image.tolist()
    cards = [
        _card("im", _picture(space, index), test.ids[index], _labels(test.images, test.image_labels, index), number)
        for index in images
        for number in (_change_of(index, changes[0]),)
    ]
    cards += [
        _card(
            "tx",
            _picture(space, owner[index]),
            test.captions[index] or f"text {index}, no caption",
            _labels(test.texts, test.text_labels, index),
            number,
        )
        for index in texts
        for number in (_change_of(index, changes[1]),)
    ]
    return f"<style>{CARD_STYLE}</style><div class='cards'>{''.join(cards)}</div>"


def _card(name: str, picture: str, title: str, labels: str, change: float | None) -> str:
    number = "" if change is None else f"<b title='change of the neighbourhood'>{change:.1f}</b>"
    told = f"<small>{escape(labels)}</small>" if labels else ""
    return f"<figure class='{name}'>{picture}<figcaption>{number}{escape(title)}{told}</figcaption></figure>"


def _picture(space: studies.Workspace, image: int) -> str:
    address = pictures.thumbnail(space.dataset, space.splits.test.image_paths[image], size=160)
    return f"<img src='{address}' alt=''>" if address else ""


def _labels(frame: pl.DataFrame, names: Sequence[str], index: int) -> str:
    told = [(name, frame[name][index]) for name in names[:4]]
    return " · ".join(str(value) for _, value in told if value is not None)


CARD_STYLE = (
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(220px,1fr));gap:.5rem;max-height:380px;"
    "overflow-y:auto}.cards figure{display:flex;gap:.6rem;align-items:flex-start;margin:0;padding:.4rem .6rem;"
    "border-radius:.4rem;font-size:.85rem;line-height:1.35;background:rgba(128,128,128,.08)}"
    ".cards .im{border-left:4px solid #009E73}.cards .tx{border-left:4px solid #CC79A7}"
    ".cards .im figcaption::before{content:'● '}.cards .tx figcaption::before{content:'◆ '}"
    ".cards img{width:76px;height:76px;object-fit:cover;border-radius:.25rem;flex:none}"
    ".cards .tx img{width:44px;height:44px}.cards figcaption{flex:1;overflow-wrap:anywhere}"
    ".cards b{float:right;margin-left:.4rem;font-variant-numeric:tabular-nums}.cards small{display:block;opacity:.72}"
)
