"""What a visitor brought along: it goes with the visit."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

Place = TypeVar("Place")


def own_uploads(make: Callable[[], Place]) -> Place:
    """The place of this visit's uploads, made when it is first asked for.

    Nobody but the visit may hold it: it ends when a visit that was left can no longer be resumed.
    """
    if "uploads" not in st.session_state:
        st.session_state["uploads"] = make()
    found: Place = st.session_state["uploads"]
    return found
