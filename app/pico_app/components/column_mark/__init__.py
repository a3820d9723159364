"""The mark of the column that is looked at, moved in the browser: the figure below it is not sent or drawn again."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent
_mount = st.components.v2.component(
    "pico_lens.column_mark", html="<span hidden></span>", js=(HERE / "column_mark.js").read_text(encoding="utf-8")
)


def column_mark(data: str, *, key: str, on_pick: Callable[[str], None]) -> None:
    """Lay a mark over a figure of columns, and say which column is clicked in it.

    Args:
        data: From `pico_app.figures.columns.marks_json`.
        key: Of the place on the page.
        on_pick: Called with the key before the run that follows a click; what was clicked is the `picked` kept there.
    """
    _mount(key=key, data=data, on_picked_change=lambda: on_pick(key))
