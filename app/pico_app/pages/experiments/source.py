"""Whose results: the built-in ones, those of a folder that may still be filling, or a small run over the open data."""

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import experiments
from pico_app.pages.experiments import own, watch
from pico_app.pages.parts import one_of, prose
from pico_app.state import experiments as experiments_state
from pico_app.state import study
from pico_app.words.markup import plain
from pico_app.workspace import Dataset

NAMES: dict[experiments_state.ResultSource, str] = {"demo": "Built-in", "file": "From disk", "own": "Run here"}
MAKE = "pico-lens experiment demo --out demo-experiment"


def choose(dataset: Dataset | None) -> tuple[experiments.Results | None, DeltaGenerator]:
    """Draw the choosers; the results, or None where there are none yet, and the place beside for their datasets.

    Raises:
        PicoError: there is something else at that place.
    """
    # Side by side where there is room for both.
    beside = st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center")
    wanted = one_of(
        "Results",
        NAMES,
        default=experiments_state.result_source(),
        key="experiments-source",
        container=beside,
        label_visibility="collapsed",
        wrap=True,
    )
    experiments_state.result_source.set(wanted)
    if wanted == "own":
        return own.choose(dataset), beside
    if wanted == "demo":
        return experiments.built_in_results(), beside
    typed = st.text_input(
        "Where they lie on this machine",
        value=experiments_state.experiment_path(),
        placeholder="a folder that pico-lens experiment writes, or a results.parquet",
        max_chars=1000,
        key="experiments-path",
    )
    experiments_state.experiment_path.set(typed.strip())
    if not experiments_state.experiment_path():
        return None, beside
    results = experiments.results_at(experiments_state.experiment_path())
    if results.folder is not None:
        watch.follow(results.folder, results.outcome.scored.height)
    return results, beside


def choose_dataset(names: Sequence[str], container: DeltaGenerator, opened: Dataset | None) -> str:
    """Draw the chooser of the experiment's dataset; the chosen one. Names come from files: marks in them are shown."""
    first = experiments.nearest(names, opened, study.wanted_config())
    current = experiments_state.experiment_set(names, first)
    if len(names) > 1:
        chosen = container.radio(
            "On which of its datasets",
            range(len(names)),
            index=list(names).index(current),
            format_func=lambda index: plain(names[index][:60]),
            horizontal=True,
            label_visibility="collapsed",
            key=f"experiments-set-{hash((*names, first))}",
        )
        current = names[chosen]
        experiments_state.wanted_set.set(current)
    return current


def nothing(results: experiments.Results | None, dataset: Dataset | None) -> str:
    """Why there is nothing to show, in one sentence."""
    source = experiments_state.result_source()
    if source == "demo":
        return "The built-in result is not here: it was not made yet."
    if source == "own":
        return own.nothing(dataset)
    if results is None:
        return "Name the folder of an experiment, or its table."
    return "This experiment has no finished cell yet; the figure fills as they come."


def fill(results: experiments.Results | None) -> None:
    """How the empty page gets filled."""
    if experiments_state.result_source() == "demo":
        prose(
            "One command makes it: every variant on the three demos, five seeds each, cell by cell. Interrupted, it "
            "goes on where it was. Open its folder under “From disk”; the figure fills while it runs. A "
            "smaller one over the open data runs right here, under “Run here”."
        )
        st.code(MAKE, language="bash")
    elif experiments_state.result_source() == "file" and results is None:
        prose("Write a file of settings, or take a built-in one, and let it run; it can be watched here.")
        st.code("pico-lens experiment my-experiment.toml --out my-folder", language="bash")
