"""While work is on its way: what is done, how far it is, how long it takes, and the way to stop it."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from pico_app.server.answer import Answer
from pico_app.server.queue import Job, in_line
from pico_app.words.markup import plain


def waiting(answer: Answer[Any], *, key: str, meanwhile: str = "") -> None:
    """Say how an answer stands that has no value yet; the page is drawn anew when it has.

    Args:
        answer: That is waited for.
        key: Name of the place on the page, for the keys of its buttons.
        meanwhile: What is shown until then, in a sentence.
    """
    job = answer.job
    if job is None:
        return
    if job.running:
        progress(job, key=key, meanwhile=meanwhile)
        return
    if job.failure:
        st.error(f"{plain(job.title)} could not be done. {plain(job.failure)}", icon=":material/block:")
    elif job.cancelled.is_set():
        st.info(f"{plain(job.title)}: cancelled. {meanwhile}", icon=":material/cancel:")
    else:
        return
    st.button("Try again" if job.failure else "Start again", key=f"again-{key}", on_click=job.forget)


@st.fragment(run_every=1.0)
def progress(
    job: Job[Any],
    *,
    key: str,
    meanwhile: str = "",
    stop: str = "Cancel",
    stopping: str = "Cancelling after this step.",
    on_end: Callable[[], None] | None = None,
    far: Callable[[], str] | None = None,
) -> None:
    """Draw how far a job is, until it ends: then the page is drawn anew.

    Args:
        job: That waits or works.
        key: Name of the place on the page, for the key of its button.
        meanwhile: What is shown until then, in a sentence.
        stop: Label of the button.
        stopping: What is said once it was pressed.
        on_end: Called when the job has ended.
        far: Says how far it is in words, in place of the job's own words; asked at every look.
    """
    if not job.running:
        if on_end is not None:
            on_end()
        st.rerun()
    left = job.seconds_left
    stage = in_line(job.ahead) if job.ahead else job.doing if far is None else far()
    about = "" if not left or job.ahead else f"about {duration(left)} left"
    words = ", ".join(part for part in (stage, about) if part)
    st.progress(min(1.0, job.done), text=f"**{plain(job.title)}**" + (f": {plain(words)}" if words else ""))
    for sentence in (*job.notes, meanwhile):
        if sentence:
            st.caption(sentence)
    if job.cancelled.is_set():
        st.caption(stopping)
    else:  # a click that comes while the whole page is drawn anew is answered there: no rerun of this part alone
        st.button(stop, width="stretch", key=f"cancel-{key}", on_click=job.cancel)


def duration(seconds: float) -> str:
    """Seconds below two minutes, minutes above.

    >>> duration(90), duration(200)
    ('90 s', '3 min')
    """
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
