"""The semantic probability: the cosines that it is made of, where a column lies, and its way to the result."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import NOTHING, add_box, add_line, add_note, add_ring, add_trace, hover, legend, scaled
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
    across, up = "style similarity on the image side, s<sup>v</sup>", "style similarity on the text side, s<sup>t</sup>"
    figure = blank(theme, height=470, x=across, y=up, key="method-plane")
    labels = {"showlabels": True, "labelfont": {"size": 12, "color": theme.ink}, "labelformat": ".1f"}
    figure.add_contour(
        x=level.axis,
        y=level.axis,
        z=level.height,
        contours={"coloring": "lines", "start": 0.1, "end": 0.9, "size": 0.1, **labels},
        colorscale=[[0, "#8A8F94"], [1, "#8A8F94"]],
        line={"width": 1.2},
        showscale=False,
        hoverinfo="skip",
    )
    if selected >= 0:
        x, y = float(image[selected]), float(text[selected])
        add_line(figure, [x, x, 0], [0, y, y], colour=theme.ink, width=1.5, dash="dot")
    look = {"size": 9, "line": {"color": theme.rim, "width": 0.8}, "colorbar": colour_bar("p")}
    words = "column %{customdata}<br>s<sup>v</sup> %{x:.3f}, s<sup>t</sup> %{y:.3f}, p %{marker.color:.3f}"
    marker = scaled(probabilities, scale_top(probabilities), **look)
    add_trace(figure, image, text, hover(words, np.arange(len(image))), mode="markers", marker=marker)
    if selected >= 0:
        add_ring(figure, theme, x, y, size=18, symbol="circle-open")
        words = f"<b>column {selected}: p = {float(probabilities[selected]):.3f}</b>"
        side, shift = ("right", -12) if x > 0.5 else ("left", 12)
        sides: dict[str, Any] = {"anchor": f"{side} top", "xshift": shift, "yshift": -6, "bgcolor": theme.paper}
        add_note(figure, words, x, y, size=13, colour=theme.ink, **sides)
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
        fills = [colour if k == top else NOTHING for k in range(len(values))]
        patterns = [pattern if k == top else "" for k in range(len(values))]
        bars = {"color": fills, "line": {"color": colour, "width": 1.6}, "pattern": {"shape": patterns, "size": 6}}
        words = hover(f"{side} side, prototype %{{x}}<br>cosine %{{y:+.3f}}")
        figure.add_bar(x=names, y=values, name=f"{side} side", marker=bars, **words)
        # Image side to the left, text side to the right: both may be longest at the same prototype.
        anchor = f"{'right' if side == 'image' else 'left'} {'bottom' if values[top] >= 0 else 'top'}"
        add_note(figure, f"{values[top]:+.3f}", top, float(values[top]), size=13, colour=theme.ink, anchor=anchor)
    edge = 1.25 * max(float(np.abs(image).max()), float(np.abs(text).max()), 0.1)
    figure.update_yaxes(range=[-edge, edge], zeroline=True, zerolinecolor=theme.faint)
    figure.update_xaxes(type="category")
    figure.update_layout(barmode="group", **legend(1, 1.1, "right"))
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
    across = f"{len(order)} columns, lowest probability of the result first"
    figure = blank(theme, height=380, x=across, y="iteration", key="map")
    shown = probabilities[best] - probabilities if change else probabilities
    ends = max(float(np.abs(shown).max()), 1e-3) if change else scale_top(probabilities[best])
    words = "column %{customdata}, iteration %{y}<br>"
    words += "result minus this %{z:+.3f}" if change else "probability %{z:.3f}"
    figure.add_heatmap(
        z=shown[:, list(order)],
        colorscale=DIVERGING if change else SEQUENTIAL,
        zmin=-ends if change else 0,
        zmax=ends,
        colorbar=colour_bar("change" if change else "semantic<br>probability"),
        **hover(words, np.tile(np.asarray(order), (len(probabilities), 1))),
    )
    note: dict[str, Any] = {"colour": LIGHT.ink, "bgcolor": LIGHT.paper}  # on the bright end of the scale
    add_note(figure, f"◀ {best}, the result", 1, best, size=12, paper="x", anchor="right", **note)
    if selected >= 0:
        where = list(order).index(selected)
        up, edge = (-0.5, len(probabilities) - 0.5), {"color": theme.ink, "width": 2}
        add_box(figure, (where - 0.5, where + 0.5), up, line=edge)
        add_note(figure, f"<b>{selected}</b>", where, -0.5, colour=theme.ink, yshift=10)
    figure.update_layout(margin={"r": BAR, "b": 41})
    figure.update_xaxes(showticklabels=False, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, tickformat="d", nticks=9)
    return figure
