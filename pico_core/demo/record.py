"""What was measured of every recipe and of the demos, on disk beside them: the numbers of the README and of the app."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pico_core.demo.catalogue import RECORD
from pico_core.demo.measures import EncoderMeasures, StyleKept
from pico_core.retrieval.alignment import PeakHits
from pico_core.retrieval.records import Estimate
from pico_core.storage.atomic import write_atomically
from pico_core.storage.headers import reading
from pico_core.studies.seeds import ScoringOverSeeds, SeedsReport


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
    told = json.dumps([asdict(recipe) for recipe in recipes], indent=1, allow_nan=False) + "\n"
    write_atomically(folder / RECORD, told.encode())


def read_record(folder: Path) -> tuple[MeasuredRecipe, ...]:
    """Read what `write_record` wrote beside the demos.

    Raises:
        DataError: missing or damaged; make the demo again.
    """
    path = folder / RECORD
    with reading(path, "a record of recipes"):
        return tuple(
            MeasuredRecipe(
                name=row["name"],
                sentence=row["sentence"],
                demo=row["demo"],
                development=measures_from(row["development"]),
                final=None if row["final"] is None else measures_from(row["final"]),
            )
            for row in json.loads(path.read_text())
        )


def measures_from(row: dict[str, Any]) -> EncoderMeasures:
    """The inverse of `dataclasses.asdict` for the measures of an encoder."""
    recall = {name: Estimate(**row[name]) for name in ("plain_i2t", "plain_t2i", "mixed_i2t", "mixed_t2i")}
    return EncoderMeasures(
        **recall,
        n_images=row["n_images"],
        style=StyleKept(**row["style"]),
        register=StyleKept(**row["register"]),
        peaks=tuple(
            PeakHits(**{**hits, "rate": Estimate(**hits["rate"]), "lift": Estimate(**hits["lift"])})
            for hits in row["peaks"]
        ),
        seeds=tuple(_seeds_from(report) for report in row["seeds"]),
    )


def _seeds_from(row: dict[str, Any]) -> SeedsReport:
    rows = tuple(
        ScoringOverSeeds(
            name=scoring["name"],
            label=scoring["label"],
            rsum=Estimate(**scoring["rsum"]),
            difference=Estimate(**scoring["difference"]),
            verdicts=tuple(scoring["verdicts"]),
        )
        for scoring in row["rows"]
    )
    return SeedsReport(**{**row, "seeds": tuple(row["seeds"]), "rows": rows})
