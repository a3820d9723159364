"""What a scene shows: the content that a caption speaks of, drawn by chance from a generator."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from pico_core.data.scenes.layout import CELL, RELATIONS, Cell
from pico_core.data.scenes.shapes import CURVES, outline

SHAPES: Final = tuple(CURVES)

# Red, green and blue from 0 to 255. Any two are at least 30 apart in CIELAB, so that nobody argues about a name.
COLOURS: Final[dict[str, tuple[int, int, int]]] = {
    "red": (218, 40, 46),
    "orange": (247, 131, 18),
    "yellow": (250, 206, 24),
    "green": (46, 160, 67),
    "turquoise": (44, 204, 200),
    "blue": (36, 92, 214),
    "purple": (118, 44, 168),
    "pink": (246, 120, 178),
}

# The longer side of an object's box as a share of the image's width. A medium object is named without its size.
SIZES: Final[dict[str, float]] = {"small": 0.17, "medium": 0.235, "large": 0.31}


COUNT_SHARES: Final = (0.1, 0.35, 0.35, 0.2)  # of scenes with 1, 2, 3 and 4 objects
TILT: Final = 0.22  # most turn of an object in radians, about 13 degrees
FREEDOM: Final = 0.7  # share of the room around an object inside its cell that its place may use


@dataclass(frozen=True)
class Box:
    """A rectangle in the image, with x to the right and y down, both from 0 to 1.

    >>> Box(0.25, 0.5, 0.75, 1.0).centre
    (0.5, 0.75)
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        """Where the middle lies: to the right, and down."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share an area.

        >>> Box(0.0, 0.0, 0.5, 1.0).overlaps(Box(0.4, 0.0, 1.0, 1.0))
        True
        """
        across = min(self.right, other.right) > max(self.left, other.left)
        return across and min(self.bottom, other.bottom) > max(self.top, other.top)


@dataclass(frozen=True)
class SceneObject:
    """One thing of a scene.

    Attributes:
        shape: One of `SHAPES`.
        colour: A name in `COLOURS`.
        size: A name in `SIZES`.
        cell: The cell of the grid that it stands in.
        centre: x and y of the middle of its box.
        angle: Its turn in radians, clockwise.
    """

    shape: str
    colour: str
    size: str
    cell: Cell
    centre: tuple[float, float]
    angle: float

    @property
    def name(self) -> str:
        """Colour and shape, the shortest name that tells the objects of a scene apart."""
        return f"{self.colour} {self.shape}"

    @cached_property
    def box(self) -> Box:
        """The smallest rectangle around its outline."""
        extent = np.abs(outline(self.shape, angle=self.angle)[0]).max(axis=0) * SIZES[self.size]
        x, y = self.centre
        return Box(x - float(extent[0]), y - float(extent[1]), x + float(extent[0]), y + float(extent[1]))


@dataclass(frozen=True)
class Scene:
    """Objects and how they stand to one another.

    Attributes:
        objects: One to four, in the order in which they are named. No two have the same colour or
            the same shape, so a colour word and a shape word each mean one object.
        relation: Of one object its place, of two how the first stands to the second, of more
            their arrangement; one of `RELATIONS[count]`.
    """

    objects: tuple[SceneObject, ...]
    relation: str

    @property
    def count(self) -> int:
        """Number of objects."""
        return len(self.objects)


def compose_scene(generator: np.random.Generator) -> Scene:
    """Draw a scene: count, relation, cells, then shapes and colours without repetition, sizes and small turns.

    >>> compose_scene(np.random.default_rng(3)).relation == compose_scene(np.random.default_rng(3)).relation
    True
    """
    count = int(generator.choice(len(COUNT_SHARES), p=COUNT_SHARES)) + 1
    relations = tuple(RELATIONS[count])
    relation = relations[generator.integers(len(relations))]
    choices = RELATIONS[count][relation]
    cells = choices[generator.integers(len(choices))]
    shapes = generator.permutation(len(SHAPES))[:count]
    colours = generator.permutation(len(COLOURS))[:count]
    names = tuple(COLOURS)
    return Scene(
        tuple(
            _place(SHAPES[shape], names[colour], cell, generator)
            for shape, colour, cell in zip(shapes, colours, cells, strict=True)
        ),
        relation,
    )


def _place(shape: str, colour: str, cell: Cell, generator: np.random.Generator) -> SceneObject:
    """An object of any size somewhere in its cell, never beyond the rim of the cell."""
    size = tuple(SIZES)[generator.integers(len(SIZES))]
    room = FREEDOM * (CELL - SIZES[size]) / 2
    dx, dy = generator.uniform(-room, room, size=2)
    x, y = cell.centre
    return SceneObject(shape, colour, size, cell, (x + float(dx), y + float(dy)), float(generator.uniform(-TILT, TILT)))
