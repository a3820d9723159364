"""Where the prototypes went among the columns, over iterations or epochs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.halves import Plane, half_axes, heading, plane_axes
from pico_app.figures.marks import add_ring, hover
from pico_app.figures.player import add_player
from pico_app.figures.theme import BAR, LIGHT, SEQUENTIAL, STYLE, STYLE_DEEP, Theme, blank, colour_bar, scale_top
from pico_core.columns.trajectories import PrototypePlanes

Numbers = NDArray[np.float32]
GAP = 0.12


@dataclass(frozen=True, eq=False)
class Side:
    """What one half of the figure draws.

    Attributes:
        name: "image" or "text".
        columns: Columns in the plane [d, 2].
        centres: Prototypes at every iteration [t, k, 2].
        labels: Nearest prototype of every column at every iteration [t, d].
        explained: Share of the variance along both axes.
    """

    name: str
    columns: Numbers
    centres: Numbers
    labels: NDArray[np.int64]
    explained: tuple[float, float]


def sides(planes: PrototypePlanes) -> tuple[Side, Side]:
    """Both halves of the figure, image side first."""
    image, text = (
        Side(name, plane.columns.numpy(), plane.centres.numpy(), labels.numpy(), plane.explained)
        for name, plane, labels in (
            ("image", planes.image, planes.image_labels),
            ("text", planes.text, planes.text_labels),
        )
    )
    return image, text


def trajectories(
    image: Side,
    text: Side,
    probabilities: Numbers,
    *,
    selected: int,
    with_lines: bool = True,
    result: int | None = None,
    epochs: Sequence[int] = (),
    theme: Theme = LIGHT,
) -> go.Figure:
    """Prototypes over iterations among the columns; play and slider move both sides together.

    Args:
        image: Left half.
        text: Right half.
        probabilities: Semantic probability of every column at every iteration [t, d].
        selected: Column to ring; -1 for none.
        with_lines: Whether every column is tied to its nearest prototype.
        result: Iteration whose probabilities are the result, which the colours are scaled to; the last by default.
        epochs: Number of the epoch of every step of a training; empty where steps are iterations of a construction.
        theme: Light or dark.
    """
    last = len(probabilities) - 1
    top = scale_top(probabilities[last if result is None else result])
    figure = blank(theme, height=560, key="trajectories")
    for number, side in enumerate((image, text), start=1):
        for trace in _moving(side, probabilities, last, number=number, with_lines=with_lines, top=top, theme=theme):
            figure.add_trace(trace)
    per_side = len(figure.data) // 2
    for number, side in enumerate((image, text), start=1):
        if selected >= 0:
            x, y = side.columns[selected]
            add_ring(figure, theme, x, y, size=16, **half_axes(number))
        name = f"{'●' if number == 1 else '◆'} {side.name.capitalize()} side"
        heading(figure, theme, name, f"shows {sum(side.explained):.0%} of the variance", number=number, gap=GAP)
    figure.frames = [
        go.Frame(
            name=str(step),
            traces=list(range(2 * per_side)),
            data=[
                trace for side in (image, text) for trace in _moved(side, probabilities, step, with_lines=with_lines)
            ],
        )
        for step in range(last + 1)
    ]
    plane_axes(figure, theme, _plane(image), _plane(text), gap=GAP)
    _player(figure, epochs or range(last + 1), prefix="epoch " if epochs else "iteration ", theme=theme)
    return figure


def _moved(side: Side, probabilities: Numbers, step: int, *, with_lines: bool) -> list[dict[str, Any]]:
    """What moves between iterations, of every trace of one side: all that a frame has to say."""
    heads = side.centres[step]
    nearest = heads[side.labels[step]]
    apart = np.full((len(nearest), 1), np.nan, dtype=np.float32)
    ties = np.stack([np.hstack([side.columns[:, [axis]], nearest[:, [axis]], apart]).ravel() for axis in (0, 1)])
    n_prototypes = side.centres.shape[1]
    walked = side.centres[: step + 1].transpose(1, 0, 2)
    gap = np.full((n_prototypes, 1, 2), np.nan, dtype=np.float32)
    paths = np.concatenate([walked, gap], axis=1).reshape(-1, 2)
    return [
        {"x": ties[0], "y": ties[1]} if with_lines else {"x": [None], "y": [None]},
        {
            "marker": {"color": probabilities[step]},
            "customdata": np.column_stack([np.arange(len(side.columns)), side.labels[step]]),
        },
        {"x": paths[:, 0], "y": paths[:, 1]},
        {"x": heads[:, 0], "y": heads[:, 1], "customdata": np.bincount(side.labels[step], minlength=n_prototypes)},
    ]


def _moving(
    side: Side, probabilities: Numbers, step: int, *, number: int, with_lines: bool, top: float, theme: Theme
) -> list[go.Scatter]:
    """All traces of one side at one iteration, always the same number of them."""
    ties, columns, paths, heads = _moved(side, probabilities, step, with_lines=with_lines)
    columns["marker"] |= {
        "colorscale": SEQUENTIAL,
        "cmin": 0,
        "cmax": top,
        "size": 8,
        "symbol": "circle" if number == 1 else "diamond",
        "line": {"color": theme.rim, "width": 0.8},
        "showscale": number == 2,
        "colorbar": colour_bar("semantic<br>probability"),
    }
    return [
        go.Scatter(
            **ties,
            mode="lines",
            line={"width": 1, "color": "rgba(140,145,150,0.45)"},
            hoverinfo="skip",
            **half_axes(number),
        ),
        go.Scatter(
            **columns,
            x=side.columns[:, 0],
            y=side.columns[:, 1],
            mode="markers",
            **hover("column %{customdata[0]}<br>probability %{marker.color:.3f}, nearest prototype %{customdata[1]}"),
            **half_axes(number),
        ),
        go.Scatter(**paths, mode="lines", line={"color": STYLE, "width": 2}, hoverinfo="skip", **half_axes(number)),
        go.Scatter(
            **heads,
            mode="markers+text",
            marker={"color": STYLE_DEEP, "size": 19, "symbol": "square", "line": {"color": "#FFFFFF", "width": 1}},
            text=[str(k) for k in range(side.centres.shape[1])],
            textposition="middle center",
            textfont={"color": "#FFFFFF", "size": 13, "weight": 700},
            hovertemplate="style prototype %{text}<br>nearest to %{customdata} columns<extra></extra>",
            **half_axes(number),
        ),
    ]


def _plane(side: Side) -> Plane:
    """All frames, so that nothing jumps while it plays."""
    return Plane(
        np.concatenate([side.columns, side.centres.reshape(-1, 2)]),
        f"first axis, {side.explained[0]:.0%} of the variance",
        f"second axis, {side.explained[1]:.0%}",
    )


def _player(figure: go.Figure, numbers: Sequence[int], *, prefix: str, theme: Theme) -> None:
    instant = {"mode": "immediate", "frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}}
    frame = {"duration": 450, "redraw": False}
    play = {"mode": "immediate", "fromcurrent": False, "frame": frame, "transition": {"duration": 250}}
    figure.update_layout(margin={"l": 40, "r": BAR, "t": 50, "b": 142})
    ink_of = {"font": {"color": theme.ink}}
    add_player(
        figure,
        [("Play", play), ("Pause", None)],
        [(str(number), str(step)) for step, number in enumerate(numbers)],
        instant=instant,
        menu={"x": 0, "y": -0.16, "pad": {"t": 8}},
        slider={
            "x": 0,
            "len": 0.98,
            "y": -0.13,
            "pad": {"t": 4, "l": 150},  # pixels, as the buttons at its left are
            "currentvalue": {"prefix": prefix, **ink_of},
            **ink_of,
        },
    )
