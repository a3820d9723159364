"""Answers that take a while: one thread per queue for all visits, one job at a time, kept by what goes into it.

A page asks; it draws what it has until the answer is there, and never waits. Studies and
encodings have threads of their own: those belong to a visit, these belong to the data.
"""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar, cast, get_args

import streamlit as st

from pico_app.server.jobs import Job

KEPT = 24  # answers; the oldest that has ended goes
Result = TypeVar("Result")
# Maps and repeated constructions take minutes: an answer does not wait behind them.
Line = Literal["answers", "maps", "repeats", "experiments"]


class Bench:
    """Jobs by key: waiting, running, and ended."""

    def __init__(self, *, kept: int = KEPT) -> None:
        self._jobs: dict[str, Job[Any]] = {}
        self._lock = threading.Lock()
        self._kept = kept
        # Streamlit's own threads hand their context on; this one must not hold a visit alive.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="bench")

    def find(self, key: str) -> Job[Any] | None:
        """The job of this key, however far it is."""
        with self._lock:
            return self._jobs.get(key)

    def ask(self, key: str, title: str, work: Callable[[Job[Result]], Result]) -> Job[Result]:
        """The job of this key, begun if there is none; one that was cancelled stays so until it is forgotten."""
        with self._lock:
            known = self._jobs.get(key)
            if known is not None:
                return cast("Job[Result]", known)
            job: Job[Result] = Job(key=key, title=title, total=1, work=work)
            self._jobs[key] = job
            ended = [name for name, kept in self._jobs.items() if not kept.running]
            for name in ended[: max(0, len(self._jobs) - self._kept)]:
                del self._jobs[name]
        self._thread.submit(self._run, job)
        return job

    def ahead(self, key: str) -> int:
        """How many that were asked for before this one have not ended."""
        with self._lock:
            before = list(self._jobs)[: list(self._jobs).index(key)] if key in self._jobs else []
            return sum(self._jobs[one].running for one in before)

    def forget(self, key: str) -> None:
        """Drop a job that failed or was cancelled, so that it can be asked for again."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.result is None:
                job.cancel()
                del self._jobs[key]

    @staticmethod
    def _run(job: Job[Any]) -> None:
        job.run()
        job.work = _nothing  # what it held in its hands may be large


def _nothing(_job: Job[Any]) -> None:
    """What an ended job does."""


@st.cache_resource(max_entries=len(get_args(Line)), show_spinner=False)
def _bench(line: Line) -> Bench:
    return Bench()


def ask(key: str, title: str, work: Callable[[Job[Result]], Result], *, line: Line = "answers") -> Job[Result]:
    """The answer of this key, asked for now if it was not: look at `job.result`, and show `pages.waiting` until then.

    Args:
        key: Names the answer by all that goes into it: `Workspace.key` and what the page adds.
        title: What is done, for people.
        work: Does it in the background; it calls `job.pulse(share)` often (which also cancels it), may set
            `job.stage`, and must not touch Streamlit.
        line: In which queue it waits; every queue has one thread.
    """
    return _bench(line).ask(key, title, work)


def find(key: str) -> Job[Any] | None:
    """What was asked for under this key; None where nothing was."""
    return next((found for line in get_args(Line) if (found := _bench(line).find(key)) is not None), None)


def ahead(key: str) -> int:
    """How many answers of the same line come before the one of this key."""
    return sum(_bench(line).ahead(key) for line in get_args(Line))


def forget(key: str) -> None:
    """Drop what failed or was cancelled."""
    for line in get_args(Line):
        _bench(line).forget(key)
