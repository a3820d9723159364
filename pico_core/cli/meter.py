"""How far the encoding is, on a terminal."""

from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from pico_core.cli.printing import err
from pico_core.encoders import EncodingStopped, Progress


class Meter:
    """Two bars on standard error. An interruption of work that can go on later says how far it came."""

    def __init__(self, *, resumable: bool = True) -> None:
        self._resumable = resumable
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Bars(*columns, console=err, transient=True, disable=not err.is_terminal)
        self._tasks: dict[str, TaskID] = {}
        self._last: Progress | None = None

    def __enter__(self) -> "Meter":
        self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._bars.stop()
        if self._resumable and kind is KeyboardInterrupt and self._last is not None:
            raise EncodingStopped(self._last)

    def show(self, progress: Progress) -> None:
        """Move the bar of this stage."""
        self._last = progress
        if progress.stage not in self._tasks:
            self._tasks[progress.stage] = self._bars.add_task(progress.stage)
        self._bars.update(self._tasks[progress.stage], completed=progress.done, total=progress.total)
