"""The files of the built-in demos, made anew: for those who change them."""

from pathlib import Path
from typing import Annotated

import typer

from pico_core.demo import build_demo

app = typer.Typer(help=__doc__, no_args_is_help=True)


@app.command()
def planted(target: Annotated[Path, typer.Option("--out")] = Path("assets/planted")) -> None:
    """Make the files of the planted demo anew."""
    build_demo(target)
