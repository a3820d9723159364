"""Long work in one thread per visit, with progress and cancel.

A second click starts a new script run while the old one is still inside torch; therefore the
script thread never computes for long: it asks a job how far it is.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from pico_core.errors import PicoError
from pico_core.method.history import Iteration
from pico_core.study import Study

ENOUGH_TO_GUESS = 0.03  # of the work: before that the pace is that of reading files
LOG = logging.getLogger(__name__)


class CancelledError(Exception):
    """Ends a study from within: somebody asked for it."""


@dataclass
class Job:
    """One study under way.

    Attributes:
        key: Names the study by its data and settings.
        title: What is computed, for people.
        total: Planned iterations.
        work: Computes; tells this job of every iteration (`tick`) and of every scoring (`pulse`).
        finish: Takes the result, in the worker's thread.
        done: Iterations done.
        share: How much of the whole is done.
        result: The study, when it ended well.
        failure: Why it did not, in words.
        cancelled: Set to stop it after the current scoring.
    """

    key: str
    title: str
    total: int
    work: Callable[["Job"], Study]
    finish: Callable[[Study], None] = lambda _study: None
    done: int = 0
    share: float = 0.0
    result: Study | None = None
    failure: str | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

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
        """Stop after the current scoring; what was built so far is thrown away."""
        self.cancelled.set()

    def run(self) -> None:
        """Do the work and keep how it ended; nothing is ever raised."""
        try:
            if self.cancelled.is_set():
                return
            self.began = time.monotonic()
            found = self.work(self)
            if not self.cancelled.is_set():
                self.result = found
                self.finish(found)
        except CancelledError:
            pass  # that is what was asked for
        except PicoError as error:
            self.failure = str(error)
        except MemoryError:
            self.failure = "There is not enough memory for this dataset; bring fewer images or shorter token lists."
        except Exception as error:
            LOG.exception("the study %s ended unexpectedly", self.title)
            self.failure = f"It ended unexpectedly ({type(error).__name__}: {error}). The server's log says where."
        finally:
            self.ended.set()

    def tick(self, step: Iteration) -> None:
        """One more iteration is done."""
        self.done = step.index + 1

    def pulse(self, share: float) -> None:
        """One more scoring is done.

        Raises:
            CancelledError: the job was cancelled.
        """
        self.share = share
        if self.cancelled.is_set():
            raise CancelledError


class Worker:
    """Runs one job at a time; a new one cancels the one before and waits for its thread to end."""

    def __init__(self) -> None:
        self.job: Job | None = None
        self._thread: threading.Thread | None = None

    def start(self, job: Job) -> None:
        """Begin a job in the background."""
        before = self._thread
        self.close()

        def work() -> None:
            if before is not None:
                before.join()
            job.run()

        self.job = job
        # A daemon: stopping the server does not wait for a study.
        self._thread = threading.Thread(target=work, name="study", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cancel what is under way: the visit has ended, or wants something else."""
        if self.job is not None:
            self.job.cancel()

    def forget(self) -> None:
        """Drop a job that has ended, and the data it held."""
        self.job = None
