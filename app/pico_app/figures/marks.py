"""Marks that many figures are made of: notes, lines, rings, boxes, named rows, scales, players, halves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.theme import SEQUENTIAL, Theme

TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)  # of a log axis
NOTHING = "rgba(0,0,0,0)"


def add_note(
    figure: go.Figure,
    text: str,
    x: object,
    y: object,
    *,
    size: float = 0,
    colour: str = "",
    paper: str = "",
    anchor: str = "",
    **settings: Any,
) -> None:
    """Words at a place, without an arrow.

    Args:
        figure: Where they are added.
        text: The words.
        x: Across.
        y: Up.
        size: Of the letters; 0 for that of the figure.
        colour: Of the letters; empty for that of the figure.
        paper: "x", "y" or "xy" where a place is a share of the figure, not a value of its axis.
        anchor: Which side of the words lies there, such as "left" or "right bottom".
        settings: Others, as Plotly names them.
    """
    font = {name: value for name, value in (("size", size), ("color", colour)) if value}
    sides = {"xanchor" if side in ("left", "right", "center") else "yanchor": side for side in anchor.split()}
    refs = {f"{axis}ref": "paper" for axis in paper}
    settings |= sides | refs | ({"font": font} if font else {})
    figure.add_annotation(text=text, x=x, y=y, showarrow=False, **settings)


def add_line(
    figure: go.Figure, x: Any, y: Any, *, colour: str, width: float, dash: str | None = None, **settings: Any
) -> None:
    """A line that only is seen: nothing is said where it is pointed at."""
    line = {"color": colour, "width": width} | ({} if dash is None else {"dash": dash})
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", **settings)


def add_ring(
    figure: go.Figure,
    x: float,
    y: float,
    *,
    theme: Theme,
    size: float = 17,
    width: float = 2.5,
    symbol: str = "",
    **settings: Any,
) -> None:
    """A ring around one point: an empty mark with an edge, or an open symbol."""
    edge = {"color": NOTHING, "line": {"color": theme.ink, "width": width}}
    open_mark = {"symbol": symbol, "color": theme.ink, "line": {"width": width}}
    marker = {"size": size, **(open_mark if symbol else edge)}
    figure.add_scatter(x=[x], y=[y], mode="markers", marker=marker, hoverinfo="skip", **settings)


def add_box(figure: go.Figure, x: Sequence[float], y: Sequence[float], **settings: Any) -> None:
    """A rectangle between two places across and two places up."""
    figure.add_shape(type="rect", x0=x[0], x1=x[1], y0=y[0], y1=y[1], **settings)


def add_zero(figure: go.Figure, *, theme: Theme) -> None:
    """The dotted line at zero, as high as the figure."""
    line = {"color": theme.ink, "width": 1, "dash": "dot"}
    figure.add_shape(type="line", x0=0, x1=0, y0=0, y1=1, yref="paper", line=line)


def name_rows(figure: go.Figure, names: Sequence[str], *, top: float = -0.6, fewest: int = 0) -> None:
    """Rows at 0, 1, 2 and so on, the first on top, each with its name.

    Args:
        figure: Its upright axis is set.
        names: Of the rows.
        top: Where the axis ends above the first row.
        fewest: Rows that there is room for, however few there are.
    """
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=list(names),
        range=[max(fewest, len(names)) - 0.4, top],
        showgrid=False,
        zeroline=False,
        fixedrange=True,
    )


def scaled(values: Any, top: float = 1, **settings: Any) -> dict[str, Any]:
    """Marks coloured by numbers from 0 to the top of the scale."""
    return {"color": values, "colorscale": SEQUENTIAL, "cmin": 0, "cmax": top, **settings}


def add_player(
    figure: go.Figure,
    buttons: Sequence[tuple[str, dict[str, Any] | None]],
    steps: Sequence[tuple[str, str]],
    *,
    instant: dict[str, Any],
    menu: dict[str, Any],
    slider: dict[str, Any],
) -> None:
    """Buttons that play the frames of a figure, and a slider that steps through them; it shows the last one at first.

    Args:
        figure: With its frames.
        buttons: What stands on each, and how it plays; None pauses.
        steps: Label and frame of every step of the slider.
        instant: How the slider jumps to a frame.
        menu: Where the buttons lie.
        slider: Where the slider lies, and how it is labelled.
    """
    pressed = [
        {"label": label, "method": "animate", "args": [[None], instant] if play is None else [None, play]}
        for label, play in buttons
    ]
    looks = {
        "type": "buttons",
        "direction": "right",
        "showactive": False,
        "xanchor": "left",
        "yanchor": "top",
        "bgcolor": "#E8EBEE",  # its hover colour is light in both themes, so its ink is dark in both
        "font": {"color": "#1B1F24"},
    }
    stops = [{"label": label, "method": "animate", "args": [[frame], instant]} for label, frame in steps]
    figure.update_layout(
        updatemenus=[{**looks, **menu, "buttons": pressed}],
        sliders=[{"active": len(steps) - 1, "yanchor": "top", **slider, "steps": stops}],
    )


def dots(
    colour: Any, size: Any, symbol: Any = None, *, edge: float | None = None, rim: Any = None, **settings: Any
) -> dict[str, Any]:
    """A trace of markers, as Plotly names it.

    Args:
        colour: Of all, or of each.
        size: Across, in pixels.
        symbol: Of all, or of each; None for circles.
        edge: Width of their edge.
        rim: Its colour; by default that of the markers.
        settings: Of the markers, others.

    >>> dots("red", 9, edge=2)
    {'mode': 'markers', 'marker': {'color': 'red', 'size': 9, 'line': {'width': 2, 'color': 'red'}}}
    """
    line = {} if edge is None else {"line": {"width": edge, "color": colour if rim is None else rim}}
    shape = {} if symbol is None else {"symbol": symbol}
    return {"mode": "markers", "marker": {"color": colour, "size": size, **shape, **line, **settings}}


def hover(text: str, data: Any = None) -> dict[str, Any]:
    """What is said where a mark is pointed at, and the data that its template reads; the trace is not named."""
    return {"hovertemplate": f"{text}<extra></extra>"} | ({} if data is None else {"customdata": data})


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


def heading(figure: go.Figure, text: str, *, number: int, gap: float, theme: Theme) -> None:
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


def plane_axes(figure: go.Figure, left: Plane, right: Plane, *, gap: float, theme: Theme) -> None:
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
