"""All commands of the engine, with the libraries that they need."""

from importlib import import_module

import typer

from pico_core import cli
from pico_core.cli.overview import FAMILIES, GROUPS

app = typer.Typer(help=cli.__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for family in FAMILIES:
    app.add_typer(import_module(f"pico_core.cli.{family}").app)
for group in GROUPS:
    app.add_typer(import_module(f"pico_core.cli.{group}").app, name=group)
