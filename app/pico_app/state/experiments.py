"""The Experiments page: whose results, which dataset of them, which row is looked at."""

from collections.abc import Sequence
from typing import Literal, get_args

import streamlit as st

from pico_app.state.remembered import Remembered, in_link, one_of

ResultSource = Literal["demo", "file", "own"]
SOURCES: tuple[ResultSource, ...] = get_args(ResultSource)
LONGEST = 200  # letters of a name in an address


def _public(name: str) -> str | None:
    """Names of somebody's own results stay out of links, as their path does."""
    return name if name and result_source() == SOURCES[0] else None


# Built-in results, those at a path of this machine, or those over the open dataset. Paths stay out of links.
result_source: Remembered[ResultSource] = one_of("results", SOURCES, key="result-source")
experiment_path = Remembered("experiment-path", "")
training_path = Remembered("training-path", "")
wanted_set = in_link("grid", "", parse=lambda text: text[:LONGEST], write=_public, key="experiment-set")
wanted_row = in_link("variant", "", parse=lambda text: text[:LONGEST], write=_public, key="experiment-row")
IN_LINKS: tuple[Remembered[ResultSource] | Remembered[str], ...] = (result_source, wanted_set, wanted_row)


def experiment_set(names: Sequence[str], first: str) -> str:
    """The dataset of the experiment that is looked at.

    Args:
        names: Of the datasets of these results, at least one.
        first: The one that is looked at before another is chosen, and again after another study was opened.
    """
    name = wanted_set()
    if st.session_state.get("experiment-set-first", first) != first:
        name = ""
    st.session_state["experiment-set-first"] = first
    return name if name in names else first


def experiment_row(names: Sequence[str], default: str) -> str:
    """The variant that is looked at; the default where another is not among them."""
    return wanted_row() if wanted_row() in names else default
