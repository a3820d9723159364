"""Whose a step is: by word, by shape and by colour."""

import streamlit as st
from markupsafe import Markup

from pico_app.pages.method.step import Provenance
from pico_app.templates import render

SHAPES: dict[Provenance, tuple[str, str]] = {
    "paper": ("●", "#0072B2"),
    "reconstruction": ("◆", "#D55E00"),
    "beyond the paper": ("▲", "#CC79A7"),
}


def badge_html(provenance: Provenance, source: str) -> Markup:
    """The badge with its source.

    >>> "<b>" in badge_html("paper", "a <b> c")
    False
    """
    return render("badge", kind=provenance, look=SHAPES[provenance], label="", text=source)


def badge(provenance: Provenance, source: str) -> None:
    """Draw the badge."""
    st.html(badge_html(provenance, source))
