"""What this run of the script shows, and how."""

from collections.abc import Mapping
from typing import Any, Literal

import streamlit as st

from pico_app.figures.theme import DARK, LIGHT, Theme
from pico_app.state.remembered import Remembered
from pico_core.studies.study import Study

picture_format: Remembered[Literal["png", "svg"]] = Remembered("picture-format", "png")  # of the camera of figures
shown_study: Remembered[Study | None] = Remembered("screen", None)
pages: Remembered[Mapping[str, Any]] = Remembered("pages", {})  # of this run of the script, by their addresses


def theme() -> Theme:
    """The theme that the reader uses."""
    return DARK if st.context.theme.type == "dark" else LIGHT


def page(address: str) -> Any:
    """A page to link to; None where the frame is not drawn."""
    return pages().get(address)
