"""What a page is, and what it shows while there is no study to show."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pico_app import sidebar
from pico_app.answers import studies
from pico_app.pages.parts import question
from pico_app.state import study
from pico_app.workspace import Frame, Workspace
from pico_core.common.registry import Registry

NO_INSTRUMENTS: Registry[Any] = Registry("instrument", ())


@dataclass(frozen=True)
class Page:
    """One page of the app; a line in the frame adds it.

    Attributes:
        name: Its address.
        title: In the navigation.
        icon: Beside the title.
        render: Draws it.
        instruments: What can be opened on it.
    """

    name: str
    title: str
    icon: str
    render: Callable[[Frame], None]
    instruments: Registry[Any] = NO_INSTRUMENTS


def workspace_or_say(frame: Frame, title: str) -> Workspace | None:
    """The workspace, or the page's title with what is missing and the button that brings it."""
    if frame.space is not None:
        return frame.space
    if frame.dataset is None:
        question(title, "No dataset is open. Correct the path on the left, or choose a built-in demo.")
        st.button(
            "Open the first demo",
            icon=":material/dataset:",
            key="open-demo",
            on_click=study.open_dataset,
            args=(study.DEMO,),
        )
        return None
    job = studies.job()
    if job is not None and job.running:
        question(title, "The answer is being computed; how far it is stands on the left.")
        return None
    question(title, "Nothing is computed for this dataset yet.")
    config = study.wanted_config()
    if st.button("Compute now", type="primary", icon=":material/play_arrow:", key="compute-here"):
        studies.start_job(frame.dataset, config, title=sidebar.job_title(config))
        st.rerun()
    st.caption(
        "The images are divided at random into fit, feedback and test; the prototypes are built on the first, compared "
        "on the second, and everything is measured on the third. It can be cancelled."
    )
    return None
