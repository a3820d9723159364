"""The Method page: the step, the preset, what its numbers are taken from, and whether it is presented."""

import re
from collections.abc import Sequence

import streamlit as st

from pico_app.state.remembered import Remembered, in_link, mirror

OWN_DATA = "data"  # the preset that is no preset: the open study
PICK = re.compile(r"([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,9})-([0-9]{1,9})")

# Whether the page is shown to a room.
presenting = in_link(
    "present", False, parse=lambda text: text == "1", write=lambda yes: "1" if yes else None, key="method-present"
)


def method_preset(names: Sequence[str]) -> str:
    """Whose numbers are shown: the open study's, or a preset's."""
    if st.session_state.get("method-preset") not in names:
        st.session_state.pop("method-preset", None)
    return _preset(names)()


def set_method_preset(name: str) -> None:
    """Show the numbers of other data; what was picked belongs to the old ones."""
    st.session_state["method-preset"] = name
    st.session_state["method-pick"] = None


def method_pick(key: str) -> tuple[int, ...] | None:
    """Caption, patch, word and column that were picked in these data; None where nothing was picked yet.

    Args:
        key: Names the data and the study; numbers picked in others mean nothing here.
    """
    if "method-pick" not in st.session_state:
        linked = PICK.fullmatch(st.query_params.get("pick", ""))
        st.session_state["method-pick"] = None if linked is None else (key, tuple(map(int, linked.groups())))
    kept = st.session_state["method-pick"]
    return None if kept is None or kept[0] != key else kept[1]


def set_method_pick(key: str, pick: Sequence[int]) -> None:
    """Pick a caption, a patch, a word and a column."""
    st.session_state["method-pick"] = (key, tuple(pick))


def mirror_method(names: Sequence[str]) -> None:
    """Say in the address which data the page shows; only while it is the page that is shown."""
    method_preset(names)
    _preset(names).mirror()
    presenting.mirror()


def mirror_pick(key: str) -> None:
    """Say in the address what was picked in these data."""
    pick = method_pick(key)
    mirror("pick", None if pick is None else "-".join(map(str, pick)))


def _preset(names: Sequence[str]) -> Remembered[str]:
    return in_link(
        "preset",
        names[0],
        parse=lambda text: text if text in names else None,
        write=lambda name: None if name == OWN_DATA else name,
        key="method-preset",
    )
