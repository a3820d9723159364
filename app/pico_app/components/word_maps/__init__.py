"""Heat maps of the words of a caption over the patches of a picture; hovering is answered in the browser."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "pico_lens.word_maps",
    html=(HERE / "word_maps.html").read_text(encoding="utf-8"),
    css=(HERE / "word_maps.css").read_text(encoding="utf-8"),
    js=(HERE / "word_maps.js").read_text(encoding="utf-8"),
)


def word_maps(data: str, *, key: str) -> None:
    """Draw the maps.

    Args:
        data: From `pico_app.figures.word_maps.word_maps_json`; its words are set as text, never as HTML.
        key: Of the place on the page.
    """
    _mount(key=key, data=data)
