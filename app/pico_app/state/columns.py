"""The column looked at."""

import streamlit as st

from pico_app.state.remembered import in_link, number


def _whole(text: str) -> int | None:
    value = number(0, 1e6)(text)
    return int(value) if value is not None and value == int(value) else None


wanted_column = in_link("column", -1, parse=_whole, write=lambda index: None if index < 0 else str(index))


def column(n_columns: int) -> int:
    """The column looked at; -1 where none is."""
    if wanted_column() >= n_columns:
        wanted_column.set(-1)
    return int(wanted_column())


def set_column(index: int) -> None:
    """Look at another column."""
    wanted_column.set(int(index))


def follow_pick(key: str) -> None:
    """Look at the column that was clicked in a figure; only in a callback, before the page is drawn anew.

    Args:
        key: Of the `column_mark` that lies over the figure.
    """
    picked = getattr(st.session_state.get(key), "picked", None)
    if isinstance(picked, int | float) and picked >= 0:
        set_column(int(picked))
