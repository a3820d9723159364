"""What this run of the script shows, and how."""

from typing import Any

import streamlit as st


def dark() -> bool:
    """Whether the reader uses the dark theme."""
    return st.context.theme.type == "dark"


def picture_format() -> str:
    """What the camera of figures saves: "png" or "svg"."""
    return str(st.session_state.get("picture-format", "png"))


def set_picture_format(kind: str) -> None:
    """Let the camera of figures save something else."""
    st.session_state["picture-format"] = kind


def put_on_screen(dataset: Any, study: Any) -> None:
    """What this run of the script shows."""
    st.session_state["screen"] = (dataset, study)


def on_screen() -> tuple[Any, Any]:
    """The dataset and the study of this run of the script, or None for what is missing."""
    found: tuple[Any, Any] = st.session_state.get("screen", (None, None))
    return found


def put_pages(pages: dict[str, Any]) -> None:
    """The pages of this run of the script, by their addresses: what one page links another with."""
    st.session_state["pages"] = pages


def page(address: str) -> Any:
    """A page to link to; None where the frame is not drawn."""
    return st.session_state.get("pages", {}).get(address)
