"""Whose a step is: by word, by shape and by colour."""

from html import escape

import streamlit as st

from pico_app.pages.method.step import Provenance

SHAPES: dict[Provenance, tuple[str, str]] = {
    "paper": ("●", "#0072B2"),
    "reconstruction": ("◆", "#D55E00"),
    "beyond the paper": ("▲", "#CC79A7"),
}
STYLE = (
    "<style>.badge{display:inline-flex;align-items:center;gap:.45rem;border:1px solid rgba(128,128,128,.55);"
    "border-radius:1rem;padding:.12rem .75rem .12rem .55rem;font-weight:650;margin-right:.7rem;white-space:nowrap}"
    ".source{opacity:.85;font-size:.92rem;line-height:1.5}</style>"
)


def badge_html(provenance: Provenance, source: str) -> str:
    """The badge with its source.

    >>> "<b>" in badge_html("paper", "a <b> c")
    False
    """
    shape, colour = SHAPES[provenance]
    mark = f'<span style="color:{colour};font-size:1.15em" aria-hidden="true">{shape}</span>'
    return f'{STYLE}<div class="source"><span class="badge">{mark}{escape(provenance)}</span>{escape(source)}</div>'


def badge(provenance: Provenance, source: str) -> None:
    """Draw the badge."""
    st.html(badge_html(provenance, source))
