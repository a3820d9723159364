"""What was measured when the built-in demos were made."""

from pico_app.server.answer import answer
from pico_app.workspace import Workspace
from pico_core.demo import SCENES, MeasuredRecipe, read_record
from pico_core.studies.seeds import SeedsReport


@answer(entries=1)
def _record() -> tuple[MeasuredRecipe, ...]:
    return read_record(SCENES)


def recipes(space: Workspace) -> tuple[MeasuredRecipe, ...]:
    """Every recipe that was compared for the demo on the screen; empty where none was."""
    demo = space.dataset.demo
    if demo is None or demo.folder.parent != SCENES:
        return ()
    return _record()


def over_seeds(space: Workspace) -> SeedsReport | None:
    """The demo's encoder on other scenes, over several seeds, in the basis on the screen."""
    for recipe in recipes(space):
        if space.dataset.demo is not None and recipe.demo == space.dataset.demo.name and recipe.final is not None:
            return next((report for report in recipe.final.seeds if report.basis == space.study.config.basis), None)
    return None
