"""What the points of the maps are coloured by."""

from functools import partial

from pico_app.answers.maps import SpaceNumbers, map_sample
from pico_app.answers.readings import columns_summary
from pico_app.workspace import Workspace
from pico_core.spaces import items
from pico_core.spaces.items import Colouring

COLOURS = {
    "modality": "modality",
    "column": "value of a column",
    "change": "neighbourhood change",
    "rank-before": "rank of the partner, unweighted",
    "rank-after": "rank of the partner, weighted",
    "rank-gain": "places that the partner gained",
}


def colour_title(space: Workspace, name: str, column: int) -> str:
    """What a choice is called; a name that is no key of `COLOURS` is a label."""
    return f"value of {_title(space, _column(space, column))}" if name == "column" else COLOURS.get(name, name)


def colouring(space: Workspace, name: str, numbers: SpaceNumbers | None, *, column: int = -1) -> Colouring | None:
    """Colours of the points; None for what is still being counted.

    Args:
        space: What is on the screen.
        name: A key of `COLOURS`, or a label.
        numbers: What has been counted, if it has.
        column: The one looked at; -1 where none is.
    """
    test, sample, column = space.splits.test, map_sample(space), _column(space, column)
    before, after = space.study.report.baseline.ranks, space.study.report.unguarded.ranks
    if name == "change":
        return (
            None
            if numbers is None
            else items.by_change(numbers.change, title=f"{COLOURS['change']} (0 the same, 1 none in common)")
        )
    ways = {
        "modality": partial(items.by_modality, sample),
        "column": partial(items.by_column, test, sample, column, title=f"{_title(space, column)}, mean over tokens"),
        "rank-before": partial(items.by_rank, before, sample, title=COLOURS["rank-before"]),
        "rank-after": partial(items.by_rank, after, sample, title=f"{COLOURS['rank-after']}, without the guard"),
        "rank-gain": partial(
            items.by_rank_change, before, after, sample, title=f"{COLOURS['rank-gain']}, without the guard"
        ),
    }
    return ways.get(name, partial(items.by_label, test, sample, name))()


def _column(space: Workspace, column: int) -> int:
    """The column looked at, as on the Columns page: the one of the lowest probability where none was chosen."""
    return column if column >= 0 else columns_summary(space).lowest


def _title(space: Workspace, column: int) -> str:
    return str(space.study.columns["title"][column])
