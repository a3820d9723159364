"""What lies behind the objects: pale paper, sometimes with hills, never a content of its own."""

from typing import Final

import numpy as np

from pico_core.data.scenes.pixels import Pixels, Plane, coordinates, filled, floats, mixed

# Colour at the top and at the bottom. All so pale that any object stands out.
PAPERS: Final[tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...]] = (
    ((255, 246, 234), (252, 226, 206)),  # dawn
    ((240, 246, 252), (212, 228, 244)),  # mist
    ((246, 250, 236), (222, 237, 206)),  # meadow
    ((247, 242, 252), (226, 216, 242)),  # lilac
    ((254, 249, 236), (242, 229, 202)),  # sand
    ((254, 243, 244), (246, 219, 226)),  # shell
    ((250, 250, 248), (226, 229, 232)),  # pearl
    ((238, 250, 249), (206, 234, 234)),  # lagoon
)
MOST_HILLS: Final = 2
DISC_SHARE: Final = 0.4  # of scenes with a pale sun


def paint_backdrop(size: int, generator: np.random.Generator) -> Pixels:
    """A pale gradient of a random tint with up to two soft hills and perhaps a pale disc; `size` pixels a side.

    >>> bool(paint_backdrop(16, np.random.default_rng(0)).min() > 0.7)
    True
    """
    top, bottom = floats(PAPERS[generator.integers(len(PAPERS))]) / 255
    shape = size, size
    x, y = coordinates(shape)
    lean = float(generator.uniform(-0.3, 0.3))
    paper = mixed(filled(top, shape), filled(bottom, shape), floats((y + lean * (x - 0.5)).clip(0, 1)))
    if generator.random() < DISC_SHARE:
        centre_x, centre_y, radius = generator.uniform((0.15, 0.12, 0.1), (0.85, 0.4, 0.22)).tolist()
        disc = _covered(radius - np.hypot(x - centre_x, y - centre_y), size)
        paper = mixed(paper, filled(0.35 + 0.65 * top, shape), disc)
    for hill in range(int(generator.integers(MOST_HILLS + 1))):
        height, waves, start = generator.uniform((0.62 + 0.14 * hill, 0.8, 0), (0.74 + 0.14 * hill, 1.6, 1)).tolist()
        slope = _covered(y - height - 0.06 * np.sin(2 * np.pi * (waves * x + start)), size)
        paper = mixed(paper, filled(bottom * (0.975 - 0.035 * hill), shape), slope)
    return paper


def _covered(inside: Plane, size: int) -> Plane:
    """How much of a pixel a region covers, from the signed distance to its rim."""
    return floats((inside * size + 0.5).clip(0, 1))
