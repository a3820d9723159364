"""The study on the screen as a page to keep, from any page of the app."""

import streamlit as st

from pico_app.answers import documents
from pico_app.workspace import Workspace

WORDS = (
    "Verdict, controls, figures, tables, settings, sources and how to do it again: one page that opens without network "
    "and prints (HTML, 5 MB)."
)


def report_button(space: Workspace, *, key: str) -> None:
    """A button that saves the report of the study; it is written when it is asked for.

    Args:
        space: The study on the screen.
        key: Of the button.
    """
    button, words = st.container(key=f"beside-{key}").columns([2, 5], vertical_alignment="center")
    button.download_button(
        "Save the report of this study",
        lambda: documents.study_report(space),
        file_name=f"pico-report-{space.study.basis.name}.html",
        mime="text/html",
        icon=":material/article:",
        width="stretch",
        on_click="ignore",
        key=key,
    )
    words.caption(WORDS)
