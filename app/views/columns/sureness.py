"""How sure are we of every column: its null, and both modalities."""

import polars as pl
import streamlit as st

from app import state
from app.figures import columns as draw
from app.views.parts import figure


def render(frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    one, two = st.columns(2)
    with one:
        st.subheader("Is p̂ more than chance?", anchor=False)
        points = figure(
            draw.against_null(frame, selected=selected, dark=state.dark()),
            key="columns-null",
            read="p̂ is the share of token pairs whose signs agree. Filled blue points differ from their null at 5 % "
            "false discovery; lines are 95 % intervals, grey bars the null's central 95 %.",
            beware="a high p̂ on the dotted diagonal is an offset that both modalities share, not meaning. And a column "
            "that differs is not thereby large.",
            select=True,
        )
        first = state.fresh("columns-null", draw.chosen_column(points))
    with two:
        st.subheader("Which side looks like style?", anchor=False)
        points = figure(
            draw.two_sides(frame, selected=selected, dark=state.dark()),
            key="columns-sides",
            read="far right: moves with a style prototype in images; far up: the same in texts. Lower left carries "
            "meaning on both sides, as far as the prototypes can tell.",
            beware="prototypes gather columns that move together; that is style only where style dominates the data.",
            select=True,
        )
        second = state.fresh("columns-sides", draw.chosen_column(points))
    return second if first is None else first
