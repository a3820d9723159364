"""The way from an item on any page to its lists on the Retrieval page."""

import streamlit as st

from pico_app.answers import retrieval
from pico_app.state import queries, screen
from pico_app.workspace import Workspace


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
