"""The command line: from datasets over studies, experiments and trainings to files for other programs.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 bad
input or usage, 3 a replay or a checked table that differs, 130 interrupted.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

from pico_core.cli import datasets, demo, encode, experiment, plugins, probe, retrieve, studies, train
from pico_core.cli.printing import err
from pico_core.errors import PicoError
from pico_core.reporter import Cancelled, NoteWarning
from pico_core.storage.retry_in_halves import NO_MEMORY, out_of_memory

INTERRUPTED = 130

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for family in (datasets.app, encode.app, studies.app, experiment.app, train.app, retrieve.app, probe.app):
    app.add_typer(family)
app.add_typer(demo.app, name="demo")


@contextmanager
def _notes_printed() -> Iterator[None]:
    """Notes of all work on standard error, each sentence once."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", NoteWarning)
        others, printed = warnings.showwarning, set()

        def show(message: Warning | str, category: type[Warning], *place: Any, **more: Any) -> None:
            if not issubclass(category, NoteWarning):
                others(message, category, *place, **more)
            elif str(message) not in printed:
                printed.add(str(message))
                err.print(f"Note: {message}", markup=False, highlight=False)

        warnings.showwarning = show
        yield


def main() -> None:
    """Run the command line; a person's mistake is a sentence, never a traceback."""
    try:
        with _notes_printed():
            plugins.with_plugins(app)(prog_name="pico-lens")
    except Cancelled as stop:
        err.print(f"pico-lens: {stop}", markup=False, highlight=False)
        sys.exit(INTERRUPTED)
    except PicoError as error:
        err.print(f"pico-lens: {error}", markup=False, highlight=False)
        sys.exit(2)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        err.print(f"pico-lens: {NO_MEMORY}", markup=False, highlight=False)
        sys.exit(2)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        err.print(f"pico-lens: {place}{error.strerror or error}", markup=False, highlight=False)
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer has caught the key press, and says nothing itself
            err.print("pico-lens: interrupted; nothing was written")
        raise
