"""Marks that many figures are made of: notes, lines, rings, boxes, named rows, scales, players."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from pico_app.figures.theme import SEMANTIC, SEQUENTIAL, SKY, ink

TICKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000)  # of a log axis
NOTHING = "rgba(0,0,0,0)"


def semantic_blue(dark: bool) -> str:
    """The semantic blue of thin lines and small marks, lighter on a dark ground."""
    return SKY if dark else SEMANTIC


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
    dark: bool,
    size: float = 17,
    width: float = 2.5,
    symbol: str = "",
    **settings: Any,
) -> None:
    """A ring around one point: an empty mark with an edge, or an open symbol."""
    edge = {"color": NOTHING, "line": {"color": ink(dark), "width": width}}
    open_mark = {"symbol": symbol, "color": ink(dark), "line": {"width": width}}
    marker = {"size": size, **(open_mark if symbol else edge)}
    figure.add_scatter(x=[x], y=[y], mode="markers", marker=marker, hoverinfo="skip", **settings)


def add_box(figure: go.Figure, x: Sequence[float], y: Sequence[float], **settings: Any) -> None:
    """A rectangle between two places across and two places up."""
    figure.add_shape(type="rect", x0=x[0], x1=x[1], y0=y[0], y1=y[1], **settings)


def add_zero(figure: go.Figure, *, dark: bool) -> None:
    """The dotted line at zero, as high as the figure."""
    line = {"color": ink(dark), "width": 1, "dash": "dot"}
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
