"""The one line on this server in which the studies and encodings of all visits wait."""

import streamlit as st

from pico_app.server.turns import FairQueue


@st.cache_resource(max_entries=1, show_spinner=False)
def long_work() -> FairQueue:
    """Shared by all visits."""
    return FairQueue()
