"""For modules that still ask by key."""

from collections.abc import Callable
from typing import Any

from pico_app.server.queue import Job, queue_of

_kept: dict[str, Job[Any]] = {}


def ask(key: str, title: str, work: Callable[[Job[Any]], Any]) -> Job[Any]:
    """The answer of this key, asked for now if it was not."""
    job = find(key)
    if job is None:
        job = _kept[key] = queue_of("answers").ask(Job(key, title, work))
    for other in [name for name, kept in _kept.items() if not kept.running][: max(0, len(_kept) - 24)]:
        del _kept[other]
    return job


def find(key: str) -> Job[Any] | None:
    """What was asked for under this key."""
    job = _kept.get(key)
    return job if job is not None and (job.result is not None or queue_of("answers").find(key) is job) else None


def forget(key: str) -> None:
    """Drop what failed or was cancelled."""
    job = find(key)
    if job is not None and job.result is None:
        job.forget()
        del _kept[key]
