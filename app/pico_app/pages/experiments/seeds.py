"""The method and one variant, split by split."""

import polars as pl
import streamlit as st

from pico_app.answers import experiments
from pico_app.figures.experiments import seed_pairs
from pico_app.pages.experiments.instrument import ExperimentInstrument
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import experiments as experiments_state
from pico_app.state import screen, widgets
from pico_app.words.experiments import split_leads_sentence
from pico_core.experiments.verdicts import split_leads
from pico_core.retrieval.schemes.catalogue import METHOD


def render(results: experiments.Results, part: experiments.Slice, chosen: str) -> None:
    """Draw the instrument."""
    others = [summary.variant for summary in part.summaries if summary.variant != METHOD and summary.n_seeds]
    if not others or METHOD not in part.names:
        st.info("The method and another variant are needed, and are not both here yet.", icon=":material/equal:")
        return
    start = chosen if chosen in others else part.default_row if part.default_row in others else others[0]
    key = "experiments-beside"
    widgets.place_widget(key, start)
    labels = {name: part.summary(name).label for name in others}
    wanted = st.selectbox(
        "Beside the method",
        others,
        format_func=labels.__getitem__,
        key=key,
        width=460,
        on_change=lambda: experiments_state.wanted_row.set(str(widgets.widget(key))),
    )
    both = part.table.filter(pl.col("variant").is_in([METHOD, wanted]))
    prose(split_leads_sentence(split_leads(both, wanted), labels[wanted]))
    figure(seed_pairs(both, wanted, labels[wanted], theme=screen.theme()), key="experiments-seeds")


INSTRUMENT: ExperimentInstrument = Instrument(
    name="seeds",
    title="Seeds",
    question="Does the method lead in every split?",
    about="The method and one variant, split by split, on the same images.",
    render=render,
)
