"""The Experiments page: whose results, which dataset of them, which row is looked at."""

from collections.abc import Sequence
from typing import Literal, get_args

import streamlit as st

from pico_app.state.address import choose_one, mirror, one_of

ResultSource = Literal["demo", "file", "own"]
SOURCES: tuple[ResultSource, ...] = get_args(ResultSource)
LONGEST = 200  # letters of a name in an address


def result_source() -> ResultSource:
    """Whose results: the built-in ones, those at a path of this machine, or those over the open dataset."""
    return one_of("result-source", "results", SOURCES)


def set_result_source(name: ResultSource) -> None:
    """Look at other results."""
    choose_one("result-source", "results", SOURCES, name)


def experiment_path() -> str:
    """Where somebody's own results lie; a path of this machine stays out of links."""
    return str(st.session_state.get("experiment-path", ""))


def set_experiment_path(path: str) -> None:
    """Look for results elsewhere."""
    st.session_state["experiment-path"] = path


def training_path() -> str:
    """Where the file of a training lies; a path of this machine stays out of links."""
    return str(st.session_state.get("training-path", ""))


def set_training_path(path: str) -> None:
    """Look for a training elsewhere."""
    st.session_state["training-path"] = path


def experiment_set(names: Sequence[str], first: str) -> str:
    """The dataset of the experiment that is looked at.

    Args:
        names: Of the datasets of these results, at least one.
        first: The one that is looked at before another is chosen, and again after another study was opened.
    """
    wanted = _wanted("experiment-set", "grid")
    if st.session_state.get("experiment-set-first", first) != first:
        wanted = ""
    st.session_state["experiment-set-first"] = first
    return wanted if wanted in names else first


def set_experiment_set(name: str) -> None:
    """Look at another dataset of the experiment."""
    st.session_state["experiment-set"] = name
    mirror("grid", _said("experiment-set", "grid"))


def experiment_row(names: Sequence[str], default: str) -> str:
    """The variant that is looked at; the default where another is not among them."""
    wanted = _wanted("experiment-row", "variant")
    return wanted if wanted in names else default


def set_experiment_row(name: str) -> None:
    """Look at another variant."""
    st.session_state["experiment-row"] = name
    mirror("variant", _said("experiment-row", "variant"))


def mirror_experiments() -> None:
    mirror("results", None if result_source() == SOURCES[0] else result_source())
    mirror("grid", _said("experiment-set", "grid"))
    mirror("variant", _said("experiment-row", "variant"))


def _wanted(key: str, name: str) -> str:
    """A name kept under a key, at first as the address has it."""
    if key not in st.session_state:
        st.session_state[key] = st.query_params.get(name, "")[:LONGEST]
    return str(st.session_state[key])


def _said(key: str, name: str) -> str | None:
    """What the address says of it: names of somebody's own results stay out of links, as their path does."""
    wanted = _wanted(key, name)
    return wanted if wanted and result_source() == SOURCES[0] else None
