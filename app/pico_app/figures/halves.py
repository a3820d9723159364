"""A figure of two halves beside each other, each with axes and a heading of its own."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import add_note
from pico_app.figures.theme import Theme

ROOM = 0.07  # of the longer side of a plane, on every side of it


@dataclass(frozen=True, eq=False)
class Plane:
    """What a half must hold.

    Attributes:
        points: Everything that is ever drawn in it [n, 2].
        first: Title of its first axis.
        second: Of its second.
    """

    points: NDArray[np.float32]
    first: str
    second: str


def heading(figure: go.Figure, theme: Theme, name: str, *more: str, number: int, gap: float) -> None:
    """A name over the left half (number 1) or the right one (2), in line with its axis, and small print below it.

    Every part has a line of its own: in a narrow window a half has room for few words.
    """
    start = domain(number, gap=gap)[0]
    add_note(
        figure, lines_of(name, *more), start, 1.0, colour=theme.ink, paper="xy", align="left", anchor="left bottom"
    )


def lines_of(name: str, *more: str) -> str:
    """A name in bold print, and lines of small print below it.

    >>> lines_of("images", "100 of them")
    "<b>images</b><br><span style='font-size:12px'>100 of them</span>"
    """
    return "<br>".join([f"<b>{name}</b>", *(f"<span style='font-size:12px'>{line}</span>" for line in more if line)])


def domain(number: int, *, gap: float) -> list[float]:
    """Where a half begins and ends.

    >>> domain(2, gap=0.2)
    [0.6, 1]
    """
    return [0, 0.5 - gap / 2] if number == 1 else [0.5 + gap / 2, 1]


def half_axes(number: int) -> dict[str, Any]:
    """The axes of a trace of a half, as Plotly names them."""
    return {} if number == 1 else {"xaxis": "x2", "yaxis": "y2"}


def two_axes(theme: Theme, number: int, x: dict[str, Any], y: dict[str, Any]) -> dict[str, Any]:
    """The axes of one half in a layout, each lying at the other."""
    end = "" if number == 1 else "2"
    grid = {"gridcolor": theme.faint}
    return {f"xaxis{end}": {**grid, "anchor": f"y{end}", **x}, f"yaxis{end}": {**grid, "anchor": f"x{end}", **y}}


def plane_axes(figure: go.Figure, theme: Theme, left: Plane, right: Plane, *, gap: float) -> None:
    """Equal scales, ends that hold everything ever drawn, so that nothing jumps while a figure moves."""
    for number, plane in ((1, left), (2, right)):
        low, high = plane.points.min(axis=0), plane.points.max(axis=0)
        room = ROOM * float((high - low).max() or 1.0)
        x, y = (
            {"range": [float(low[i]) - room, float(high[i]) + room], "zeroline": False, "showticklabels": False}
            for i in (0, 1)
        )
        x |= {"domain": domain(number, gap=gap), "title_text": plane.first}
        y |= {"scaleanchor": "x" if number == 1 else "x2", "title_text": plane.second}
        figure.update_layout(two_axes(theme, number, x, y))
