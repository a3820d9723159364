"""Long work in one thread per visit, with progress and cancel.

A second click starts a new script run while the old one is still inside torch; therefore the
script thread never computes for long: it asks a job how far it is. A job is a study, or the
encoding of somebody's pictures.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pico_app.server.turns import FairQueue, Turn
from pico_core.errors import PicoError
from pico_core.reporter import Cancelled, Reporter
from pico_core.storage.retry_in_halves import NO_MEMORY, out_of_memory

ENOUGH_TO_GUESS = 0.03  # of the work: before that the pace is that of reading files
LOG = logging.getLogger(__name__)
Result = TypeVar("Result")


def _drop(_result: object) -> None:
    """What nobody takes."""


@dataclass
class Job(Generic[Result]):
    """One piece of long work.

    Attributes:
        key: Names the work by all that goes into it.
        title: What is done, for people.
        total: Planned steps; for a study iterations.
        work: Does it; tells this job of every step, and often how much of the whole is done (`pulse`).
        finish: Takes the result, in the worker's thread.
        done: Steps done.
        stage: What is being done now, in words; empty where the steps say enough.
        share: How much of the whole is done.
        turn: Its place among the jobs of all visits, where it has one.
        result: What came out, when it ended well.
        failure: Why it did not, in words.
        notes: What whoever waits should know, such as that memory is short.
        cancelled: Set to stop it at the next pulse.
    """

    key: str
    title: str
    total: int
    work: Callable[["Job[Result]"], Result]
    finish: Callable[[Result], None] = _drop
    done: int = 0
    stage: str = ""
    share: float = 0.0
    result: Result | None = None
    failure: str | None = None
    notes: tuple[str, ...] = ()
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)
    turn: Turn | None = None

    @property
    def ahead(self) -> int:
        """How many jobs of other visits have to end before this one begins."""
        return 0 if self.turn is None else self.turn.ahead

    @property
    def running(self) -> bool:
        """Whether it waits or works."""
        return not self.ended.is_set()

    @property
    def seconds_left(self) -> float | None:
        """A guess from the pace so far; None before there is one."""
        if self.share < ENOUGH_TO_GUESS:
            return None
        return (time.monotonic() - self.began) * (1 - self.share) / self.share

    def cancel(self) -> None:
        """Stop at the next pulse; what the work keeps on the disk stays there."""
        self.cancelled.set()

    def run(self) -> None:
        """Do the work and keep how it ended; nothing is ever raised."""
        try:
            if self.turn is not None:
                self.turn.wait(self.cancelled)
            if self.cancelled.is_set():
                return
            self.began = time.monotonic()
            found = self.work(self)
            if not self.cancelled.is_set():
                self.result = found
                self.finish(found)
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
            if self.turn is not None:
                self.turn.leave()
            self.ended.set()

    def note(self, sentence: str) -> None:
        """Something that whoever waits should know."""
        if sentence not in self.notes:
            self.notes = (*self.notes, sentence)

    @property
    def reporter(self) -> "JobReporter":
        """What the work tells this job."""
        return JobReporter(self)

    def pulse(self, share: float) -> None:
        """So much of the whole is done.

        Raises:
            Cancelled: the job was cancelled.
        """
        self.share = share
        if self.cancelled.is_set():
            raise Cancelled


class JobReporter(Reporter):
    """Hands on to a job what its work reports."""

    def __init__(self, job: Job[Any]) -> None:
        self._job = job

    def share(self, done: float) -> None:
        """So much of the whole is done."""
        self._job.pulse(done)

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """One more step is done."""
        self._job.done = done

    def stage(self, words: str) -> None:
        """What is done now."""
        self._job.stage = words

    def note(self, sentence: str) -> None:
        """Something that whoever waits should know."""
        self._job.note(sentence)

    def check(self) -> None:
        """End here if the job was cancelled."""
        if self._job.cancelled.is_set():
            raise Cancelled


class Batches(JobReporter):
    """Names batches of pictures and captions as the stage of a job."""

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """One more batch is done."""
        self.stage(f"{'picture' if name == 'images' else 'caption'} {done:,} of {total:,}")


class Worker:
    """Runs one job at a time; a new one cancels the one before and waits for its thread to end.

    Args:
        turns: The line in which jobs of all visits wait; None where this one waits for nobody.
    """

    def __init__(self, turns: FairQueue | None = None) -> None:
        self._turns = turns
        self.job: Job[Any] | None = None
        self._thread: threading.Thread | None = None

    def start(self, job: Job[Any]) -> None:
        """Begin a job in the background."""
        before = self._thread
        self.close()

        def work() -> None:
            if before is not None:
                before.join()
            job.run()

        if self._turns is not None:
            job.turn = self._turns.ask()
        self.job = job
        # A daemon: stopping the server does not wait for a job.
        self._thread = threading.Thread(target=work, name="job", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cancel what is under way: the visit has ended, or wants something else."""
        if self.job is not None:
            self.job.cancel()

    def forget(self) -> None:
        """Drop a job that has ended, and the data it held."""
        self.job = None
