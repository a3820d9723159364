"""Work that takes a while: jobs with progress and cancel, in a few queues that all visits share.

A second click starts a new script run while the old one is still inside torch; therefore the script thread never
computes for long: it asks a job how far it is, and draws what it has until the job has ended.
"""

import atexit
import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

import streamlit as st

from pico_core.common.errors import PicoError
from pico_core.common.reporter import Cancelled, Reporter
from pico_core.storage.retry_in_halves import NO_MEMORY, out_of_memory

# Maps and repeated constructions take minutes: an answer does not wait behind them.
QueueName = Literal["answers", "maps", "repeats", "experiments", "long"]
# Two constructions on two cores end no later one after the other than side by side, and pages of everybody else would
# wait for both: the other half of the processors answers pages.
AT_ONCE: Final = max(1, (os.cpu_count() or 1) // 2)
KEPT = 24  # jobs that have failed or were cancelled; the oldest goes
ENOUGH_TO_GUESS = 0.03  # of the work: before that the pace is that of reading files
LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


@dataclass(eq=False)
class Job(Reporter, Generic[Result]):
    """One piece of long work, which reports to it.

    Attributes:
        key: Names the work by all that goes into it.
        title: What is done, for people.
        work: Does it; tells this job often how much is done, and must not touch Streamlit.
        finish: Takes the result, in the thread of the work.
        after: A job that has to end before this one begins.
        doing: What is being done now, in words; empty where the share says enough.
        done: Share of the whole that is done.
        result: What came out, when it ended well.
        failure: Why it did not, in words.
        notes: What whoever waits should know, such as that memory is short.
        cancelled: Set to stop it at the next report.
        ended: Set when it does not wait or work any more.
    """

    key: Hashable
    title: str
    work: Callable[["Job[Result]"], Result]
    finish: Callable[[Result], None] | None = None
    after: "Job[Any] | None" = None
    doing: str = ""
    done: float = 0.0
    result: Result | None = None
    failure: str | None = None
    notes: tuple[str, ...] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)
    queue: "JobQueue | None" = None

    @property
    def ahead(self) -> int:
        """How many jobs have to end before this one begins; 0 once it has begun."""
        return 0 if self.queue is None else self.queue.ahead(self)

    @property
    def running(self) -> bool:
        """Whether it waits or works."""
        return not self.ended.is_set()

    @property
    def seconds_left(self) -> float | None:
        """A guess from the pace so far; None before there is one."""
        if self.done < ENOUGH_TO_GUESS:
            return None
        return (time.monotonic() - self.began) * (1 - self.done) / self.done

    def cancel(self) -> None:
        """Stop at the next report, at once where it has not begun; what the work keeps on the disk stays there."""
        self.cancelled.set()
        if self.queue is not None:
            self.queue.withdraw(self)

    def forget(self) -> None:
        """Cancel it and have it asked for anew next time; what ended well stays."""
        if self.result is None:
            self.cancel()
            if self.queue is not None:
                self.queue.drop(self)

    def run(self) -> None:
        """Do the work and keep how it ended; nothing is ever raised."""
        try:
            if self.after is not None:
                self.after.ended.wait()
            self.check()
            self.began = time.monotonic()
            result = self.work(self)
            if not self.cancelled.is_set():
                self.result = result
                if self.finish is not None:
                    self.finish(result)
        except Cancelled:
            pass  # that is what was asked for
        except PicoError as error:
            self.failure = str(error)
        except Exception as error:
            if out_of_memory(error):
                self.failure = f"{NO_MEMORY[0].upper()}{NO_MEMORY[1:]}."
            elif isinstance(error, RuntimeError) and str(error).endswith("shutdown"):
                self.failure = "The server was stopped."  # no thread can be begun any more
            else:
                LOG.exception("%s ended unexpectedly", self.title)
                self.failure = f"It ended unexpectedly ({type(error).__name__}: {error}). The server's log says where."
        finally:
            self.end()

    def end(self) -> None:
        """Let go of what the work held, which may be large, and of the job before."""
        self.work, self.finish, self.after = _nothing, None, None
        self.ended.set()

    def share(self, done: float) -> None:
        """So much of the whole is done.

        Raises:
            Cancelled: the job was cancelled.
        """
        self.done = done
        self.check()

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """One of its steps is finished: it is what is being done, where the steps have a name."""
        if name:
            self.doing = f"{name} {done:,} of {total:,}"

    def stage(self, words: str) -> None:
        """What is done from now on."""
        self.doing = words

    def note(self, sentence: str) -> None:
        """Something that whoever waits should know."""
        if sentence not in self.notes:
            self.notes = (*self.notes, sentence)

    def check(self) -> None:
        """Raise `Cancelled` where the job was cancelled."""
        if self.cancelled.is_set():
            raise Cancelled


def _nothing(_job: Job[Any]) -> Any:
    """What an ended job does."""


