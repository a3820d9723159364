"""The Method page: the step, the preset, what its numbers are taken from, and whether it is presented."""

import re
from collections.abc import Sequence

import streamlit as st

from pico_app.state.address import mirror

OWN_DATA = "data"  # the preset that is no preset: the open study
PICK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,9})")


def method_preset(names: Sequence[str]) -> str:
    """Whose numbers are shown: the open study's, or a preset's."""
    if st.session_state.get("method-preset") not in names:
        wanted = st.query_params.get("preset", names[0])
        st.session_state["method-preset"] = wanted if wanted in names else names[0]
    return str(st.session_state["method-preset"])


def set_method_preset(name: str) -> None:
    """Show the numbers of other data; what was picked belongs to the old ones."""
    st.session_state["method-preset"] = name
    st.session_state["method-pick"] = None


def presenting() -> bool:
    """Whether the page is shown to a room."""
    if "method-present" not in st.session_state:
        st.session_state["method-present"] = st.query_params.get("present") == "1"
    return bool(st.session_state["method-present"])


def set_presenting(*, wanted: bool) -> None:
    """Begin or end the presentation."""
    st.session_state["method-present"] = wanted


def method_pick(key: str) -> tuple[int, ...] | None:
    """Caption, patch, word and column that were picked in these data; None where nothing was picked yet.

    Args:
        key: Names the data and the study; numbers picked in others mean nothing here.
    """
    if "method-pick" not in st.session_state:
        asked = PICK.fullmatch(st.query_params.get("pick", ""))
        st.session_state["method-pick"] = None if asked is None else (key, tuple(int(part) for part in asked.groups()))
    kept = st.session_state["method-pick"]
    return None if kept is None or kept[0] != key else kept[1]


def set_method_pick(key: str, pick: Sequence[int]) -> None:
    """Pick a caption, a patch, a word and a column."""
    st.session_state["method-pick"] = (key, tuple(pick))


def mirror_method(names: Sequence[str]) -> None:
    """Say in the address which data the page shows; only while it is the page that is shown."""
    preset = method_preset(names)
    mirror("preset", None if preset == OWN_DATA else preset)
    mirror("present", "1" if presenting() else None)


def mirror_pick(key: str) -> None:
    """Say in the address what was picked in these data."""
    found = method_pick(key)
    mirror("pick", None if found is None else "-".join(str(part) for part in found))
