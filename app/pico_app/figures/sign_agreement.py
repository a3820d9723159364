"""p̂ of matched pairs beside its null: while pairs are added, and for every column."""

import numpy as np
import plotly.graph_objects as go
import polars as pl
from numpy.typing import NDArray

from pico_app.figures.marks import add_box, add_line, add_named_ring, add_note, hover
from pico_app.figures.player import player
from pico_app.figures.theme import GREY, LIGHT, SEQUENTIAL, Theme, blank, colour_bar, interval

Numbers = NDArray[np.float32]
ONE_DRAW = "mismatched once:"


def settling(
    counted: Numbers, matched: Numbers, mismatched: Numbers, *, null: tuple[float, float], theme: Theme = LIGHT
) -> go.Figure:
    """Mean sign agreement while pairs are added: matched pairs, and the same captions with other images."""
    figure = blank(theme, height=480, x="matched pairs counted", y="mean sign agreement", key="settling")
    add_box(
        figure,
        (0, 1),
        (null[0], null[1]),
        xref="x domain",
        fillcolor=GREY,
        opacity=0.4,
        line={"width": 0},
        layer="below",
    )
    n = len(counted)
    for trace in _settled(counted, matched, mismatched, n, theme=theme):
        figure.add_trace(trace)
    figure.frames = [
        go.Frame(
            name=f"{counted[end - 1]:,}", traces=[0, 1], data=_settled(counted, matched, mismatched, end, theme=theme)
        )
        for end in range(1, n + 1)
    ]
    ends = ((matched[-1], "matched: p̂", theme.blue), (mismatched[-1], ONE_DRAW, theme.ink))
    apart = abs(float(matched[-1] - mismatched[-1])) > 0.06
    for value, text, colour in ends:
        above = value == max(matched[-1], mismatched[-1]) and not (matched[-1] == mismatched[-1] and text == ONE_DRAW)
        add_note(
            figure,
            f"<b>{text} {value:.3f}</b>",
            1,
            float(value),
            colour=colour,
            xref="x domain",
            yshift=(16 if above else -16) + (0 if apart else (8 if above else -8)),
            anchor="right",
        )
    figure.update_xaxes(type="log", range=[-0.05, float(np.log10(counted[-1])) + 0.05], showgrid=False, dtick=1)
    figure.update_yaxes(range=[-0.04, 1.04], fixedrange=True, tickformat=".1f")
    player(figure, theme, [f"{count:,}" for count in counted], prefix="pairs counted: ")
    return figure


def against_null(columns: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """p̂ of every column against its null; on the line agreement says nothing about content.

    Args:
        columns: With column, p_hat and its ends, null_mean, differs, semantic_share (may be null).
        selected: Column to ring.
        theme: Light or dark.
    """
    figure = blank(theme, height=480, x="null: sign agreement of mismatched pairs", y="p̂", key="against-null")
    known = columns["semantic_share"].null_count() == 0
    x, y = columns["null_mean"].to_numpy(), columns["p_hat"].to_numpy()
    ends = [min(float(x.min()), float(y.min())) - 0.03, max(float(x.max()), float(y.max())) + 0.03]
    add_line(figure, ends, ends, colour=GREY, width=1.5, dash="dot")
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={
            "size": 11,
            "symbol": ["circle" if differs else "circle-open" for differs in columns["differs"].to_list()],
            "color": columns["semantic_share"].to_numpy() if known else theme.blue,
            "line": {"width": 1.5},
            **(
                {"colorscale": SEQUENTIAL, "cmin": 0, "cmax": 1, "colorbar": colour_bar("planted<br>meaning")}
                if known
                else {}
            ),
        },
        error_y={
            **interval(columns["p_hat_low"].to_list(), columns["p_hat_high"].to_list(), columns["p_hat"].to_list()),
            "color": "rgba(140,145,150,0.6)",
        },
        **hover("column %{customdata[0]}<br>p̂ %{y:.3f}, null %{x:.3f}", columns.select("column").to_numpy()),
    )
    add_note(figure, "no more than chance", sum(ends) / 2, sum(ends) / 2, xshift=8, opacity=0.8, anchor="left top")
    add_named_ring(figure, theme, float(x[selected]), float(y[selected]), f"{selected}")
    figure.update_xaxes(range=ends, zeroline=False)
    figure.update_yaxes(range=ends, zeroline=False)
    return figure


def _settled(counted: Numbers, matched: Numbers, mismatched: Numbers, end: int, *, theme: Theme) -> list[go.Scatter]:
    named = ((matched, theme.blue, "solid", "matched"), (mismatched, GREY, "dash", "mismatched"))
    return [
        go.Scatter(
            x=counted[:end],
            y=values[:end],
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5},
            marker={"size": 6, "symbol": "circle" if dash == "solid" else "diamond"},
            hovertemplate=f"{name}, %{{x:,}} pairs: %{{y:.3f}}<extra></extra>",
        )
        for values, colour, dash, name in named
    ]
