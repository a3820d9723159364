"""From similarity to probability: the plane of both similarities with lines of equal p, and one column's cosines."""

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.columns import rim
from pico_app.figures.marks import add_line, add_note, add_ring, scaled
from pico_app.figures.theme import IMAGE, PAPER, TEXT, blank, colour_bar, faint, ink, scale_top

Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Level:
    """p over the plane: `height[i, j]` at s^t = `axis[i]`, s^v = `axis[j]`."""

    axis: Numbers
    height: Numbers


def probability_plane(
    image: Numbers, text: Numbers, probabilities: Numbers, *, level: Level, selected: int, dark: bool = False
) -> go.Figure:
    """Every column at its two similarities, over lines of equal probability.

    Args:
        image: s^v of every column.
        text: s^t.
        probabilities: p, as colour.
        level: p everywhere.
        selected: Column to ring, with its way to both axes; -1 for none.
        dark: Theme.
    """
    figure = blank(
        height=470,
        x="style similarity on the image side, s<sup>v</sup>",
        y="style similarity on the text side, s<sup>t</sup>",
        dark=dark,
        key="method-plane",
    )
    figure.add_trace(
        go.Contour(
            x=level.axis,
            y=level.axis,
            z=level.height,
            contours={
                "coloring": "lines",
                "start": 0.1,
                "end": 0.9,
                "size": 0.1,
                "showlabels": True,
                "labelfont": {"size": 12, "color": ink(dark)},
                "labelformat": ".1f",
            },
            colorscale=[[0, "#8A8F94"], [1, "#8A8F94"]],
            line={"width": 1.2},
            showscale=False,
            hoverinfo="skip",
        )
    )
    if selected >= 0:
        x, y = float(image[selected]), float(text[selected])
        add_line(figure, [x, x, 0], [0, y, y], colour=ink(dark), width=1.5, dash="dot")
    figure.add_scatter(
        x=image,
        y=text,
        mode="markers",
        marker=scaled(
            probabilities,
            scale_top(probabilities),
            size=9,
            line={"color": rim(dark), "width": 0.8},
            colorbar=colour_bar("p"),
        ),
        customdata=np.arange(len(image)),
        hovertemplate="column %{customdata}<br>s<sup>v</sup> %{x:.3f}, s<sup>t</sup> %{y:.3f}, p %{marker.color:.3f}"
        "<extra></extra>",
    )
    if selected >= 0:
        add_ring(figure, x, y, dark=dark, size=18, symbol="circle-open")
        add_note(
            figure,
            f"<b>column {selected}: p = {float(probabilities[selected]):.3f}</b>",
            x,
            y,
            size=13,
            colour=ink(dark),
            xanchor="right" if x > 0.5 else "left",
            xshift=-12 if x > 0.5 else 12,
            yshift=-6,
            bgcolor=PAPER[dark],
            anchor="top",
        )
    figure.update_xaxes(range=[0, 1.02], dtick=0.2, zeroline=False)
    figure.update_yaxes(range=[0, 1.06], dtick=0.2, zeroline=False)
    return figure


def cosine_bars(image: Numbers, text: Numbers, *, dark: bool = False) -> go.Figure:
    """Cosine of one column with every prototype, both sides; the one furthest from 0 is filled and named.

    Args:
        image: With the prototypes of the image side [k].
        text: With those of the text side [k].
        dark: Theme.
    """
    figure = blank(height=470, x="prototype", y="cosine of the column with it", dark=dark, key="method-cosines")
    names = [str(k) for k in range(len(image))]
    for values, colour, side, pattern in ((image, IMAGE, "image", ""), (text, TEXT, "text", "/")):
        top = int(np.abs(values).argmax())
        figure.add_bar(
            x=names,
            y=values,
            name=f"{side} side",
            marker={
                "color": [colour if k == top else "rgba(0,0,0,0)" for k in range(len(values))],
                "line": {"color": colour, "width": 1.6},
                "pattern": {"shape": [pattern if k == top else "" for k in range(len(values))], "size": 6},
            },
            hovertemplate=f"{side} side, prototype %{{x}}<br>cosine %{{y:+.3f}}<extra></extra>",
        )
        # Image side to the left, text side to the right: both may be longest at the same prototype.
        add_note(
            figure,
            f"{values[top]:+.3f}",
            top,
            float(values[top]),
            size=13,
            colour=ink(dark),
            xanchor="right" if side == "image" else "left",
            yanchor="bottom" if values[top] >= 0 else "top",
        )
    edge = 1.25 * max(float(np.abs(image).max()), float(np.abs(text).max()), 0.1)
    figure.update_yaxes(range=[-edge, edge], zeroline=True, zerolinecolor=faint(dark))
    figure.update_xaxes(type="category")
    figure.update_layout(
        barmode="group", showlegend=True, legend={"orientation": "h", "y": 1.1, "x": 1, "xanchor": "right"}
    )
    return figure
