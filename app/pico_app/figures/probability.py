"""The semantic probability: the cosines that it is made of, where a column lies, and its way to the result."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import add_box, add_line, add_note, add_ring, hover, scaled
from pico_app.figures.theme import BAR, GAIN, IMAGE, LIGHT, LOSS, SEQUENTIAL, TEXT, Theme, blank, colour_bar, scale_top

Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Level:
    """p over the plane: `height[i, j]` at s^t = `axis[i]`, s^v = `axis[j]`."""

    axis: Numbers
    height: Numbers


def probability_plane(
    image: Numbers, text: Numbers, probabilities: Numbers, *, level: Level, selected: int, theme: Theme = LIGHT
) -> go.Figure:
    """Every column at its two similarities, over lines of equal probability.

    Args:
        image: s^v of every column.
        text: s^t.
        probabilities: p, as colour.
        level: p everywhere.
        selected: Column to ring, with its way to both axes; -1 for none.
        theme: Light or dark.
    """
    figure = blank(
        theme,
        height=470,
        x="style similarity on the image side, s<sup>v</sup>",
        y="style similarity on the text side, s<sup>t</sup>",
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
                "labelfont": {"size": 12, "color": theme.ink},
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
        add_line(figure, [x, x, 0], [0, y, y], colour=theme.ink, width=1.5, dash="dot")
    figure.add_scatter(
        x=image,
        y=text,
        mode="markers",
        marker=scaled(
            probabilities,
            scale_top(probabilities),
            size=9,
            line={"color": theme.rim, "width": 0.8},
            colorbar=colour_bar("p"),
        ),
        customdata=np.arange(len(image)),
        **hover("column %{customdata}<br>s<sup>v</sup> %{x:.3f}, s<sup>t</sup> %{y:.3f}, p %{marker.color:.3f}"),
    )
    if selected >= 0:
        add_ring(figure, theme, x, y, size=18, symbol="circle-open")
        add_note(
            figure,
            f"<b>column {selected}: p = {float(probabilities[selected]):.3f}</b>",
            x,
            y,
            size=13,
            colour=theme.ink,
            xanchor="right" if x > 0.5 else "left",
            xshift=-12 if x > 0.5 else 12,
            yshift=-6,
            bgcolor=theme.paper,
            anchor="top",
        )
    figure.update_xaxes(range=[0, 1.02], dtick=0.2, zeroline=False)
    figure.update_yaxes(range=[0, 1.06], dtick=0.2, zeroline=False)
    return figure


def cosine_bars(image: Numbers, text: Numbers, *, theme: Theme = LIGHT) -> go.Figure:
    """Cosine of one column with every prototype, both sides; the one furthest from 0 is filled and named.

    Args:
        image: With the prototypes of the image side [k].
        text: With those of the text side [k].
        theme: Light or dark.
    """
    figure = blank(theme, height=470, x="prototype", y="cosine of the column with it", key="method-cosines")
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
            colour=theme.ink,
            xanchor="right" if side == "image" else "left",
            yanchor="bottom" if values[top] >= 0 else "top",
        )
    edge = 1.25 * max(float(np.abs(image).max()), float(np.abs(text).max()), 0.1)
    figure.update_yaxes(range=[-edge, edge], zeroline=True, zerolinecolor=theme.faint)
    figure.update_xaxes(type="category")
    figure.update_layout(
        barmode="group", showlegend=True, legend={"orientation": "h", "y": 1.1, "x": 1, "xanchor": "right"}
    )
    return figure


DIVERGING = ((0.0, LOSS), (0.5, "#F4F4F4"), (1.0, GAIN))


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
        theme, height=380, x=f"{len(order)} columns, lowest probability of the result first", y="iteration", key="map"
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
