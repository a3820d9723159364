"""What a page shows while there is nothing to show: one sentence and the button that fills it."""

import streamlit as st

from pico_app import sidebar
from pico_app.answers import studies
from pico_app.pages.parts import question
from pico_app.state import study


def workspace_or_say(title: str) -> studies.Workspace | None:
    """The workspace, or the page's title with what is missing and the button that brings it."""
    space = studies.on_screen()
    if space is not None:
        return space
    dataset = studies.opened()
    if dataset is None:
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
        studies.start_job(dataset, config, title=sidebar.job_title(config))
        st.rerun()
    st.caption(
        "The images are divided at random into fit, feedback and test; the prototypes are built on the first, compared "
        "on the second, and everything is measured on the third. It can be cancelled."
    )
    return None
