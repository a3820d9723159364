"""The selected items in detail: pictures, captions, labels, and how much their neighbourhood changed."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import streamlit as st
from markupsafe import Markup

from pico_app import templates
from pico_app.answers import pictures, retrieval
from pico_app.choices.query import Query
from pico_app.pages.buttons import ask_button
from pico_app.state import selections
from pico_app.workspace import Workspace
from pico_core.spaces.neighbours import NeighbourhoodChange, SideChange

SHOWN = 24


def render(space: Workspace, items: pl.DataFrame, rows: Sequence[int], change: NeighbourhoodChange | None) -> None:
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


def _ask(space: Workspace, images: list[int], texts: list[int]) -> None:
    """One of the selected items as a query."""
    items = [Query("image", index) for index in images] + [Query("text", index) for index in texts]
    which, go = st.columns([3, 2], vertical_alignment="bottom")
    chosen = which.selectbox(
        "Ask with a selected item",
        items,
        format_func=lambda query: retrieval.item_name(space, query.kind, query.index),
        key="gallery-ask",
    )
    with go:
        ask_button(space, chosen, key="gallery-go")


def _change_of(index: int, side: SideChange | None) -> float | None:
    if side is None:
        return None
    row = int(np.searchsorted(side.items, index))
    if row >= len(side.items) or side.items[row] != index or np.isnan(side.each[row]):
        return None
    return float(side.each[row])


def _by_change(indices: list[int], side: SideChange | None) -> list[int]:
    return sorted(indices, key=lambda index: (-(_change_of(index, side) or 0.0), index))


def _cards(
    space: Workspace, images: list[int], texts: list[int], changes: tuple[SideChange | None, SideChange | None]
) -> Markup:
    test = space.splits.test
    owner = test.text_image.tolist()
    cards = [
        _card(space, "im", index, test.ids[index], _labels(test.images, test.image_labels, index), number)
        for index in images
        for number in (_change_of(index, changes[0]),)
    ]
    cards += [
        _card(
            space,
            "tx",
            owner[index],
            test.captions[index] or f"text {index}, no caption",
            _labels(test.texts, test.text_labels, index),
            number,
        )
        for index in texts
        for number in (_change_of(index, changes[1]),)
    ]
    return templates.render("cards", cards=cards)


def _card(space: Workspace, kind: str, image: int, title: str, labels: str, change: float | None) -> dict[str, object]:
    picture = pictures.thumbnail(space.dataset, space.splits.test.image_paths[image], size=160)
    return {"kind": kind, "picture": picture, "title": title, "labels": labels, "change": change}


def _labels(frame: pl.DataFrame, names: Sequence[str], index: int) -> str:
    labels = [(name, frame[name][index]) for name in names[:4]]
    return " · ".join(str(value) for _, value in labels if value is not None)
