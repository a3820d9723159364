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

Progress = Callable[[Iteration], bool | None]
LOG = logging.getLogger(__name__)


@dataclass
class Job:
    """One study under way.

    Attributes:
        key: Names the study by its data and settings.
        title: What is computed, for people.
        total: Planned iterations.
        work: Computes; tells every iteration and stops when told False.
        finish: Takes the result, in the worker's thread.
        done: Iterations done.
        result: The study, when it ended well.
        failure: Why it did not, in words.
        cancelled: Set to stop it after the current iteration.
    """

    key: str
    title: str
    total: int
    work: Callable[[Progress], Study]
    finish: Callable[[Study], None] = lambda _study: None
    done: int = 0
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
    def share(self) -> float:
        """How much of it is done; the report after the last iteration counts as two iterations."""
        return min(1.0, self.done / (self.total + 2))

    @property
    def seconds_left(self) -> float | None:
        """A guess from the pace so far; None before there is one."""
        if self.done == 0 or self.done >= self.total:
            return None
        return (time.monotonic() - self.began) / self.done * (self.total + 2 - self.done)

    def cancel(self) -> None:
        """Stop after the current iteration; what was built so far is thrown away."""
        self.cancelled.set()

    def run(self) -> None:
        """Do the work and keep how it ended; nothing is ever raised."""
        try:
            if self.cancelled.is_set():
                return
            self.began = time.monotonic()
            found = self.work(self._tick)
            if not self.cancelled.is_set():
                self.result = found
                self.finish(found)
        except PicoError as error:
            self.failure = str(error)
        except MemoryError:
            self.failure = "There is not enough memory for this dataset; bring fewer images or shorter token lists."
        except Exception as error:
            LOG.exception("the study %s ended unexpectedly", self.title)
            self.failure = f"It ended unexpectedly ({type(error).__name__}: {error}). The server's log says where."
        finally:
            self.ended.set()

    def _tick(self, step: Iteration) -> bool:
        self.done = step.index + 1
        return not self.cancelled.is_set()


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
