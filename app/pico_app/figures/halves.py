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


def heading(figure: go.Figure, theme: Theme, text: str, *, number: int, gap: float) -> None:
    """Words over the left half (number 1) or the right one (2), in line with its axis."""
    add_note(
        figure,
        text,
        0 if number == 1 else 0.5 + gap / 2,
        1.0,
        size=14,
        colour=theme.ink,
        paper="xy",
        anchor="left bottom",
    )


def domain(number: int, *, gap: float) -> list[float]:
    """Where a half begins and ends.

    >>> domain(2, gap=0.2)
    [0.6, 1]
    """
    return [0, 0.5 - gap / 2] if number == 1 else [0.5 + gap / 2, 1]


def half_axes(number: int) -> dict[str, Any]:
    """The axes of a trace of a half, as Plotly names them."""
    return {} if number == 1 else {"xaxis": "x2", "yaxis": "y2"}


def plane_axes(figure: go.Figure, theme: Theme, left: Plane, right: Plane, *, gap: float) -> None:
    """Equal scales, ends that hold everything ever drawn, so that nothing jumps while a figure moves."""
    for number, plane in ((1, left), (2, right)):
        low, high = plane.points.min(axis=0), plane.points.max(axis=0)
        room = ROOM * float((high - low).max() or 1.0)
        name = "" if number == 1 else "2"
        common = {"gridcolor": theme.faint, "zeroline": False, "showticklabels": False}
        figure.update_layout(
            {
                f"xaxis{name}": {
                    "domain": domain(number, gap=gap),
                    "range": [float(low[0]) - room, float(high[0]) + room],
                    "title": {"text": plane.first},
                    "anchor": f"y{name}",
                    **common,
                },
                f"yaxis{name}": {
                    "range": [float(low[1]) - room, float(high[1]) + room],
                    "title": {"text": plane.second},
                    "anchor": f"x{name}",
                    "scaleanchor": f"x{name}",
                    **common,
                },
            }
        )
