"""The words of the little world: what a scene can show, and how large and of what colour."""

from typing import Final

from pico_core.data.scenes.shapes import CURVES

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
