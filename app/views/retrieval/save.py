"""Take home what is seen: tables, figures, and the whole comparison as one page."""

from collections.abc import Sequence

import streamlit as st

from app import services, state
from app.views.retrieval.pieces import Piece
from pico_core.analysis.rankings import SideBySide

TABLES = {"csv": "text/csv", "parquet": "application/vnd.apache.parquet"}
PICTURES = {"png": "PNG", "svg": "SVG"}
LISTS = "lists"  # the page draws them itself


def render(
    space: services.Workspace,
    found: services.Comparison,
    shown: tuple[services.Asked, SideBySide] | None,
    pieces: Sequence[Piece],
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
            _whole(space, found, *shown, pieces)
        for piece in pieces:
            _piece(piece)
        st.segmented_control(
            "The camera at the corner of every figure saves",
            list(PICTURES),
            format_func=PICTURES.__getitem__,
            default=state.picture_format(),
            required=True,
            key="picture-format-choice",
            on_change=_follow,
            help="PNG at twice the size on the screen, or SVG for editing. In the theme that you see.",
        )


def _whole(
    space: services.Workspace,
    found: services.Comparison,
    asked: services.Asked,
    both: SideBySide,
    pieces: Sequence[Piece],
) -> None:
    words, button = st.columns([3, 2], vertical_alignment="center")
    words.markdown(
        "**The comparison as one page**: query, lists, flow and everything below, with its settings. It opens without "
        "network and prints (HTML, 5 MB)."
    )
    sections = [
        services.PageSection(p.title, p.words, p.figure, p.name, p.read, p.beware)
        for p in pieces
        if p.name != LISTS and p.figure
    ]
    button.download_button(
        "Save the page",
        lambda: services.comparison_page(space, found, asked, both, sections),
        file_name="pico-comparison.html",
        mime="text/html",
        icon=":material/article:",
        width="stretch",
        on_click="ignore",
        key="save-page",
    )


def _piece(piece: Piece) -> None:
    words, *places = st.columns([3, 1, 1, 1], vertical_alignment="center")
    words.markdown(piece.title)
    if piece.table is not None:
        for place, (kind, mime) in zip(places, TABLES.items(), strict=False):
            place.download_button(
                kind.upper() if kind == "csv" else "Parquet",
                lambda kind=kind, table=piece.table: services.table_bytes(table, kind),
                file_name=f"pico-{piece.name}.{kind}",
                mime=mime,
                width="stretch",
                on_click="ignore",
                key=f"save-{piece.name}-{kind}",
            )
    if piece.figure is not None:
        places[2].download_button(
            "HTML",
            lambda: services.figure_page(piece.title, piece.figure, read=piece.read, beware=piece.beware),
            file_name=f"pico-{piece.name}.html",
            mime="text/html",
            width="stretch",
            on_click="ignore",
            help="The figure alone, with what draws it inside.",
            key=f"save-{piece.name}-html",
        )


def _follow() -> None:
    state.set_picture_format(state.widget("picture-format-choice"))
