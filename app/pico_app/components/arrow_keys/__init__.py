"""Arrow keys turn the pages of a presentation; inside a field, a slider or a list they keep their own meaning."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "pico_lens.arrow_keys", html="<span hidden></span>", js=(HERE / "arrow_keys.js").read_text(encoding="utf-8")
)


def arrow_keys(*, left: str, right: str, rail: str, key: str) -> None:
    """Let the arrow keys press two buttons of the page.

    Args:
        left: Key of the button that the left arrow presses.
        right: Key of the button that the right arrow presses.
        rail: Key of the row of steps: its own choices may be left by arrow, too.
        key: Of the place on the page.
    """
    _mount(key=key, data={"left": left, "right": right, "rail": rail})
