"""The rank of one right answer along the strength of the weighting, beside the same weights on other columns."""

from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

from pico_app.figures.marks import TICKS, add_line, add_note, semantic_blue
from pico_app.figures.theme import blank, ink

BAND = "rgba(140,145,150,0.28)"


def rank_curve(
    strengths: Sequence[float],
    ranks: Sequence[int],
    *,
    low: Sequence[int],
    high: Sequence[int],
    total: int,
    at: float,
    dark: bool = False,
) -> go.Figure:
    """Rank against strength; the best is at the top.

    Args:
        strengths: lambda; the first is 0, the unweighted score.
        ranks: Of the right answer.
        low: The best rank of the permuted weights.
        high: The worst of them.
        total: Length of the list.
        at: The strength to mark.
        dark: Theme.
    """
    figure = blank(
        height=380, x="strength λ of the weighting", y="rank of the right answer (log)", dark=dark, key="rank"
    )
    across = list(strengths)
    figure.add_scatter(
        x=across + across[::-1],
        y=[*high, *list(low)[::-1]],
        mode="lines",
        fill="toself",
        fillcolor=BAND,
        line={"width": 0},
        hoverinfo="skip",
    )
    colour = semantic_blue(dark)
    add_line(figure, [across[0], across[-1]], [ranks[0], ranks[0]], colour=ink(dark), width=1.2, dash="dot")
    figure.add_scatter(
        x=across,
        y=list(ranks),
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"size": 8},
        customdata=[[a, b] for a, b in zip(low, high, strict=True)],
        hovertemplate="λ = %{x:g}: rank %{y:,}<br>permuted: %{customdata[0]:,} to %{customdata[1]:,}<extra></extra>",
    )
    here = ranks[across.index(at)]
    figure.add_scatter(
        x=[at],
        y=[here],
        mode="markers+text",
        text=[f"rank {here:,}"],
        textposition="bottom center" if here == 1 else "top center",
        textfont={"color": ink(dark), "size": 14, "weight": 700},
        marker={"symbol": "circle-open", "size": 19, "color": ink(dark), "line": {"width": 2.5}},
        hoverinfo="skip",
    )
    worst = max(*ranks, *high, 2)
    reach = log10(worst)
    ticks = [tick for tick in TICKS if tick <= min(max(worst * 1.5, 2), 10_000)]
    figure.update_yaxes(
        type="log",
        autorange=False,
        range=[1.18 * reach + 0.06, -0.14 * reach - 0.04],
        tickvals=ticks,
        ticktext=[f"{tick:,}" for tick in ticks],
    )
    figure.update_xaxes(range=[across[0] - 0.06, across[-1] + 0.06], dtick=0.5, zeroline=False)
    labels = (("unweighted", ranks[0], "bottom"), ("the same weights on other columns", high[-1], "top"))
    for text, rank, side in labels:
        add_note(figure, text, across[-1], log10(rank), size=12, colour=ink(dark), yanchor=side, anchor="right")
    add_note(
        figure, f"best possible: 1 of {total:,}", 0, 1.0, size=12, colour=ink(dark), paper="xy", anchor="left bottom"
    )
    return figure
