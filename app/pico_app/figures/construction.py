"""What feedback did: settled probabilities, gain against weight, gains over the iterations."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import add_box, add_line, add_note, add_ring
from pico_app.figures.theme import (
    BAR,
    CANDIDATE,
    GAIN,
    GREY,
    LOSS,
    SEMANTIC,
    SEQUENTIAL,
    blank,
    colour_bar,
    faint,
    ink,
    scale_top,
)

DIVERGING = ((0.0, LOSS), (0.5, "#F4F4F4"), (1.0, GAIN))
Numbers = NDArray[np.float32]


def probability_map(
    probabilities: Numbers, order: Sequence[int], *, best: int, selected: int, change: bool = False, dark: bool = False
) -> go.Figure:
    """Probability of every column at every iteration, or what it still lacked; columns sorted by the result."""
    figure = blank(
        height=380,
        x=f"{len(order)} columns, lowest probability of the result first",
        y="iteration",
        dark=dark,
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
            figure, (where - 0.5, where + 0.5), (-0.5, len(probabilities) - 0.5), line={"color": ink(dark), "width": 2}
        )
        add_note(figure, f"<b>{selected}</b>", where, -0.5, colour=ink(dark), yshift=10)
    figure.update_layout(margin={"r": BAR, "b": 41})
    figure.update_xaxes(showticklabels=False, showgrid=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, tickformat="d", nticks=9)
    return figure


def gain_against_weight(
    gains: Numbers, weights: Numbers, curve: tuple[Numbers, Numbers] | None, *, dark: bool = False
) -> go.Figure:
    """Every candidate: what it gained, and its share of the final prototypes; the rule as a curve."""
    figure = blank(
        height=380,
        x="gain of the candidate on the feedback split",
        y="final weight of the candidate",
        dark=dark,
        key="gain-weight",
    )
    ends = curve[0] if curve is not None else gains
    room = 0.0 if curve is not None else 0.08 * (float(np.ptp(gains)) or 0.01)
    across = [float(ends.min()) - room, float(ends.max()) + room]
    equal = 1 / len(weights)
    add_line(figure, across, [equal, equal], colour=GREY, width=1.5, dash="dot")
    _say(figure, across[0], equal, "equal shares", ink(dark), xanchor="left")
    if curve is not None:
        add_line(figure, curve[0], curve[1], colour=SEMANTIC, width=2)
    figure.add_scatter(
        x=gains,
        y=weights,
        mode="markers",
        marker={"color": CANDIDATE, "symbol": "diamond", "size": 11, "line": {"color": ink(dark), "width": 1}},
        customdata=np.arange(len(gains)),
        hovertemplate="candidate %{customdata}<br>gain %{x:+.2%}, weight %{y:.1%}<extra></extra>",
    )
    top = int(weights.argmax())
    _say(figure, float(gains[top]), float(weights[top]), f"candidate {top} ", ink(dark), xanchor="right")
    figure.update_xaxes(tickformat="+.2~%", range=across, nticks=6)
    highest = max(float(weights.max()), float(curve[1].max()) if curve is not None else 0.0, equal)
    figure.update_yaxes(range=[0, 1.2 * highest], tickformat=".1~%")
    return figure


def gains_over_time(candidate: Numbers, averaged: Numbers, *, best: int, dark: bool = False) -> go.Figure:
    """Gain of every candidate alone and of the average of all so far; zero is equal weights."""
    figure = blank(height=380, x="iteration", y="gain on the feedback split", dark=dark, key="gains")
    last = len(candidate) - 1
    figure.add_hline(y=0, line={"color": ink(dark), "width": 1.2})
    _say(figure, 0, 0, "no gain over equal weights", ink(dark), xanchor="left")
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
    add_ring(figure, best, averaged[best], dark=dark, showlegend=False)
    everything = np.concatenate([candidate, averaged, [0.0]])
    room = 0.14 * (float(np.ptp(everything)) or 0.01)
    figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.12, "x": 1, "xanchor": "right"},
        margin={"l": 71, "t": 41},
    )
    figure.update_xaxes(range=[-0.5, last + 0.5], tickformat="d", nticks=9, zeroline=False)
    figure.update_yaxes(
        tickformat="+.1~%",
        range=[float(everything.min()) - room, float(everything.max()) + room],
        gridcolor=faint(dark),
    )
    return figure


def _say(figure: go.Figure, x: float, y: float, text: str, colour: str, *, xanchor: str) -> None:
    add_note(figure, text, x, y, size=12, colour=colour, yshift=11, xanchor=xanchor)
