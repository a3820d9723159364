"""The way from an item on any page to its lists on the Retrieval page."""

import streamlit as st

from app import services, state


def ask_button(space: services.Workspace, asked: state.Query, *, key: str, label: str = "") -> None:
    """A button that asks with an item of the test split on the Retrieval page.

    Args:
        space: The open study.
        asked: The item.
        key: Of the button.
        label: What it says; default what is asked for.
    """
    page = state.page("retrieval")
    if page is None:
        return
    wanted = "captions describe this image" if asked.kind == "image" else "images this caption describes"
    name = services.item_name(space, asked.kind, asked.index)
    if st.button(
        label or f"Ask which {wanted}",
        icon=":material/swap_vert:",
        key=key,
        help=f"{name[:120]}, on the Retrieval page",
    ):
        state.set_query(asked)
        st.switch_page(page)
