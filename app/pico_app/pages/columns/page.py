"""Which columns carry style, and how sure are we? The answer, the hero figure, and one instrument at a time."""

import polars as pl
import streamlit as st

from pico_app.answers import drawn, readings
from pico_app.components.column_mark import column_mark
from pico_app.figures import columns as draw
from pico_app.pages.columns import chooser, detectors, one_column, probe, switch, table, uncertainty
from pico_app.pages.columns.instrument import ColumnInstrument
from pico_app.pages.instrument import choose_instrument
from pico_app.pages.page import Page, workspace_or_say
from pico_app.pages.parts import figure, one_of, prose, question
from pico_app.state import columns, screen
from pico_app.words.captions import caption_of
from pico_app.words.columns import columns_sentence, truth_sentence
from pico_app.workspace import Frame, Workspace
from pico_core.common.registry import Registry

TITLE = "Which columns carry style, and how sure are we?"
INSTRUMENTS: Registry[ColumnInstrument] = Registry(
    "instrument",
    (
        one_column.INSTRUMENT,
        uncertainty.INSTRUMENT,
        switch.INSTRUMENT,
        detectors.INSTRUMENT,
        probe.INSTRUMENT,
        table.INSTRUMENT,
    ),
)
ORDERS = {"Sorted": True, "By index": False}  # whether by value


def _key(measure: str, order: str) -> str:
    return f"columns-{measure}-{order}"


FORMS = {
    _key(measure, order): draw.Shown(measure, by_value)
    for measure in draw.MEASURES
    for order, by_value in ORDERS.items()
}


def render(frame: Frame) -> None:
    """Draw the page."""
    space = workspace_or_say(frame, TITLE)
    if space is None:
        return
    summary = readings.columns_summary(space)
    question(TITLE, columns_sentence(summary))
    if summary.agreement is not None:
        prose(truth_sentence(summary.agreement))
    st.space("small")
    _one(space, summary.lowest)


@st.fragment
def _one(space: Workspace, lowest: int) -> None:
    """All that follows the column that is looked at. Another column draws this anew, not the frame around it."""
    frame = readings.columns_frame(space)
    start = columns.column(frame.height)
    selected = chooser.choose(frame, lowest if start < 0 else start)
    overview = st.container()
    st.space("small")
    instrument = choose_instrument(INSTRUMENTS, page="columns")
    # All columns first: a browser draws figures in the order in which they come, and this one stands on top. Another
    # column moves the mark in it and no more, so no instrument waits for its bars.
    with overview:
        _overview(space, frame)
    column_mark(
        draw.marks_json(frame, plots=FORMS, selected=selected, theme=screen.theme()),
        key="columns-mark",
        on_pick=columns.follow_pick,
    )
    _go(instrument.render(space, frame, selected), selected)


def _go(chosen: int | None, selected: int) -> None:
    """Follow a click to another column."""
    if chosen is not None and chosen != selected:
        columns.set_column(chosen)
        st.rerun()


@st.fragment
def _overview(space: Workspace, frame: pl.DataFrame) -> None:
    """All columns in one figure; what is shown and in which order changes nothing below it."""
    what, how, _ = st.columns([3, 2, 3], vertical_alignment="bottom")
    names = {"probability": "Probability", "shown_weight": f"Weight at strength λ = {space.strength:g}"}
    measure = one_of("Show", names, default="probability", key="columns-measure", container=what, wrap=True)
    orders = {order: order for order in ORDERS}
    order = one_of("Order", orders, default="Sorted", key="columns-order", container=how, wrap=True)
    also = (space.strength if measure == "shown_weight" else None,)
    figure(
        drawn.drawn(
            space, draw.all_columns, frame, also=also, measure=measure, by_value=ORDERS[order], theme=screen.theme()
        ),
        key=_key(measure, order),
        caption=caption_of("columns-all"),
    )


PAGE = Page("columns", "Columns", ":material/bar_chart:", render, INSTRUMENTS)
