"""The rank of every query before against after: below the diagonal it won, above it it lost."""

from collections.abc import Sequence
from math import log10, sqrt
from typing import Any

import plotly.graph_objects as go
import polars as pl

from pico_app.figures.marks import TICKS, add_ring
from pico_app.figures.theme import GAIN, GREY, LOSS, SKY, blank, faint, gain_ink, loss_ink

MANY = 2000  # places; more are drawn by the graphics card
# Trace by trace: whether the rank rose, its symbol, its colour, and what it is called.
FATES = ((0, "square", GREY, "same"), (-1, "triangle-down", LOSS, "lost"), (1, "triangle-up", GAIN, "won"))


def rank_figure(frame: pl.DataFrame, *, selected: tuple[str, int] | None, dark: bool = False) -> go.Figure:
    """Ranks on the left against ranks on the right, both on a log scale; equal places share a mark that grows.

    Args:
        frame: From `moves_frame`: kind, index, before, after.
        selected: Kind and index of the query whose lists are shown, ringed.
        dark: For the dark theme.
    """
    figure = blank(
        height=440, x="rank on the left (log scale)", y="rank on the right (log scale)", dark=dark, key="moves"
    )
    places = (
        frame.group_by("before", "after", maintain_order=True)
        .agg(pl.len().alias("number"), pl.col("kind").first(), pl.col("index").first())
        .with_columns(fate=(pl.col("before") - pl.col("after")).sign())
    )
    most = max(2, int(frame.select(pl.max_horizontal("before", "after").max()).item() or 2))
    draw = go.Scattergl if places.height > MANY else go.Scatter
    figure.add_trace(
        go.Scatter(x=[1, most], y=[1, most], mode="lines", line={"color": faint(dark), "width": 1.5}, hoverinfo="skip")
    )
    for fate, symbol, colour, word in FATES:
        some = places.filter(pl.col("fate") == fate)
        figure.add_trace(
            draw(
                x=some["before"].to_numpy(),
                y=some["after"].to_numpy(),
                mode="markers",
                name=word,
                marker={
                    "symbol": symbol,
                    "color": SKY if dark and colour == GAIN else colour,
                    "size": [_size(number) for number in some["number"]],
                    "opacity": 0.7,
                    "line": {"width": 0},
                },
                customdata=[
                    [kind, index, number]
                    for kind, index, number in zip(some["kind"], some["index"], some["number"], strict=True)
                ],
                hovertemplate=f"rank %{{x:,}} → %{{y:,}}, {word}<br>%{{customdata[2]:,}} queries here<extra></extra>",
                # A figure that selects would else fade what is not selected.
                selected={"marker": {"opacity": 0.7}},
                unselected={"marker": {"opacity": 0.7}},
            )
        )
    _ring(figure, frame, selected, dark=dark)
    reach = [-0.06 * (1 + len(str(most))) / 2, log10(most) * 1.04 + 0.05]
    ticks = [k for k in TICKS if k <= most]
    axis = {"type": "log", "range": reach, "tickvals": ticks, "ticktext": [f"{k:,}" for k in ticks], "fixedrange": True}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    free = log10(2) / 2  # between the first rank and the second no mark can lie
    lost = {"x": free, "xanchor": "center", "y": 0.97, "yref": "paper"}
    won = {"x": 0.98, "xref": "paper", "xanchor": "right", "y": free}
    for text, where, colour in (("▼ lost", lost, loss_ink(dark)), ("▲ won", won, gain_ink(dark))):
        figure.add_annotation(text=f"<b>{text}</b>", **where, showarrow=False, font={"size": 14, "color": colour})
    return figure


def _ring(figure: go.Figure, frame: pl.DataFrame, selected: tuple[str, int] | None, *, dark: bool) -> None:
    if selected is None:
        return
    one = frame.filter((pl.col("kind") == selected[0]) & (pl.col("index") == selected[1]))
    if one.height:
        add_ring(figure, one["before"][0], one["after"][0], dark=dark, size=20, symbol="circle-open")


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
