"""A column as a point: its coordinates over the anchors, and its place among the other columns."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import add_named_ring, add_note, around_zero, hover, scaled
from pico_app.figures.player import frame_counts, player
from pico_app.figures.theme import LIGHT, STYLE, Theme, blank, colour_bar, verbatim

Numbers = NDArray[np.float32]


def profiles(
    first: Numbers, second: Numbers, *, names: tuple[str, str], cosine: float, theme: Theme = LIGHT
) -> go.Figure:
    """Two columns as points: their coordinates over the anchors, sorted by the first."""
    order = np.argsort(first, kind="stable")
    n = len(first)
    figure = blank(theme, height=480, x=f"{n} anchor images, sorted by {names[0]}", y="coordinate", key="profiles")
    pair = (first[order], second[order])
    for trace in _lines(pair, names, n, theme=theme):
        figure.add_trace(trace)
    ends = frame_counts(n)
    figure.frames = [go.Frame(name=str(end), traces=[0, 1], data=_lines(pair, names, end, theme=theme)) for end in ends]
    add_note(figure, f"<b>cosine {cosine:+.3f}</b>", 0.5, 1, xref="x domain", yref="y domain", anchor="bottom")
    for name, line, colour, side in zip(names, ("—", "···"), (theme.blue, STYLE), ("left", "right"), strict=True):
        add_note(
            figure,
            f"<b>{line} {verbatim(name)}</b>",
            0 if side == "left" else 1,
            1,
            colour=colour,
            xref="x domain",
            yref="y domain",
            xanchor=side,
            anchor="bottom",
        )
    low, high = around_zero(np.concatenate(pair))
    figure.update_xaxes(range=[-1, n], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(range=[low, high], zeroline=True, zerolinecolor=theme.ink, nticks=5)
    player(figure, theme, [str(end) for end in ends], prefix="anchors read: ")
    return figure


def columns_plane(
    places: Numbers, values: Numbers, *, named: str, selected: int, beside: int, explained: float, theme: Theme = LIGHT
) -> go.Figure:
    """Every column as a point in the plane of largest variance; two of them ringed."""
    figure = blank(theme, height=480, x=f"plane that shows {explained:.0%} of the variance", key="columns-plane")
    figure.add_scatter(
        x=places[:, 0],
        y=places[:, 1],
        mode="markers",
        marker=scaled(
            values,
            1,
            size=12,
            line={"width": 0.8, "color": "rgba(255,255,255,0.6)" if theme.is_dark else "rgba(0,0,0,0.35)"},
            colorbar=colour_bar(named),
        ),
        customdata=np.arange(len(places))[:, None],
        **hover("column %{customdata[0]}<br>" + named.replace("<br>", " ") + " %{marker.color:.3f}"),
    )
    for column, lift in {beside: -18, selected: 18}.items():
        add_named_ring(figure, theme, float(places[column, 0]), float(places[column, 1]), f"{column}", lift=lift)
    figure.update_xaxes(showticklabels=False, zeroline=False, showgrid=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, showgrid=False, scaleanchor="x")
    return figure


def _lines(pair: tuple[Numbers, Numbers], names: tuple[str, str], end: int, *, theme: Theme) -> list[go.Scatter]:
    return [
        go.Scatter(
            x=np.arange(end),
            y=values[:end],
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": dash},
            marker={"size": 5, "symbol": symbol},
            hovertemplate=f"{verbatim(name)}: %{{y:+.3f}}<extra></extra>",
        )
        for values, name, colour, dash, symbol in zip(
            pair, names, (theme.blue, STYLE), ("solid", "dot"), ("circle", "diamond"), strict=True
        )
    ]
