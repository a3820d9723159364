"""What feedback did, where the prototypes went, and whether a higher gain earned a higher weight."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import (
    Plane,
    add_box,
    add_line,
    add_note,
    add_player,
    add_ring,
    dots,
    half_axes,
    heading,
    hover,
    plane_axes,
)
from pico_app.figures.theme import (
    BAR,
    CANDIDATE,
    GAIN,
    GREY,
    LIGHT,
    LOSS,
    SEMANTIC,
    SEQUENTIAL,
    STYLE,
    STYLE_DEEP,
    Theme,
    blank,
    colour_bar,
    scale_top,
)
from pico_core.columns.trajectories import PrototypePlanes
from pico_core.experiments.order import RecordedRun

DIVERGING = ((0.0, LOSS), (0.5, "#F4F4F4"), (1.0, GAIN))
Numbers = NDArray[np.float32]


def probability_map(
    probabilities: Numbers,
    order: Sequence[int],
    *,
    best: int,
    selected: int,
    change: bool = False,
    theme: Theme = LIGHT,
) -> go.Figure:
    """Probability of every column at every iteration, or what it still lacked; columns sorted by the result."""
    figure = blank(
        height=380,
        x=f"{len(order)} columns, lowest probability of the result first",
        y="iteration",
        theme=theme,
        key="map",
    )
    shown = probabilities[best] - probabilities if change else probabilities
    ends = max(float(np.abs(shown).max()), 1e-3) if change else scale_top(probabilities[best])
    figure.add_heatmap(
        z=shown[:, list(order)],
        colorscale=DIVERGING if change else SEQUENTIAL,
        zmin=-ends if change else 0,
        zmax=ends,
        customdata=np.tile(np.asarray(order), (len(probabilities), 1)),
        colorbar=colour_bar("change" if change else "semantic<br>probability"),
        hovertemplate="column %{customdata}, iteration %{y}<br>"
        + ("result minus this %{z:+.3f}" if change else "probability %{z:.3f}")
        + "<extra></extra>",
    )
    add_note(
        figure,
        f"◀ {best}, the result",
        1,
        best,
        size=12,
        colour="#1B1F24",
        bgcolor="rgba(255,255,255,0.85)",
        paper="x",
        anchor="right",
    )
    if selected >= 0:
        where = list(order).index(selected)
        add_box(
            figure, (where - 0.5, where + 0.5), (-0.5, len(probabilities) - 0.5), line={"color": theme.ink, "width": 2}
        )
        add_note(figure, f"<b>{selected}</b>", where, -0.5, colour=theme.ink, yshift=10)
    figure.update_layout(margin={"r": BAR, "b": 41})
    figure.update_xaxes(showticklabels=False, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, tickformat="d", nticks=9)
    return figure


def gain_against_weight(
    gains: Numbers, weights: Numbers, curve: tuple[Numbers, Numbers] | None, *, theme: Theme = LIGHT
) -> go.Figure:
    """Every candidate: what it gained, and its share of the final prototypes; the rule as a curve."""
    figure = blank(
        height=380,
        x="gain of the candidate on the feedback split",
        y="final weight of the candidate",
        theme=theme,
        key="gain-weight",
    )
    ends = curve[0] if curve is not None else gains
    room = 0.0 if curve is not None else 0.08 * (float(np.ptp(gains)) or 0.01)
    across = [float(ends.min()) - room, float(ends.max()) + room]
    equal = 1 / len(weights)
    add_line(figure, across, [equal, equal], colour=GREY, width=1.5, dash="dot")
    _say(figure, across[0], equal, "equal shares", theme.ink, xanchor="left")
    if curve is not None:
        add_line(figure, curve[0], curve[1], colour=SEMANTIC, width=2)
    figure.add_scatter(
        x=gains,
        y=weights,
        **dots(CANDIDATE, 11, "diamond", edge=1, rim=theme.ink),
        **hover("candidate %{customdata}<br>gain %{x:+.2%}, weight %{y:.1%}", np.arange(len(gains))),
    )
    top = int(weights.argmax())
    _say(figure, float(gains[top]), float(weights[top]), f"candidate {top} ", theme.ink, xanchor="right")
    figure.update_xaxes(tickformat="+.2~%", range=across, nticks=6)
    highest = max(float(weights.max()), float(curve[1].max()) if curve is not None else 0.0, equal)
    figure.update_yaxes(range=[0, 1.2 * highest], tickformat=".1~%")
    return figure


def gains_over_time(candidate: Numbers, averaged: Numbers, *, best: int, theme: Theme = LIGHT) -> go.Figure:
    """Gain of every candidate alone and of the average of all so far; zero is equal weights."""
    figure = blank(height=380, x="iteration", y="gain on the feedback split", theme=theme, key="gains")
    last = len(candidate) - 1
    figure.add_hline(y=0, line={"color": theme.ink, "width": 1.2})
    _say(figure, 0, 0, "no gain over equal weights", theme.ink, xanchor="left")
    named = (
        (candidate, CANDIDATE, "candidate alone", "diamond", "dot"),
        (averaged, SEMANTIC, "average so far", "circle", "solid"),
    )
    for values, colour, name, symbol, dash in named:
        figure.add_scatter(
            x=np.arange(len(values)),
            y=values,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 8},
            name=name,
            hovertemplate=f"{name}, iteration %{{x}}: %{{y:+.2%}}<extra></extra>",
        )
    add_ring(figure, best, averaged[best], theme=theme, showlegend=False)
    everything = np.concatenate([candidate, averaged, [0.0]])
    room = 0.14 * (float(np.ptp(everything)) or 0.01)
    figure.update_layout(
        showlegend=True, legend={"orientation": "h", "y": 1.12, "x": 1, "xanchor": "right"}, margin={"l": 71, "t": 41}
    )
    figure.update_xaxes(range=[-0.5, last + 0.5], tickformat="d", nticks=9, zeroline=False)
    figure.update_yaxes(
        tickformat="+.1~%",
        range=[float(everything.min()) - room, float(everything.max()) + room],
        gridcolor=theme.faint,
    )
    return figure


def _say(figure: go.Figure, x: float, y: float, text: str, colour: str, *, xanchor: str) -> None:
    add_note(figure, text, x, y, size=12, colour=colour, yshift=11, xanchor=xanchor)


GAP = 0.07


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
    figure = blank(height=560, x="", y="", theme=theme, key="trajectories")
    for number, side in enumerate((image, text), start=1):
        for trace in _moving(side, probabilities, last, number=number, with_lines=with_lines, top=top, theme=theme):
            figure.add_trace(trace)
    per_side = len(figure.data) // 2
    for number, side in enumerate((image, text), start=1):
        if selected >= 0:
            x, y = side.columns[selected]
            add_ring(figure, x, y, theme=theme, size=16, **half_axes(number))
        said = (
            f"{'●' if number == 1 else '◆'} <b>{side.name.capitalize()} side</b>  "
            f"(the plane shows {sum(side.explained):.0%} of the variance)"
        )
        heading(figure, said, number=number, gap=GAP, theme=theme)
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
    plane_axes(figure, _plane(image), _plane(text), gap=GAP, theme=theme)
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
    figure.update_layout(margin={"l": 40, "r": BAR, "t": 36, "b": 142})
    ink_of = {"font": {"color": theme.ink}}
    add_player(
        figure,
        [("Play", play), ("Pause", None)],
        [(str(number), str(step)) for step, number in enumerate(numbers)],
        instant=instant,
        menu={"x": 0, "y": -0.16, "pad": {"t": 8}},
        slider={
            "x": 0.2,
            "len": 0.78,
            "y": -0.13,
            "pad": {"t": 4},
            "currentvalue": {"prefix": prefix, **ink_of},
            **ink_of,
        },
    )


MOST = 40  # lines that are drawn; more would be a smear


def gain_order(runs: Sequence[RecordedRun], *, theme: Theme = LIGHT) -> go.Figure:
    """Feedback weight of every candidate against the rank of its gain; the equal share is 1.

    Args:
        runs: Of one rule.
        theme: Light or dark.
    """
    figure = blank(
        height=330,
        x="candidates of a run by their gain: lowest at the left, highest at the right",
        y="feedback weight (equal share = 1)",
        theme=theme,
        key="gain-order",
    )
    for run in runs[:MOST]:
        gains, shares = np.asarray(run.gains), np.asarray(run.shares)
        order = np.lexsort((shares, gains))
        where = np.linspace(0, 1, len(order)) if len(order) > 1 else np.array([0.5])
        figure.add_scatter(
            x=where,
            y=shares[order] * len(order),
            mode="lines+markers",
            line={"color": theme.blue, "width": 1},
            marker={"size": 5, "color": theme.blue},
            opacity=0.55 if len(runs) > 3 else 1.0,
            customdata=np.column_stack([gains[order], np.full(len(order), run.seed)]),
            **hover("gain %{customdata[0]:+.3f}, weight %{y:.2f} of an equal share, seed %{customdata[1]:.0f}"),
        )
    figure.add_hline(y=1, line={"color": GREY, "width": 1.5, "dash": "dot"})
    add_note(figure, "equal", 1, 1, size=12, colour=theme.quiet, xshift=4, paper="x", anchor="left")
    figure.update_xaxes(showticklabels=False, range=[-0.03, 1.03], showgrid=False, zeroline=False, fixedrange=True)
    figure.update_yaxes(rangemode="tozero", fixedrange=True)
    figure.update_layout(dragmode=False, margin_r=48)
    return figure
