"""Weighted K-means on both sides: columns as areas, centres, and where they were with equal weights."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.halves import Plane, half_axes, heading, plane_axes
from pico_app.figures.marks import dots, hover
from pico_app.figures.theme import CATEGORIES, LIGHT, STYLE, SYMBOLS, Theme, blank

Numbers = NDArray[np.float32]
SIDES_GAP = 0.06
MANY_CENTRES = 12  # centres; more of them are drawn smaller
SMALLEST, LARGEST = 4.0, 34.0  # pixels across


@dataclass(frozen=True, eq=False)
class Side:
    """What one half of the figure draws.

    Attributes:
        name: "image" or "text".
        columns: Columns in the plane [d, 2].
        weights: Instance weight of every column [d].
        labels: Its nearest centre [d].
        centres: Now [k, 2].
        before: At the exponent that is compared with [k, 2].
        every_centre: Every place where a centre stands at any exponent [t, k, 2]: the axes hold them all.
        explained: Share of the variance that the plane shows.
    """

    name: str
    columns: Numbers
    weights: Numbers
    labels: NDArray[np.int64]
    centres: Numbers
    before: Numbers
    every_centre: Numbers
    explained: float


def clusters(image: Side, text: Side, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """Both sides at one exponent; a group has a colour and a symbol, a column's area is its weight.

    Args:
        image: Left half.
        text: Right half.
        selected: Column to ring; -1 for none.
        theme: Light or dark.
    """
    figure = blank(theme, height=440, key="method-clusters")
    for number, side in enumerate((image, text), start=1):
        for trace in _traces(side, selected=selected, number=number, theme=theme):
            figure.add_trace(trace)
        words = f"{side.name.capitalize()} side", f"shows {side.explained:.0%} of the variance"
        heading(figure, theme, *words, number=number, gap=SIDES_GAP)
    plane_axes(figure, theme, _plane(image), _plane(text), gap=SIDES_GAP)
    # The centres glide when the slider is moved: the number of marks stays the same.
    figure.update_layout(margin={"t": 50, "b": 36}, transition={"duration": 350, "easing": "cubic-in-out"})
    return figure


def sizes(weights: Numbers) -> Numbers:
    """Pixels across: the area is the weight, with equal weights 9 pixels for all."""
    share = weights / max(float(weights.sum()), 1e-30) * len(weights)
    pixels: Numbers = np.clip(9.0 * np.sqrt(share), SMALLEST, LARGEST)
    return pixels


def _traces(side: Side, *, selected: int, number: int, theme: Theme) -> list[go.Scatter]:
    axes = half_axes(number)
    groups = [int(label) for label in side.labels]
    share = side.weights / max(float(side.weights.sum()), 1e-30)
    ways = np.stack([_broken(side.before[:, axis], side.centres[:, axis]) for axis in (0, 1)])
    ties = np.stack([_broken(side.columns[:, axis], side.centres[side.labels, axis]) for axis in (0, 1)])
    ring = side.columns[[selected]] if selected >= 0 else np.full((1, 2), np.nan, dtype=np.float32)
    edge = 19 if len(side.centres) <= MANY_CENTRES else 15  # pixels
    line = {"hoverinfo": "skip", **axes}
    return [
        go.Scatter(x=ties[0], y=ties[1], mode="lines", line={"width": 1, "color": "rgba(140,145,150,0.35)"}, **line),
        go.Scatter(
            x=side.columns[:, 0],
            y=side.columns[:, 1],
            mode="markers",
            marker={
                "color": [CATEGORIES[k % len(CATEGORIES)] for k in groups],
                # A second round of colours comes with other symbols.
                "symbol": [SYMBOLS[(k + k // len(CATEGORIES)) % len(SYMBOLS)] for k in groups],
                "size": sizes(side.weights),
                "opacity": 0.9,
                "line": {"color": theme.rim, "width": 0.8},
            },
            customdata=np.column_stack([np.arange(len(groups)), side.labels, 100 * share]),
            hovertemplate="column %{customdata[0]:d}<br>group %{customdata[1]:d}, %{customdata[2]:.2f} % of the weight"
            "<extra></extra>",
            **axes,
        ),
        go.Scatter(x=ways[0], y=ways[1], mode="lines", line={"color": STYLE, "width": 2}, **line),
        go.Scatter(
            x=side.before[:, 0],
            y=side.before[:, 1],
            **dots(STYLE, 13, "square-open", line={"width": 2}),
            **hover("centre %{customdata} with equal weights", np.arange(len(side.before))),
            **axes,
        ),
        go.Scatter(
            x=side.centres[:, 0],
            y=side.centres[:, 1],
            mode="markers+text",
            marker={"color": STYLE, "size": edge, "symbol": "square", "line": {"color": "#FFFFFF", "width": 1}},
            text=[str(k) for k in range(len(side.centres))],
            textposition="middle center",
            textfont={"color": "#FFFFFF", "size": round(0.7 * edge), "weight": 700},
            customdata=np.bincount(side.labels, minlength=len(side.centres)),
            hovertemplate="centre %{text}<br>nearest to %{customdata} columns<extra></extra>",
            **axes,
        ),
        go.Scatter(
            x=ring[:, 0],
            y=ring[:, 1],
            **dots(
                theme.ink,
                float(sizes(side.weights)[selected]) + 8 if selected >= 0 else 8,
                "circle-open",
                line={"width": 2.5},
            ),
            **line,
        ),
    ]


def _broken(start: Numbers, end: Numbers) -> Numbers:
    """Pairs of ends with gaps between them: many lines in one trace."""
    return np.column_stack([start, end, np.full(len(start), np.nan, dtype=np.float32)]).ravel()


def _plane(side: Side) -> Plane:
    """All exponents, so that nothing jumps while the slider moves."""
    return Plane(
        np.concatenate([side.columns, side.every_centre.reshape(-1, 2)]), "first axis of the plane", "second axis"
    )
