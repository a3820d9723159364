"""Take home what is seen: tables, figures, and the whole comparison as one page."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

import streamlit as st

from pico_app.answers import compare, documents
from pico_app.answers.documents import PageSection
from pico_app.pages.parts import one_of
from pico_app.pages.retrieval.instrument import Shown
from pico_app.state import screen, widgets
from pico_app.workspace import Workspace

TABLES: dict[Literal["csv", "parquet"], str] = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
PICTURES = {"png": "PNG", "svg": "SVG"}
LISTS = "lists"  # the page draws them itself


def render(
    space: Workspace,
    found: compare.Comparison,
    shown: Shown | None,
    pieces: Sequence[PageSection],
) -> None:
    """Draw the panel.

    Args:
        space: The open study.
        found: What is compared.
        shown: The query and its lists; None where nothing is asked.
        pieces: The lists, and what the open instrument shows.
    """
    with st.expander("Take this home", icon=":material/download:"):
        if shown is not None:
            _whole(space, found, shown, pieces)
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


def _whole(space: Workspace, found: compare.Comparison, shown: Shown, pieces: Sequence[PageSection]) -> None:
    words, button = st.columns([3, 2], vertical_alignment="center")
    words.markdown(
        "**The comparison as one page**: query, lists, flow and everything below, with its settings. It opens without "
        "network and prints (HTML, 5 MB)."
    )
    sections = [piece for piece in pieces if piece.name != LISTS and piece.figure]
    button.download_button(
        "Save the page",
        lambda: documents.comparison_page(space, found, shown.query, shown.lists, sections),
        file_name="pico-comparison.html",
        mime="text/html",
        icon=":material/article:",
        width="stretch",
        on_click="ignore",
        key="save-page",
    )


def _piece(piece: PageSection) -> None:
    words, *places = st.columns([3, 1, 1, 1], vertical_alignment="center")
    words.markdown(piece.title)
    if piece.table is not None:
        for place, (kind, mime) in zip(places, TABLES.items(), strict=False):
            place.download_button(
                kind.upper() if kind == "csv" else "Parquet",
                partial(documents.table_bytes, piece.table, kind),
                file_name=f"pico-{piece.name}.{kind}",
                mime=mime,
                width="stretch",
                on_click="ignore",
                key=f"save-{piece.name}-{kind}",
            )
    if piece.figure is not None:
        places[2].download_button(
            "HTML",
            lambda: documents.figure_page(piece),
            file_name=f"pico-{piece.name}.html",
            mime="text/html",
            width="stretch",
            on_click="ignore",
            help="The figure alone, with what draws it inside.",
            key=f"save-{piece.name}-html",
        )


def _follow() -> None:
    screen.set_picture_format(widgets.widget("picture-format-choice"))
