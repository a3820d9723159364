"""The open dataset and the settings of its study."""

from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from pico_app.choices.query import Query
from pico_app.state.columns import wanted_column
from pico_app.state.queries import wanted_query
from pico_app.state.remembered import Remembered, in_link, number
from pico_app.state.selections import selection
from pico_app.state.switch import forget_switching
from pico_core.demo import DEMOS
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig

Uploads = TypeVar("Uploads")
DEMO = DEMOS[0].name  # the dataset of a first visit
BUILT_IN = tuple(demo.name for demo in DEMOS)
SLIDER_MAX = 2.0  # strengths beyond it are for the command line


def _study_in(basis: str) -> StudyConfig | None:
    return StudyConfig().with_settings({"basis": basis}) if basis in BASES else None


def _built_in(path: str) -> str | None:
    """A path of this machine stays out of links."""
    return path if path in BUILT_IN else None


# Exponent of the weights that lists use; path of the open dataset, or the name of a built-in one; the settings that the
# controls show.
strength = in_link(
    "strength", 1.0, parse=number(0.0, SLIDER_MAX), write=lambda value: None if value == 1 else f"{value:g}"
)
dataset_path = in_link("dataset", DEMO, parse=_built_in, write=_built_in)
wanted_config = in_link(
    "basis",
    StudyConfig(),
    parse=_study_in,
    write=lambda config: None if config.basis == "given" else config.basis,
    key="config",
)
_edition = Remembered("frame-edition", 0)


def set_strength(value: float) -> None:
    """Use another exponent; what the frame's widgets show begins anew with it and with the settings."""
    strength.set(value)
    _edition.set(_edition() + 1)


def follow_strength(key: str) -> None:
    """Take the exponent over from its slider, in a callback of it."""
    strength.set(float(st.session_state[key]))


def frame_key(name: str) -> str:
    """Key of a widget of the frame; another one after its value was set elsewhere.

    A value that is put under a widget's key reaches the browser once, and is lost where the script is run
    again before: the browser then knows the widget's default only. So values are given as defaults.
    """
    return f"{name}-{_edition()}"


def open_dataset(path: str) -> None:
    """Open another dataset; only built-in ones go into the address."""
    dataset_path.set(path)
    wanted_column.set(-1)
    _forget_items()
    forget_switching()


def _forget_items() -> None:
    """Numbers of items mean others in another test split."""
    wanted_query.set(None)
    selection.set(())


def set_wanted_config(config: StudyConfig) -> None:
    """Change the settings that the controls show."""
    before = wanted_config()
    if (before.seed, before.fit, before.feedback) != (config.seed, config.fit, config.feedback):
        _forget_items()
    if (before.basis, before.seed, before.fit) != (config.basis, config.seed, config.fit):
        forget_switching()
    wanted_config.set(config)


def query_link(wanted: Query) -> str | None:
    """The address of this page with another query; None where the data lie on this machine: no link opens them."""
    if dataset_path() not in BUILT_IN:
        return None
    others = {name: value for name, value in st.query_params.items() if name not in ("query", "words")}
    return "?" + urlencode({**others, "dataset": dataset_path(), "query": wanted.key})


def own_uploads(make: Callable[[], Uploads]) -> Uploads:
    """The place of this visit's uploads, made when it is first asked for.

    Nobody but the visit may hold it: it ends when a visit that was left can no longer be resumed.
    """
    if "uploads" not in st.session_state:
        st.session_state["uploads"] = make()
    uploads: Uploads = st.session_state["uploads"]
    return uploads
