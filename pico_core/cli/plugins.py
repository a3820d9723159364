"""Commands that installed packages add. The engine knows no screen; what draws comes to the command line this way.

A package names a function under the entry point group `pico_lens.commands`; the name of the
entry point is the name of the command. A command that cannot be loaded leaves the others alone,
and says why when it is asked for.
"""

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer

from pico_core.common.errors import PicoError

GROUP = "pico_lens.commands"
TAKES_ANYTHING = {"ignore_unknown_options": True, "allow_extra_args": True}


def with_plugins(app: typer.Typer) -> typer.Typer:
    """The command line with every command that is found; a name that is taken stays what it was.

    Args:
        app: The commands of the engine; not changed.
    """
    whole = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    whole.info = app.info
    whole.registered_commands = list(app.registered_commands)
    whole.registered_groups = list(app.registered_groups)
    taken = set(getattr(typer.main.get_command(app), "commands", {}))
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        if point.name in taken:
            continue
        taken.add(point.name)
        try:
            whole.command(name=point.name)(_checked(point))
        except Exception as error:  # whatever another package does wrong must not end ours
            stand_in = whole.command(name=point.name, context_settings=TAKES_ANYTHING, add_help_option=False)
            stand_in(_refusing(point, error))
    return whole


def _checked(point: EntryPoint) -> Callable[..., Any]:
    """The function of an entry point; a command is made of it once, so that what is wrong with it shows here."""
    function: Callable[..., Any] = point.load()
    alone = typer.Typer(add_completion=False)
    alone.command(name=point.name)(function)
    typer.main.get_command(alone)
    return function


def _refusing(point: EntryPoint, error: Exception) -> Callable[[], None]:
    owner = point.dist.name if point.dist is not None else "its package"
    problem = f"{point.name}: this command of {owner} cannot be loaded ({type(error).__name__}: {error})"

    def refuse() -> None:
        raise PicoError(f"{problem}; install {owner} again, or run it from its own folder")

    refuse.__doc__ = f"Cannot be loaded: install {owner} again."
    return refuse
