"""While an answer is on its way: what is done, how far it is, how long it takes, and the way to stop it."""

from typing import Any

import streamlit as st

from pico_app.server import background
from pico_app.server.jobs import Job
from pico_app.server.turns import in_line
from pico_app.words.markup import plain


def waiting(job: Job[Any], *, place: str, meanwhile: str = "") -> None:
    """Say how a job stands that has no result yet; the page is drawn anew when it ends.

    Args:
        job: From `server.background`.
        place: Name of the place on the page, for the keys of its buttons.
        meanwhile: What is shown until then, in a sentence.
    """
    if job.running:
        _watch(job.key, place, meanwhile)
    elif job.failure:
        st.error(f"{plain(job.title)} could not be done. {plain(job.failure)}", icon=":material/block:")
        st.button("Try again", key=f"again-{place}", on_click=background.forget, args=(job.key,))
    elif job.cancelled.is_set():
        st.info(f"{plain(job.title)}: cancelled. {meanwhile}", icon=":material/cancel:")
        st.button("Start again", key=f"again-{place}", on_click=background.forget, args=(job.key,))


@st.fragment(run_every=0.7)
def _watch(key: str, place: str, meanwhile: str) -> None:
    job = background.find(key)
    if job is None or not job.running:
        st.rerun()
    left = job.seconds_left
    about = f", about {left:.0f} s left" if left else ""
    before = background.ahead(key)
    stage = f": {in_line(before) if before else job.stage}" if before or job.stage else ""
    st.progress(min(1.0, job.share), text=f"**{plain(job.title)}**{plain(stage)}{about}")
    for words in (*job.notes, meanwhile):
        if words:
            st.caption(words)
    if job.cancelled.is_set():
        st.caption("Cancelling after this step.")
    else:
        st.button("Cancel", key=f"cancel-{place}", on_click=job.cancel)
