"""Take home what is seen: tables, figures, and the whole comparison as one page."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import streamlit as st

from pico_app.answers import compare, documents
from pico_app.answers.documents import PageSection
from pico_app.pages.parts import download, one_of
from pico_app.pages.retrieval.instrument import Shown
from pico_app.state import screen, widgets
from pico_app.workspace import Workspace

TABLES: dict[Literal["csv", "parquet"], str] = {"csv": "CSV", "parquet": "Parquet"}
PICTURES = {"png": "PNG", "svg": "SVG"}
LISTS = "lists"  # the page draws them itself


def render(
    space: Workspace, comparison: compare.Comparison, shown: Shown | None, pieces: Sequence[PageSection]
) -> None:
    """Draw the panel: the query with its lists, if one asks, and all pieces on the screen."""
    with st.expander("Take this home", icon=":material/download:"):
        if shown is not None:
            _whole(space, comparison, shown, pieces)
        for piece in pieces:
            _piece(piece)
        one_of(
            "The camera at the corner of every figure saves",
            PICTURES,
            default=screen.picture_format(),
            key="picture-format-choice",
            on_change=_follow,
            help="PNG at twice the size on the screen, or SVG for editing. In the theme that you see.",
        )


def _whole(space: Workspace, comparison: compare.Comparison, shown: Shown, pieces: Sequence[PageSection]) -> None:
    words, button = st.columns([3, 2], vertical_alignment="center")
    words.markdown(
        "**The comparison as one page**: query, lists, flow and everything below, with its settings. It opens without "
        "network and prints (HTML, 5 MB)."
    )
    sections = [piece for piece in pieces if piece.name != LISTS and piece.figure]
    download(
        "Save the page",
        lambda: documents.comparison_page(space, comparison, shown.query, shown.lists, sections),
        file="pico-comparison.html",
        icon=":material/article:",
        key="save-page",
        container=button,
    )


def _piece(piece: PageSection) -> None:
    words, *places = st.columns([3, 1, 1, 1], vertical_alignment="center")
    words.markdown(piece.title)
    if piece.table is not None:
        for container, (kind, title) in zip(places, TABLES.items(), strict=False):
            make = partial(documents.table_bytes, piece.table, kind)
            key = f"save-{piece.name}-{kind}"
            download(title, make, file=f"pico-{piece.name}.{kind}", key=key, container=container, icon=None)
    if piece.figure is not None:
        download(
            "HTML",
            lambda: documents.figure_page(piece),
            file=f"pico-{piece.name}.html",
            icon=None,
            help="The figure alone, with what draws it inside.",
            key=f"save-{piece.name}-html",
            container=places[2],
        )


def _follow() -> None:
    screen.picture_format.set(widgets.widget("picture-format-choice"))
