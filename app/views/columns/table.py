"""All columns as a table: sort, search, filter, export; a row chooses the column."""

import polars as pl
import streamlit as st


def render(frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    st.dataframe(frame.drop("shown_weight"), hide_index=True)
    return None
