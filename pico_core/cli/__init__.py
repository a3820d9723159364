"""The command line: from datasets over studies, experiments and trainings to files for other programs.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 bad
input or usage, 3 a replay or a checked table that differs, 130 interrupted.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from pico_core.common.errors import PicoError
from pico_core.common.reporter import Cancelled, NoteWarning

INTERRUPTED = 130


def __getattr__(name: str) -> Any:
    """`app`, all commands; loaded when it is asked for, since their libraries take seconds."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pico_core.cli.commands import command_line

    return command_line(__doc__)


@contextmanager
def _notes_printed() -> Iterator[None]:
    """Notes of all work on standard error, each sentence once."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", NoteWarning)
        others, printed = warnings.showwarning, set()

        def show(message: Warning | str, category: type[Warning], *origin: Any, **more: Any) -> None:
            if not issubclass(category, NoteWarning):
                others(message, category, *origin, **more)
            elif str(message) not in printed:
                printed.add(str(message))
                _print_error(f"Note: {message}")

        warnings.showwarning = show
        yield


def _end(sentence: object, code: int = 2) -> NoReturn:
    _print_error(f"pico-lens: {sentence}")
    sys.exit(code)


def main() -> None:
    """Run the command line; a person's mistake is a sentence, never a traceback."""
    try:
        with _notes_printed():
            from pico_core.cli.commands import command_line
            from pico_core.cli.plugins import with_plugins

            called = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
            with_plugins(command_line(__doc__, called=called))(prog_name="pico-lens")
    except Cancelled as stop:
        _end(stop, INTERRUPTED)
    except PicoError as error:
        _end(error)
    except (MemoryError, RuntimeError) as error:
        from pico_core.storage.retry_in_halves import NO_MEMORY, out_of_memory

        if not out_of_memory(error):
            raise
        _end(NO_MEMORY)
    except OSError as error:
        prefix = f"{error.filename}: " if error.filename else ""
        _end(f"{prefix}{error.strerror or error}")
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer has caught the key press, and says nothing itself
            _print_error("pico-lens: interrupted; nothing was written")
        raise


def _print_error(sentence: str) -> None:
    from pico_core.cli.printing import err

    err.print(sentence, markup=False, highlight=False)
