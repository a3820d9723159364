"""How far long work is, on standard error: a bar on a terminal, else a line now and then."""

import time

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pico_core.cli.printing import err
from pico_core.common.reporter import Cancelled, Reporter

LINE_SECONDS = 10.0  # between two lines where standard error is a file


class Meter(Reporter):
    """Shows the share of the work and its last step while the block lasts.

    Args:
        title: What is done, until a step says more.
        resumable: An interruption says how far the work came, and that it can be started again.
    """

    def __init__(self, title: str, *, resumable: bool = False) -> None:
        self._title, self._resumable = title, resumable
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._task = self._bar.add_task(title, total=1.0)
        self._reached, self._last, self._share, self._printed = "", "", 0.0, time.monotonic()

    def __enter__(self) -> "Meter":
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bar.stop()
        if self._resumable and kind is KeyboardInterrupt and self._last:
            raise Cancelled(f"interrupted after {self._last}; start it again to go on")

    def share(self, done: float) -> None:
        """Move the bar."""
        if done and not self._share:
            self._bar.reset(self._task)  # what an earlier run did says nothing of the time that is left
        self._share = done
        self._show()

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        """Say which step was finished."""
        self._reached = self._last = f"{done} of {total} {name}"
        self._show()

    def stage(self, words: str) -> None:
        """Say what is done now."""
        self._title, self._reached = words, ""
        self._show()

    def _show(self) -> None:
        words = f"{self._title}: {self._reached}" if self._reached else self._title
        self._bar.update(self._task, description=words, completed=self._share)
        if self._bar.disable and time.monotonic() - self._printed >= LINE_SECONDS:
            self._printed = time.monotonic()
            err.print(f"{words} ({self._share:.0%})", markup=False, highlight=False)
