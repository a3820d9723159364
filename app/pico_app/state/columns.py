"""The column looked at."""

import streamlit as st

from pico_app.state.address import address_number, keep, mirror


def column_asked() -> int:
    if "column" not in st.session_state:
        st.session_state["column"] = address_number("column", -1, low=0, high=1e6, whole=True)
    return int(st.session_state["column"])


def column(n_columns: int) -> int:
    """The column looked at; -1 where none is."""
    if column_asked() >= n_columns:
        keep("column", -1)
        mirror("column", None)
    return column_asked()


def set_column(index: int) -> None:
    """Look at another column."""
    keep("column", int(index))


def follow_pick(key: str) -> None:
    """Look at the column that was clicked in a figure; only in a callback, before the page is drawn anew.

    Args:
        key: Of the `column_mark` that lies over the figure.
    """
    picked = getattr(st.session_state.get(key), "picked", None)
    if isinstance(picked, int | float) and picked >= 0:
        set_column(int(picked))
