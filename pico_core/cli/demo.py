"""The files of the built-in demos, made anew: for those who change them, or want to see how they came about."""

import os
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pico_core.cli.printing import err, say
from pico_core.common.errors import SettingError
from pico_core.common.places import ASSETS, PACKAGE, assets_of_checkout
from pico_core.demo.catalogue import Demo, demo_of
from pico_core.demo.planted import build_planted
from pico_core.demo.recipes import RECIPES
from pico_core.demo.scenes import build_scenes
from pico_core.storage.locks import exclusive_lock, lock_beside, lock_inside

app = typer.Typer(help=__doc__, no_args_is_help=True)
DEMO_OF = {"shortcut": "shortcut", "mixed": "clean"}  # by recipe

Target = Annotated[
    Path | None, typer.Option("--out", help="Folder of the assets; default those of the project's checkout.")
]


@app.command()
def planted(target: Target = None) -> None:
    """Make the files of the planted demo anew: seconds."""
    demo = _below(demo_of("planted"), _assets(target))
    with exclusive_lock(_lock(demo.folder), demo.folder):
        build_planted(demo)


@app.command()
def build(
    target: Target = None,
    work: Annotated[
        Path, typer.Option(help="Keeps what is finished; started again, the build goes on from there.")
    ] = Path("demo.part"),
) -> None:
    """Train all recipes of the small encoder, measure them, and make the demos of styled scenes: about an hour."""
    demos = {recipe: _below(demo_of(name), _assets(target)) for recipe, name in DEMO_OF.items()}
    folder = demos["shortcut"].folder.parent
    work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        held.enter_context(exclusive_lock(_lock(folder), folder))
        held.enter_context(exclusive_lock(lock_inside(work), work))
        recipes = build_scenes(RECIPES, demos, work=work, tell=lambda words: err.print(words, highlight=False))
    for recipe in recipes:
        say({recipe.name: [report.sentence for report in recipe.development.seeds]}, as_json=False)


def _assets(target: Path | None) -> Path:
    """Where the files go: what is installed is not written over, for it belongs to the installer."""
    if target is not None:
        return target.resolve()
    own = assets_of_checkout(PACKAGE)
    if own is None:
        raise SettingError(
            "the built-in demos belong to the installed program, and are not made anew in its place; name a folder of "
            "your own with --out FOLDER"
        )
    if not os.access(own, os.W_OK):
        raise SettingError(f"{own}: cannot be written to; name a folder of your own with --out FOLDER")
    return own


def _lock(folder: Path) -> Path:
    folder.parent.mkdir(parents=True, exist_ok=True)
    return lock_beside(folder)


def _below(demo: Demo, assets: Path) -> Demo:
    return replace(demo, folder=assets / demo.folder.relative_to(ASSETS))
