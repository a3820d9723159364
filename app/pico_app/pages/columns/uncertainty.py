"""How sure are we of every column: who stays lowest, its null, both modalities, other starts and other images."""

import polars as pl
import streamlit as st

from pico_app.answers import readings
from pico_app.figures import columns as draw
from pico_app.figures import detectors
from pico_app.pages.columns.instrument import ColumnInstrument, picked_column
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import screen
from pico_app.waiting import waiting
from pico_app.words.columns import stability_sentence
from pico_app.workspace import Workspace


def render(space: Workspace, frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    clicks = [_lowest(space, frame, selected), *_sides(frame, selected)]
    return next((clicked for clicked in clicks if clicked is not None), None)


def _lowest(space: Workspace, frame: pl.DataFrame, selected: int) -> int | None:
    left, right = st.columns(2)
    clicked = None
    with left:
        st.subheader("Which ten are the lowest?", anchor=False)
        if not draw.has_intervals(frame):
            st.info("Columns read as quantiles have no images to resample, so there is no interval for them.")
        else:
            clicked = picked_column(
                detectors.lowest_ten(frame, selected=selected, theme=screen.theme()), key="columns-lowest"
            )
    with right:
        st.subheader("Would it come out again?", anchor=False)
        measured = readings.stability(space)
        stable = measured.value
        if stable is None:
            waiting(measured, key="stability")
        else:
            prose(stability_sentence(stable))
            figure(detectors.agreements(stable, theme=screen.theme()), key="columns-agreements")
    return clicked


def _sides(frame: pl.DataFrame, selected: int) -> list[int | None]:
    left, right = st.columns(2)
    with left:
        st.subheader("Is p̂ more than chance?", anchor=False)
        first = picked_column(draw.against_null(frame, selected=selected, theme=screen.theme()), key="columns-null")
    with right:
        st.subheader("Which side looks like style?", anchor=False)
        second = picked_column(draw.two_sides(frame, selected=selected, theme=screen.theme()), key="columns-sides")
    return [first, second]


INSTRUMENT: ColumnInstrument = Instrument(
    name="sure",
    title="How sure",
    question="How sure is it that these columns are the lowest?",
    about="Who stays lowest when images are drawn anew, whether constructions from other starts and other images "
    "agree, and whether signs agree more than chance would have it.",
    render=render,
)
