"""Buttons that several pages have: ask with an item on the Retrieval page, save the report of the study."""

import streamlit as st

from pico_app.answers import documents, retrieval
from pico_app.state import queries, screen
from pico_app.workspace import Workspace

REPORT = (
    "Verdict, controls, figures, tables, settings, sources and how to do it again: one page that opens without network "
    "and prints (HTML, 5 MB)."
)


def ask_button(space: Workspace, asked: queries.Query, *, key: str, label: str = "") -> None:
    """A button that asks with an item of the test split on the Retrieval page.

    Args:
        space: The open study.
        asked: The item.
        key: Of the button.
        label: What it says; default what is asked for.
    """
    page = screen.page("retrieval")
    if page is None:
        return
    wanted = "captions describe this image" if asked.kind == "image" else "images this caption describes"
    name = retrieval.item_name(space, asked.kind, asked.index)
    if st.button(
        label or f"Ask which {wanted}",
        icon=":material/swap_vert:",
        key=key,
        help=f"{name[:120]}, on the Retrieval page",
    ):
        queries.set_query(asked)
        st.switch_page(page)


def report_button(space: Workspace, *, key: str) -> None:
    """A button that saves the report of the study; it is written when it is asked for.

    Args:
        space: The study on the screen.
        key: Of the button.
    """
    button, words = st.container(key=f"beside-{key}").columns([2, 5], vertical_alignment="center")
    button.download_button(
        "Save the report of this study",
        lambda: documents.study_report(space),
        file_name=f"pico-report-{space.study.basis.name}.html",
        mime="text/html",
        icon=":material/article:",
        width="stretch",
        on_click="ignore",
        key=key,
    )
    words.caption(REPORT)
