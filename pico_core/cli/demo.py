"""The files of the built-in demos, made anew: for those who change them, or want to see how they came about."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pico_core.demo.catalogue import Demo, demo_of
from pico_core.demo.planted import build_planted
from pico_core.demo.recipes import RECIPES
from pico_core.demo.scenes import build_scenes
from pico_core.places import ASSETS
from pico_core.printing import err, say

app = typer.Typer(help=__doc__, no_args_is_help=True)
DEMO_OF = {"shortcut": "shortcut", "mixed": "clean"}  # by recipe

Target = Annotated[Path, typer.Option("--out", help="Folder of the assets.")]


@app.command()
def planted(target: Target = ASSETS) -> None:
    """Make the files of the planted demo anew: seconds."""
    build_planted(_below(demo_of("planted"), target))


@app.command()
def build(
    target: Target = ASSETS,
    work: Annotated[
        Path, typer.Option(help="Keeps what is finished; started again, the build goes on from there.")
    ] = Path("demo.part"),
) -> None:
    """Train all recipes of the small encoder, measure them, and make the demos of styled scenes: about an hour."""
    demos = {recipe: _below(demo_of(name), target) for recipe, name in DEMO_OF.items()}
    made = build_scenes(RECIPES, demos, work=work, tell=lambda words: err.print(words, highlight=False))
    for recipe in made:
        say({recipe.name: [report.sentence for report in recipe.development.seeds]}, as_json=False)


def _below(demo: Demo, assets: Path) -> Demo:
    return replace(demo, folder=assets / demo.folder.relative_to(ASSETS))
