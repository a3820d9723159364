"""The outline of every shape, as closed curves around the origin.

The first curve is filled, every further one is a hole. y points down, as in an image.
"""

from collections.abc import Callable
from functools import cache
from typing import Final

import numpy as np
from jaxtyping import Float

from pico_core.common.errors import SettingError

Curve = Float[np.ndarray, "points 2"]

ROUNDING: Final = 0.16  # share of an edge that a softened corner takes away
ARC_POINTS: Final = 72
TAU: Final = 2 * np.pi


def outline(shape: str, *, angle: float = 0.0) -> tuple[Curve, ...]:
    """The curves of a shape turned by `angle`, scaled so that the longer side of its box is 1, box at the origin.

    Args:
        shape: One of `CURVES`.
        angle: Turn in radians, clockwise as seen.

    Raises:
        SettingError: There is no such shape.

    >>> circle = outline("circle")[0]
    >>> circle.min(axis=0).round(3).tolist(), circle.max(axis=0).round(3).tolist()
    ([-0.5, -0.5], [0.5, 0.5])
    >>> len(outline("ring"))
    2
    """
    if shape not in CURVES:
        raise SettingError(f"no shape is called {shape!r}; choose one of {', '.join(CURVES)}")
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    curves = [curve @ turn for curve in _upright(shape)]
    low, high = curves[0].min(axis=0), curves[0].max(axis=0)
    return tuple((curve - (low + high) / 2) / (high - low).max() for curve in curves)


@cache
def _upright(shape: str) -> tuple[Curve, ...]:
    return CURVES[shape]()


def _arc(radius: float, *, start: float = 0.0, stop: float = TAU, centre: float = 0.0) -> Curve:
    turns = np.linspace(start, stop, ARC_POINTS)
    return np.stack([centre + radius * np.cos(turns), radius * np.sin(turns)], axis=1)


def _regular(corners: int, *, first: float) -> Curve:
    turns = first + TAU * np.arange(corners) / corners
    return np.stack([np.cos(turns), np.sin(turns)], axis=1)


def _star() -> Curve:
    corners = _regular(10, first=-TAU / 4)
    corners[1::2] *= 0.47
    return corners


def _cross() -> Curve:
    arm = 0.34
    quarter = np.array([[arm, -1.0], [arm, -arm], [1.0, -arm]])
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    return np.concatenate([quarter @ np.linalg.matrix_power(turn, k) for k in range(4)])


def _heart() -> Curve:
    t = np.linspace(0, TAU, ARC_POINTS)
    up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    return np.stack([16 * np.sin(t) ** 3, -up], axis=1)


def _crescent() -> Curve:
    """A disc of radius 1 less a disc of radius 0.76 whose centre lies 0.44 to the right."""
    bite, shift = 0.76, 0.44
    cut = (1 - bite**2 + shift**2) / (2 * shift)  # x of the two points where the rims meet
    rim, inner = np.arccos(cut), np.arctan2(np.sqrt(1 - cut**2), cut - shift)
    outer = _arc(1.0, start=rim, stop=TAU - rim)
    return np.concatenate([outer, _arc(bite, start=TAU - inner, stop=inner, centre=shift)])


def _softened(corners: Curve) -> Float[np.ndarray, "more 2"]:
    """Every corner replaced by a parabola that leaves and meets its two edges smoothly."""
    before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
    enter, leave = corners + ROUNDING * (before - corners), corners + ROUNDING * (after - corners)
    t = np.linspace(0, 1, 7)[None, :, None]
    bends = (1 - t) ** 2 * enter[:, None] + 2 * t * (1 - t) * corners[:, None] + t**2 * leave[:, None]
    return np.asarray(bends).reshape(-1, 2)


CURVES: Final[dict[str, Callable[[], tuple[Curve, ...]]]] = {
    "circle": lambda: (_arc(1.0),),
    "square": lambda: (_softened(_regular(4, first=TAU / 8)),),
    "triangle": lambda: (_softened(_regular(3, first=-TAU / 4)),),
    "star": lambda: (_softened(_star()),),
    "heart": lambda: (_heart(),),
    "ring": lambda: (_arc(1.0), _arc(0.52)),
    "cross": lambda: (_softened(_cross()),),
    "crescent": lambda: (_crescent(),),
}