class JobQueue:
    """Jobs in the order in which they came: a few work at a time, the others know how many come first.

    Args:
        places: How many work at a time.
        kept: Most jobs without a result that are remembered; one with a result is its asker's business.
        daemon: Whether the end of Python waits for no job that works.

    >>> queue, gate = JobQueue(), threading.Event()
    >>> first, second = (queue.submit(Job(name, "", lambda job: gate.wait())) for name in "ab")
    >>> first.ahead, second.ahead
    (0, 1)
    >>> gate.set(), second.ended.wait(10), second.ahead
    (None, True, 0)
    """

    def __init__(self, *, places: int = 1, kept: int = KEPT, daemon: bool = True) -> None:
        self._places, self._kept, self._daemon = places, kept, daemon
        self._jobs: dict[Hashable, Job[Any]] = {}
        self._working: list[Job[Any]] = []
        self._waiting: list[Job[Any]] = []
        self._lock = threading.RLock()

    @property
    def jobs(self) -> list[Job[Any]]:
        """Those asked for by key that have no result, the oldest first."""
        with self._lock:
            return list(self._jobs.values())

    def find(self, key: Hashable) -> Job[Any] | None:
        """The job of this key, unless it has ended well."""
        with self._lock:
            return self._jobs.get(key)

    def ask(self, job: Job[Result]) -> Job[Result]:
        """The job of this key, begun if there is none; one that was cancelled stays so until it is forgotten."""
        with self._lock:
            known = self._jobs.get(job.key)
            if known is not None:
                return known
            self._jobs[job.key] = job
            ended = [key for key, other in self._jobs.items() if not other.running]
            for key in ended[: max(0, len(self._jobs) - self._kept)]:
                del self._jobs[key]
        return self.submit(job)

    def submit(self, job: Job[Result]) -> Job[Result]:
        """Put a job at the end of the line, whatever its key."""
        job.queue = self
        with self._lock:
            if len(self._working) == self._places:
                self._waiting.append(job)
                return job
            self._working.append(job)
        threading.Thread(target=self._work, args=(job,), name="job", daemon=self._daemon).start()
        return job

    def ahead(self, job: Job[Any]) -> int:
        """How many have to end before this one begins; 0 when it may work."""
        with self._lock:
            return self._waiting.index(job) + 1 if job in self._waiting else 0

    def withdraw(self, job: Job[Any]) -> None:
        """Take a job out of the line if it has not begun."""
        with self._lock:
            if job not in self._waiting:
                return
            self._waiting.remove(job)
        job.end()

    def drop(self, job: Job[Any]) -> None:
        """Forget a job; asked for again it begins anew."""
        with self._lock:
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]

    def close(self, *, seconds: float = 0.0) -> None:
        """Cancel everything, and wait so long for what works."""
        with self._lock:
            jobs = [*self._waiting, *self._working]
        for job in jobs:
            job.cancel()
        until = time.monotonic() + seconds
        for job in jobs:
            job.ended.wait(max(0.0, until - time.monotonic()))

    def _work(self, job: Job[Any]) -> None:
        while True:
            job.run()
            if job.result is not None:
                self.drop(job)
            with self._lock:
                self._working.remove(job)
                if not self._waiting:
                    return
                job = self._waiting.pop(0)
                self._working.append(job)


@functools.cache
def queue_of(name: QueueName) -> JobQueue:
    """A queue of this server.

    At the end of Python all jobs are cancelled. It waits for those that work until their next report, for a thread
    inside torch would end the process with an error; for long ones, which may report rarely, no more than two seconds.
    """
    long = name == "long"
    queue = JobQueue(places=AT_ONCE if long else 1, daemon=long)
    threading.Thread(target=_close_at_end, args=(queue,), name="end", daemon=True).start()
    atexit.register(queue.close, seconds=2.0)
    return queue


def _close_at_end(queue: JobQueue) -> None:
    threading.main_thread().join()  # before Python joins the threads of the jobs, and long before `atexit`
    queue.close()


class Visit:
    """What one visit alone has asked for: it is cancelled when the visit ends, or wants something else."""

    def __init__(self) -> None:
        self.jobs: dict[str, Job[Any]] = {}
        self.chosen: dict[str, Any] = {}  # with what an answer that all visits share is asked for
        self._followed: dict[str, Job[Any]] = {}

    def start(self, name: str, job: Job[Result], *, queue: QueueName = "long") -> None:
        """Begin a job; the one of the same name is cancelled, and ended before this one begins."""
        before = self.jobs.get(name)
        if before is not None:
            before.cancel()
        job.after, self.jobs[name] = before, job
        queue_of(queue).submit(job)

    def follow(self, name: str, job: Job[Any] | None) -> None:
        """Look at a job that all visits share from now on, or at none: the one before is forgotten."""
        before = self._followed.get(name)
        if before is not None and before is not job:
            before.forget()
        if job is None:
            self._followed.pop(name, None)
        else:
            self._followed[name] = job

    def followed(self, name: str) -> Job[Any] | None:
        """The shared job that this visit looks at under a name."""
        return self._followed.get(name)

    def close(self) -> None:
        """The visit has ended."""
        for job in self.jobs.values():
            job.cancel()


@st.cache_resource(scope="session", on_release=Visit.close, show_spinner=False)
def visit() -> Visit:
    """This visit's own."""
    return Visit()


def in_line(ahead: int) -> str:
    """How a job that waits stands, in words.

    >>> in_line(1), in_line(3)
    ('waits, 1 computation comes first', 'waits, 3 computations come first')
    """
    return f"waits, {ahead} computation{'s come' if ahead > 1 else ' comes'} first"
