"""The command line: from datasets over studies, experiments and trainings to files for other programs.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 bad
input or usage, 3 a replay or a checked table that differs, 130 interrupted.
"""

import sys

import typer

from pico_core.cli import datasets, demo, encode, experiment, plugins, probe, retrieve, studies, train
from pico_core.cli.printing import err
from pico_core.encoders import EncodingStopped
from pico_core.errors import PicoError
from pico_core.storage.retry_in_halves import NO_MEMORY, hearing, out_of_memory
from pico_core.training.stopping import TrainingStopped

INTERRUPTED = 130

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for family in (datasets.app, encode.app, studies.app, experiment.app, train.app, retrieve.app, probe.app):
    app.add_typer(family)
app.add_typer(demo.app, name="demo")


def main() -> None:
    """Run the command line; a person's mistake is a sentence, never a traceback."""
    try:
        with hearing(lambda sentence: err.print(f"Note: {sentence}", markup=False, highlight=False)):
            plugins.with_plugins(app)(prog_name="pico-lens")
    except EncodingStopped as stop:
        err.print(f"pico-lens: interrupted after {stop.progress}; start it again to go on", highlight=False)
        sys.exit(INTERRUPTED)
    except experiment.ExperimentStopped as stop:
        err.print(f"pico-lens: {stop}", markup=False, highlight=False)
        sys.exit(INTERRUPTED)
    except TrainingStopped as stop:
        err.print(f"pico-lens: interrupted: {stop}", markup=False, highlight=False)
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
