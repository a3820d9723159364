"""Ranks: of every query before and after, and of one right answer while the weighting grows."""

from collections.abc import Sequence
from math import log10, sqrt
from typing import Any

import plotly.graph_objects as go
import polars as pl

from pico_app.figures.marks import add_band, add_line, add_note, add_ring, add_trace, dots, hover, lines, log_axis
from pico_app.figures.theme import GAIN, GREY, LIGHT, LOSS, Theme, blank

MANY = 2000  # places; more are drawn by the graphics card
# Trace by trace: whether the rank rose, its symbol, its colour, and what it is called.
FATES = ((0, "square", GREY, "same"), (-1, "triangle-down", LOSS, "lost"), (1, "triangle-up", GAIN, "won"))


def rank_figure(frame: pl.DataFrame, *, selected: tuple[str, int] | None, theme: Theme = LIGHT) -> go.Figure:
    """Ranks on the left against ranks on the right, both on a log scale; equal places share a mark that grows.

    Args:
        frame: From `moves_frame`: kind, index, before, after.
        selected: Kind and index of the query whose lists are shown, ringed.
        theme: Light or dark.
    """
    figure = blank(theme, height=440, x="rank on the left (log scale)", y="rank on the right (log scale)", key="moves")
    places = (
        frame.group_by("before", "after", maintain_order=True)
        .agg(pl.len().alias("number"), pl.col("kind").first(), pl.col("index").first())
        .with_columns(fate=(pl.col("before") - pl.col("after")).sign())
    )
    most = max(2, int(frame.select(pl.max_horizontal("before", "after").max()).item() or 2))
    draw = go.Scattergl if places.height > MANY else go.Scatter
    add_line(figure, [1, most], [1, most], colour=theme.faint, width=1.5)
    faded = {"opacity": 0.7}  # selected or not: a figure that selects would else fade what is not selected
    for fate, symbol, colour, word in FATES:
        some = places.filter(pl.col("fate") == fate)
        sizes = [_size(number) for number in some["number"]]
        figure.add_trace(
            draw(
                x=some["before"].to_numpy(),
                y=some["after"].to_numpy(),
                name=word,
                **dots(theme.blue if colour == GAIN else colour, sizes, symbol, line={"width": 0}, **faded),
                **hover(
                    f"rank %{{x:,}} → %{{y:,}}, {word}<br>%{{customdata[2]:,}} queries here",
                    [list(query) for query in some.select("kind", "index", "number").iter_rows()],
                ),
                selected={"marker": faded},
                unselected={"marker": faded},
            )
        )
    _ring(figure, frame, selected, theme=theme)
    span = [-0.06 * (1 + len(str(most))) / 2, log10(most) * 1.04 + 0.05]
    axis = {**log_axis(most), "range": span, "fixedrange": True}
    figure.update_layout(xaxis=axis, yaxis=axis)
    free = log10(2) / 2  # between the first rank and the second no mark can lie
    lost = {"x": free, "xanchor": "center", "y": 0.97, "yref": "paper"}
    won = {"x": 0.98, "xref": "paper", "xanchor": "right", "y": free}
    for text, where, colour in (("▼ lost", lost, theme.loss_ink), ("▲ won", won, theme.gain_ink)):
        figure.add_annotation(text=f"<b>{text}</b>", **where, showarrow=False, font={"size": 14, "color": colour})
    return figure


def _ring(figure: go.Figure, frame: pl.DataFrame, selected: tuple[str, int] | None, *, theme: Theme) -> None:
    if selected is None:
        return
    query = frame.filter((pl.col("kind") == selected[0]) & (pl.col("index") == selected[1]))
    if query.height:
        add_ring(figure, theme, query["before"][0], query["after"][0], size=20, symbol="circle-open")


def _size(number: int) -> float:
    """The area grows with the number of queries; one is still seen, many do not cover their neighbours."""
    return min(34.0, 7.0 + 2.2 * sqrt(number - 1))


def chosen_query(points: Sequence[Any]) -> tuple[str, int] | None:
    """Kind and index of the query of a clicked mark: of several in one place the first of the table.

    >>> chosen_query([{"customdata": ["text", 12, 3]}])
    ('text', 12)
    """
    for point in points:
        data = point.get("customdata")
        if data is not None and len(data) >= 2:
            return str(data[0]), int(data[1])
    return None


BAND = "rgba(140,145,150,0.28)"


def rank_curve(
    strengths: Sequence[float],
    ranks: Sequence[int],
    *,
    low: Sequence[int],
    high: Sequence[int],
    total: int,
    at: float,
    theme: Theme = LIGHT,
) -> go.Figure:
    """Rank against strength; the best is at the top.

    Args:
        strengths: lambda; the first is 0, the unweighted score.
        ranks: Of the right answer.
        low: The best rank of the permuted weights.
        high: The worst of them.
        total: Length of the list.
        at: The strength to mark.
        theme: Light or dark.
    """
    figure = blank(theme, height=380, x="strength λ of the weighting", y="rank of the right answer (log)", key="rank")
    across = list(strengths)
    add_band(figure, across + across[::-1], [*high, *list(low)[::-1]], BAND)
    add_line(figure, [across[0], across[-1]], [ranks[0], ranks[0]], colour=theme.ink, width=1.2, dash="dot")
    words = "λ = %{x:g}: rank %{y:,}<br>permuted: %{customdata[0]:,} to %{customdata[1]:,}"
    ends = hover(words, [[a, b] for a, b in zip(low, high, strict=True)])
    add_trace(figure, across, list(ranks), lines(theme.blue, 2.5), ends, mode="lines+markers", marker={"size": 8})
    here = ranks[across.index(at)]
    font, side = {"color": theme.ink, "size": 14, "weight": 700}, "bottom center" if here == 1 else "top center"
    label: dict[str, Any] = {"mode": "markers+text", "text": [f"rank {here:,}"], "textposition": side, "textfont": font}
    add_ring(figure, theme, at, here, size=19, symbol="circle-open", **label)
    worst = max(*ranks, *high, 2)
    powers = log10(worst)
    axis = log_axis(min(max(worst * 1.5, 2), 10_000))
    figure.update_yaxes(**axis, autorange=False, range=[1.18 * powers + 0.06, -0.14 * powers - 0.04])
    figure.update_xaxes(range=[across[0] - 0.06, across[-1] + 0.06], dtick=0.5, zeroline=False)
    labels = (("unweighted", ranks[0], "bottom"), ("the same weights on other columns", high[-1], "top"))
    small: dict[str, Any] = {"size": 12, "colour": theme.ink}
    for text, rank, side in labels:
        add_note(figure, text, across[-1], log10(rank), anchor=f"right {side}", **small)
    add_note(figure, f"best possible: 1 of {total:,}", 0, 1.0, paper="xy", anchor="left bottom", **small)
    return figure
