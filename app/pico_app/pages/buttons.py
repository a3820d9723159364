"""Buttons that several pages have: ask with an item on the Retrieval page, save the report of the study."""

import streamlit as st

from pico_app.answers import documents, retrieval
from pico_app.choices.query import Query
from pico_app.pages import parts
from pico_app.state import queries, screen
from pico_app.words import PARAGRAPHS
from pico_app.workspace import Workspace


def ask_button(space: Workspace, query: Query, *, key: str, label: str = "") -> None:
    """A button that asks with an item of the test split on the Retrieval page."""
    page = screen.page("retrieval")
    if page is None:
        return
    wanted = "captions describe this image" if query.kind == "image" else "images this caption describes"
    name = retrieval.item_name(space, query.kind, query.index)
    if st.button(
        label or f"Ask which {wanted}",
        icon=":material/swap_vert:",
        key=key,
        help=f"{name[:120]}, on the Retrieval page",
    ):
        queries.set_query(query)
        st.switch_page(page)


def report_button(space: Workspace, *, key: str) -> None:
    """A button that saves the report of the study; it is written when it is asked for."""
    button, words = st.container(key=f"beside-{key}").columns([2, 5], vertical_alignment="center")
    parts.download(
        "Save the report of this study",
        lambda: documents.study_report(space),
        file=f"pico-report-{space.study.basis.name}.html",
        icon=":material/article:",
        key=key,
        container=button,
    )
    words.caption(PARAGRAPHS["report"])
