"""Buttons and sliders inside figures answer the keyboard: Plotly draws them for the mouse only. Tables get a name."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "pico_lens.plot_keys", html="<span hidden></span>", js=(HERE / "plot_keys.js").read_text(encoding="utf-8")
)


def plot_keys(*, key: str) -> None:
    """Give every button and slider inside a figure its place in the order of Tab, every table a name; once for a page.

    Enter or Space presses a button; arrows, Home and End move a slider by its steps.

    Args:
        key: Of the place on the page.
    """
    _mount(key=key)
