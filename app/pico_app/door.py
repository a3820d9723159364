"""The door: page settings, and work for the browser while the server loads the engine."""

import sys

import streamlit as st

# Drawn here: an icon by name would be fetched from the net.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0B2A40"/>'
    '<g><rect x="6" y="17" width="4" height="9" fill="#D55E00"/><rect x="12" y="7" width="4" height="19" '
    'fill="#56B4E9"/><rect x="18" y="20" width="4" height="6" fill="#D55E00"/>'
    '<rect x="24" y="11" width="4" height="15" fill="#56B4E9"/></g></svg>'
)


def open_door() -> None:
    """Load the engine and draw the frame.

    Loading takes seconds, once in a server's life, and fetching its drawing library takes the
    browser as long; an empty figure sent ahead lets both happen at the same time.
    """
    st.set_page_config(page_title="PICO Lens", page_icon=ICON, layout="wide")
    ahead = st.empty()  # always: without it the second run would draw every figure anew, one place higher
    if "pico_app.frame" not in sys.modules:
        nothing = {"data": [{"type": "scatter", "x": [], "y": []}], "layout": {"height": 40}}
        ahead.plotly_chart(nothing, config={"displayModeBar": False}, key="ahead", alt="Nothing is drawn yet.")
    from pico_app import frame

    ahead.empty()
    frame.render()
