"""What was measured of every recipe and of the demos, on disk beside them: the numbers of the README and of the app."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pico_core.demo.catalogue import RECORD
from pico_core.demo.measures import EncoderMeasures
from pico_core.storage.atomic import write_atomically
from pico_core.storage.headers import reading
from pico_core.storage.structure import structure_value


@dataclass(frozen=True)
class MeasuredRecipe:
    """A recipe and what came of it.

    Attributes:
        name: Of the recipe.
        sentence: What is special about its training data.
        demo: The demo that it became, or "".
        development: On the scenes on which recipes were compared.
        final: On other scenes, looked at once; only of recipes that became a demo.
    """

    name: str
    sentence: str
    demo: str
    development: EncoderMeasures
    final: EncoderMeasures | None


def write_record(recipes: tuple[MeasuredRecipe, ...], folder: Path) -> None:
    """Write what was measured, beside the demos."""
    text = json.dumps([asdict(recipe) for recipe in recipes], indent=1, allow_nan=False) + "\n"
    write_atomically(folder / RECORD, text.encode())


def read_record(folder: Path) -> tuple[MeasuredRecipe, ...]:
    """Read what `write_record` wrote beside the demos.

    Raises:
        DataError: missing or damaged; make the demo again.
    """
    path = folder / RECORD
    with reading(path, "a record of recipes"):
        recipes: tuple[MeasuredRecipe, ...] = structure_value(
            tuple[MeasuredRecipe, ...], json.loads(path.read_text()), "recipes"
        )
    return recipes
