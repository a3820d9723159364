"""Where objects stand: an invisible grid of three by three cells, and the relations that it can show.

Objects in different cells never overlap, because every object stays inside its own cell.
"""

from collections.abc import Iterator
from itertools import product
from typing import Final, NamedTuple

ROWS: Final = 3
MARGIN: Final = 0.02  # empty rim of the image
CELL: Final = (1 - 2 * MARGIN) / ROWS


class Cell(NamedTuple):
    """A place of the grid: row from the top, column from the left, both from 0."""

    row: int
    column: int

    @property
    def centre(self) -> tuple[float, float]:
        """Where the middle lies: to the right and down, from 0 to 1.

        >>> Cell(1, 1).centre
        (0.5, 0.5)
        """
        return MARGIN + (self.column + 0.5) * CELL, MARGIN + (self.row + 0.5) * CELL


Cells = tuple[Cell, ...]

# Rows down and columns to the right from the second object to the first.
STEPS: Final[dict[str, tuple[int, int]]] = {
    "above": (-1, 0),
    "below": (1, 0),
    "left of": (0, -1),
    "right of": (0, 1),
    "above left of": (-1, -1),
    "above right of": (-1, 1),
    "below left of": (1, -1),
    "below right of": (1, 1),
}

INVERSE: Final[dict[str, str]] = {
    name: other for name, other in product(STEPS, STEPS) if STEPS[name] == tuple(-step for step in STEPS[other])
}


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)


def _pairs(step: tuple[int, int]) -> Iterator[Cells]:
    grid = [Cell(row, column) for row, column in product(range(ROWS), repeat=2)]
    for first, second in product(grid, grid):
        if step == (_sign(first.row - second.row), _sign(first.column - second.column)):
            yield first, second


def _grids() -> Iterator[Cells]:
    spans = [(0, 1), (0, 2), (1, 2)]
    for rows, columns in product(spans, spans):
        yield tuple(Cell(row, column) for row, column in product(rows, columns))


# Every relation and the cells that show it, in the order in which its objects are named.
RELATIONS: Final[dict[int, dict[str, tuple[Cells, ...]]]] = {
    1: {
        "centre": ((Cell(1, 1),),),
        "top": ((Cell(0, 1),),),
        "bottom": ((Cell(2, 1),),),
        "left": ((Cell(1, 0),),),
        "right": ((Cell(1, 2),),),
    },
    2: {name: tuple(_pairs(step)) for name, step in STEPS.items()},
    3: {
        "row": tuple(tuple(Cell(row, column) for column in range(ROWS)) for row in range(ROWS)),
        "column": tuple(tuple(Cell(row, column) for row in range(ROWS)) for column in range(ROWS)),
        "falling diagonal": ((Cell(0, 0), Cell(1, 1), Cell(2, 2)),),
        "rising diagonal": ((Cell(2, 0), Cell(1, 1), Cell(0, 2)),),
        "pyramid": tuple((Cell(top, 1), Cell(base, 0), Cell(base, 2)) for top, base in [(0, 1), (0, 2), (1, 2)]),
    },
    4: {"grid": tuple(_grids()), "round": ((Cell(0, 1), Cell(1, 2), Cell(2, 1), Cell(1, 0)),)},
}
MOST_OBJECTS: Final = max(RELATIONS)
