"""Is it the method, or something simpler? The answer, the forest of all variants, one instrument at a time."""

import streamlit as st

from pico_app.answers import experiments
from pico_app.figures import experiments as draw
from pico_app.pages.experiments import cost, feedback, leads, row, seeds, settings, source, table, training
from pico_app.pages.experiments.instrument import ExperimentInstrument, picked_row
from pico_app.pages.instrument import choose_instrument
from pico_app.pages.page import Page
from pico_app.pages.parts import prose, question
from pico_app.state import experiments as experiments_state
from pico_app.state import screen
from pico_app.words.captions import caption_of
from pico_app.words.experiments import answer_sentence, controls_sentence
from pico_app.words.markup import plain
from pico_app.workspace import Frame
from pico_core.common.errors import PicoError
from pico_core.common.registry import Registry

TITLE = "Is it the method, or something simpler?"
INSTRUMENTS: Registry[ExperimentInstrument] = Registry(
    "instrument",
    (
        leads.INSTRUMENT,
        settings.INSTRUMENT,
        feedback.INSTRUMENT,
        seeds.INSTRUMENT,
        training.INSTRUMENT,
        cost.INSTRUMENT,
        table.INSTRUMENT,
    ),
)


def render(frame: Frame) -> None:
    """Draw the page."""
    head = st.container()
    try:
        results, beside = source.choose(frame.dataset)
    except PicoError as error:
        with head:
            question(TITLE, "There are no results to show here.")
        st.warning(plain(str(error)), icon=":material/folder_off:")
        return
    if results is None or not (results.datasets or results.training):
        with head:
            question(TITLE, source.nothing(results, frame.dataset))
        source.fill(results)
        return
    if not results.datasets:
        with head:
            question(TITLE, results.training[0].sentence)
        training.render_training(results)
        return
    part = results.on(source.choose_dataset(results.datasets, beside, frame.dataset))
    with head:
        question(TITLE, answer_sentence(part.answer))
        if controls := controls_sentence(part.answer):
            prose(controls)
    chosen = experiments_state.experiment_row(part.names, part.default_row)
    hero = st.container()
    st.space("small")
    instrument = choose_instrument(INSTRUMENTS, page="experiments")
    clicked = instrument.render(results, part, chosen)
    with hero:
        _go(_forest(part, chosen), chosen)
    _go(clicked, chosen)


def _go(clicked: str | None, chosen: str) -> None:
    """Follow a click to another row."""
    if clicked is not None and clicked != chosen:
        experiments_state.wanted_row.set(clicked)
        st.rerun()


def _forest(part: experiments.Slice, chosen: str) -> str | None:
    figure = draw.forest(part.summaries, part.table, selected=chosen, theme=screen.theme())
    band = " The grey range is what the method's own weights do on other columns." if draw.banded(figure) else ""
    clicked = picked_row(figure, key="experiments-forest", caption=caption_of("experiments-forest", band=band))
    row.render(part, chosen)
    return clicked


PAGE = Page("experiments", "Experiments", ":material/science:", render, INSTRUMENTS)
