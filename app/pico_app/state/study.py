"""The open dataset and the settings of its study."""

from urllib.parse import urlencode

import streamlit as st

from pico_app.state.address import address_number, mirror
from pico_app.state.queries import Query
from pico_app.state.switch import forget_switching
from pico_core.demo import DEMOS
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig

DEMO = DEMOS[0].name  # the dataset of a first visit
BUILT_IN = tuple(demo.name for demo in DEMOS)
SLIDER_MAX = 2.0  # strengths beyond it are for the command line


def strength() -> float:
    """Exponent of the weights that lists use."""
    if "strength" not in st.session_state:
        st.session_state["strength"] = address_number("strength", 1.0, low=0.0, high=SLIDER_MAX, whole=False)
    return float(st.session_state["strength"])


def set_strength(value: float) -> None:
    """Use another exponent; what the frame's widgets show begins anew with it and with the settings."""
    st.session_state["strength"] = value
    st.session_state["frame-edition"] = st.session_state.get("frame-edition", 0) + 1


def follow_strength(key: str) -> None:
    """Take the exponent over from its slider, in a callback of it."""
    st.session_state["strength"] = float(st.session_state[key])


def frame_key(name: str) -> str:
    """Key of a widget of the frame; another one after its value was set elsewhere.

    A value that is put under a widget's key reaches the browser once, and is lost where the script is run
    again before: the browser then knows the widget's default only. So values are given as defaults.
    """
    return f"{name}-{st.session_state.get('frame-edition', 0)}"


def dataset_path() -> str:
    """Path of the open dataset, or the name of a built-in one."""
    if "dataset" not in st.session_state:
        wanted = st.query_params.get("dataset", DEMO)
        st.session_state["dataset"] = wanted if wanted in BUILT_IN else DEMO
    return str(st.session_state["dataset"])


def open_dataset(path: str) -> None:
    """Open another dataset; only built-in ones go into the address."""
    st.session_state["dataset"] = path
    mirror("dataset", path if path in BUILT_IN else None)  # a path of this machine stays out of links
    st.session_state["column"] = -1
    mirror("column", None)
    _forget_items()
    forget_switching()


def _forget_items() -> None:
    """Numbers of items mean others in another test split."""
    st.session_state["query"], st.session_state["selection"] = None, ()
    mirror("query", None)


def wanted_config() -> StudyConfig:
    """The settings that the controls show."""
    if "config" not in st.session_state:
        basis = st.query_params.get("basis", "given")
        known = basis if basis in BASES else "given"
        st.session_state["config"] = StudyConfig().with_settings({"basis": known})
    found: StudyConfig = st.session_state["config"]
    return found


def set_wanted_config(config: StudyConfig) -> None:
    """Change the settings that the controls show."""
    before = wanted_config()
    if (before.seed, before.fit, before.feedback) != (config.seed, config.fit, config.feedback):
        _forget_items()
    if (before.basis, before.seed, before.fit) != (config.basis, config.seed, config.fit):
        forget_switching()
    st.session_state["config"] = config
    mirror("basis", None if config.basis == "given" else config.basis)


def query_link(wanted: Query) -> str | None:
    """The address of this page with another query; None where the data lie on this machine: no link opens them."""
    if dataset_path() not in BUILT_IN:
        return None
    others = {name: value for name, value in st.query_params.items() if name not in ("query", "words")}
    return "?" + urlencode({**others, "dataset": dataset_path(), "query": wanted.key})
