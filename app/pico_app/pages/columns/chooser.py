"""Which column is looked at: by search, by neighbours, at random."""

import random

import polars as pl
import streamlit as st

from pico_app.state import columns


def choose(frame: pl.DataFrame, current: int) -> int:
    """Draw the chooser and follow it."""
    row = st.container(key="row-chooser")
    before, field, after, chance, _ = row.columns([1.6, 4, 1.6, 1.6, 2], vertical_alignment="bottom")
    if before.button("Previous", icon=":material/chevron_left:", width="stretch"):
        current = (current - 1) % frame.height
    if after.button("Next", icon=":material/chevron_right:", icon_position="right", width="stretch"):
        current = (current + 1) % frame.height
    if chance.button("Random", icon=":material/casino:", width="stretch"):
        current = random.choice([i for i in range(frame.height) if i != current] or [0])
    titles, probabilities = frame["title"].to_list(), frame["probability"].to_list()
    chosen: int = field.selectbox(
        f"Column, 0 to {frame.height - 1}",
        range(frame.height),
        index=current,
        format_func=lambda i: f"{titles[i]} · p = {probabilities[i]:.3f}",
        help="Type a number to find it, or click a column in any figure or in the table.",
    )
    if chosen != columns.column(frame.height):
        columns.set_column(chosen)
    return chosen
