"""Marks that many figures are made of: notes, lines, rings, boxes, named rows, scales, legends, hover texts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.theme import SEQUENTIAL, Theme, interval
from pico_core.retrieval.records import Estimate

BARE = {"showgrid": False, "zeroline": False}  # an axis without lines
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
    figure.add_scatter(x=x, y=y, hoverinfo="skip", **lines(colour, width, dash), **settings)


def add_ring(
    figure: go.Figure,
    theme: Theme,
    x: float,
    y: float,
    *,
    size: float = 17,
    width: float = 2.5,
    symbol: str = "",
    **settings: Any,
) -> None:
    """A ring around one point: an empty mark with an edge, or an open symbol."""
    edge = {"color": NOTHING, "line": {"color": theme.ink, "width": width}}
    open_mark = {"symbol": symbol, "color": theme.ink, "line": {"width": width}}
    marker = {"size": size, **(open_mark if symbol else edge)}
    add_trace(figure, [x], [y], {"mode": "markers", "marker": marker, "hoverinfo": "skip"}, settings)


def add_named_ring(figure: go.Figure, theme: Theme, x: float, y: float, text: str, *, lift: int = 18) -> None:
    """A ring around one point, and what it is called above it, or below where it is lifted by less than nothing."""
    add_ring(figure, theme, x, y, size=19)
    add_note(figure, f"<b>{text}</b>", x, y, yshift=lift)


def add_trace(figure: go.Figure, x: Any, y: Any, *looks: dict[str, Any], **settings: Any) -> None:
    """A trace at some places: parts made by `dots`, `lines` or `hover`, and settings as Plotly names them."""
    parts = {name: value for look in (*looks, settings) for name, value in look.items()}
    figure.add_scatter(x=x, y=y, **parts)


def add_band(figure: go.Figure, x: Any, y: Any, fill: str, **settings: Any) -> None:
    """A filled outline without an edge, of which nothing is said where it is pointed at."""
    band = {"mode": "lines", "line": {"width": 0}, "fill": "toself", "fillcolor": fill, "hoverinfo": "skip"}
    figure.add_scatter(x=x, y=y, **band, **settings)


def add_box(figure: go.Figure, x: Sequence[float], y: Sequence[float], *, type: str = "rect", **settings: Any) -> None:
    """A rectangle, or the line, between two places across and two places up."""
    figure.add_shape(type=type, x0=x[0], x1=x[1], y0=y[0], y1=y[1], **settings)


def add_zero(figure: go.Figure, theme: Theme) -> None:
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


def lines(colour: str, width: float, dash: str | None = None) -> dict[str, Any]:
    """A trace of lines, as Plotly names it.

    >>> lines("red", 2, "dot")
    {'mode': 'lines', 'line': {'color': 'red', 'width': 2, 'dash': 'dot'}}
    """
    return {"mode": "lines", "line": {"color": colour, "width": width} | ({} if dash is None else {"dash": dash})}


def spread(estimates: Sequence[Estimate], **settings: Any) -> dict[str, Any]:
    """Error bars to the ends of intervals."""
    low, high, value = ([getattr(estimate, end) for estimate in estimates] for end in ("low", "high", "value"))
    return {**interval(low, high, value), **settings}


def legend(x: float, y: float, anchor: str) -> dict[str, Any]:
    """A legend in one row, shown; the anchor names the side of it that lies there, such as "left bottom"."""
    sides = {"xanchor" if side in ("left", "right") else "yanchor": side for side in anchor.split()}
    return {"showlegend": True, "legend": {"orientation": "h", "x": x, "y": y, **sides}}


def log_axis(most: float) -> dict[str, Any]:
    """An axis of powers, with round numbers up to the greatest."""
    ticks = [tick for tick in TICKS if tick <= most]
    return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:,}" for tick in ticks]}


def hover(text: str, data: Any = None) -> dict[str, Any]:
    """What is said where a mark is pointed at, and the data that its template reads; the trace is not named."""
    return {"hovertemplate": f"{text}<extra></extra>"} | ({} if data is None else {"customdata": data})


def around_zero(values: NDArray[np.float32]) -> tuple[float, float]:
    """Ends of an axis that holds zero and all values, and room for words beyond them."""
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    room = 0.2 * ((high - low) or 1.0)
    return low - room, high + room
