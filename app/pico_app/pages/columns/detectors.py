"""Which detector of style columns to trust here: all of them side by side, and against every yardstick."""

import polars as pl
import streamlit as st

from pico_app.answers import trust
from pico_app.figures import detectors as draw
from pico_app.pages.columns.instrument import ColumnInstrument, picked_column
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import instruments, screen
from pico_app.words.columns import trust_sentence
from pico_app.workspace import Workspace


def render(space: Workspace, frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    agreements = trust.trust(space)
    if agreements:
        for agreement in agreements:
            prose(trust_sentence(agreement))
        figure(draw.against_yardsticks(agreements, theme=screen.theme()), key="columns-yardsticks")
    else:
        prose(
            "There is no yardstick on this dataset: no planted truth, no style probe and no label of style. Run the "
            "style probe, or add a label column called style, and every detector is compared with it."
        )
        st.button(
            "Open the style probe",
            on_click=instruments.go_to_instrument,
            args=("columns", "probe"),
            icon=":material/science:",
        )
    clicked = picked_column(draw.strips(frame, selected=selected, theme=screen.theme()), key="columns-strips")
    with st.expander("Every detector against every other"):
        other = picked_column(draw.scatter_matrix(frame, selected=selected, theme=screen.theme()), key="columns-matrix")
    return other if clicked is None else clicked


INSTRUMENT: ColumnInstrument = Instrument(
    name="detectors",
    title="Whom to trust",
    question="Which detector of style columns can be trusted here?",
    about="All detectors of style columns side by side, and against every yardstick of this dataset: planted truth, "
    "style probe, labels of style.",
    render=render,
)
