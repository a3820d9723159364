"""An experiment that is still running: how far it is; the page is drawn anew when cells have arrived."""

from functools import partial
from pathlib import Path

import streamlit as st

from pico_app.answers import experiments
from pico_app.server.queue import Job
from pico_app.waiting import progress
from pico_app.words.experiments import reached_sentence
from pico_app.words.markup import plain
from pico_core.experiments.reading import Reached

EVERY = 3.0  # seconds
STOPPING = "Cancelling after this cell. What is finished is kept."
TIMES = 20  # at most so often the page is drawn anew while an experiment fills: a list that is open then closes


def follow(folder: Path, drawn: int) -> None:
    """Say how far the experiment of a folder is, as long as it is not finished."""
    reached = experiments.how_far(folder)
    if reached is not None and reached.state == "going":
        _follow(folder, drawn)
    elif reached is not None and reached.state == "stopped":
        st.caption(f"{reached_sentence(reached)}.")


@st.fragment(run_every=EVERY)
def _follow(folder: Path, drawn: int) -> None:
    reached = experiments.how_far(folder)
    if reached is None or reached.state != "going" or _worth_it(reached, drawn):
        st.rerun()
    st.progress(min(1.0, reached.done / max(1, reached.total)), text=plain(reached_sentence(reached)))


def follow_own(folder: Path, drawn: int) -> None:
    """The same of the small experiment of this visit, with the button that stops it."""
    job = experiments.own_job()
    if job is not None and job.running:
        progress(job, key="experiment", stopping=STOPPING, far=partial(_far, job, folder, drawn))


def _far(job: Job[int], folder: Path, drawn: int) -> str:
    """How far the own experiment is; the page is drawn anew when cells have arrived."""
    reached = experiments.how_far(folder) if job.key == folder else None
    if reached is not None and _worth_it(reached, drawn):
        st.rerun()
    return job.doing if reached is None else f"{reached_sentence(reached)}; {job.doing}"


def _worth_it(reached: Reached, drawn: int) -> bool:
    """Whether so many cells have come that the page is drawn anew."""
    return reached.done - drawn >= (max(1, reached.total // TIMES) if drawn else 1)
