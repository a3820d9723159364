"""The first steps of the method: products and their signs, p̂ beside its null, a column as a point."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
from numpy.typing import NDArray

from pico_app.figures.marks import NOTHING, add_box, add_line, add_note, add_player, add_ring, hover, name_rows, scaled
from pico_app.figures.theme import (
    GREY,
    IMAGE,
    LIGHT,
    SEMANTIC,
    SEQUENTIAL,
    STYLE,
    TEXT,
    Theme,
    blank,
    colour_bar,
    interval,
    verbatim,
)

Numbers = NDArray[np.float32]
DIVERGING = ((0.0, STYLE), (0.5, "#F2F2F2"), (1.0, SEMANTIC))
MOST_FRAMES = 32
ONE_DRAW = "mismatched once:"
MOST_SIGNS = 240  # products of a pair that are written out as + and -


def pair_table(table: Numbers, *, patch: int, word: int, words: Sequence[str], theme: Theme = LIGHT) -> go.Figure:
    """Similarity of every patch with every word of a pair; the chosen one is framed, another can be clicked."""
    n_patches, n_words = table.shape
    figure = blank(height=max(230, min(460, 130 + 28 * n_words)), x="patch", y="", theme=theme, key="pair-table")
    reach = max(1e-6, float(np.abs(table).max()))
    figure.add_heatmap(
        z=table.T,
        x=np.arange(n_patches),
        y=np.arange(n_words),
        zmin=-reach,
        zmax=reach,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        colorbar=colour_bar("similarity"),
    )
    figure.add_scatter(
        x=np.tile(np.arange(n_patches), n_words),
        y=np.repeat(np.arange(n_words), n_patches),
        mode="markers",
        marker={"size": 18, "opacity": 0},
        customdata=np.column_stack([np.tile(np.arange(n_patches), n_words), np.repeat(np.arange(n_words), n_patches)]),
        text=[f"{value:+.3f}" for value in table.T.ravel()],
        hovertemplate="patch %{customdata[0]}, word %{customdata[1]}<br>similarity %{text}<extra></extra>",
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
    )
    for colour, width in (("#FFFFFF", 6), ("#1B1F24", 3)):  # seen on every square, in both themes
        add_box(figure, (patch - 0.5, patch + 0.5), (word - 0.5, word + 0.5), line={"color": colour, "width": width})
    figure.update_xaxes(
        range=[-0.6, n_patches - 0.4], showgrid=False, zeroline=False, dtick=_tick(n_patches), fixedrange=True
    )
    name_rows(figure, [verbatim(name) for name in words])
    return figure


def chosen_pair(points: Sequence[dict[str, Any]]) -> tuple[int, int] | None:
    """Patch and word that were clicked in `pair_table`."""
    found = [point["customdata"] for point in points if point.get("customdata") is not None]
    return (int(found[0][0]), int(found[0][1])) if found else None


def running_sum(products: Numbers, running: Numbers, *, column: int, theme: Theme = LIGHT) -> go.Figure:
    """Above: the similarity while columns are added from left to right; below: what every column adds."""
    n = len(products)
    figure = blank(height=520, x="feature column", y="product", theme=theme, key="running-sum")
    ends = _counts(n)
    figure.add_trace(_sum_line(running, n, theme=theme))
    figure.add_trace(_bars(products, n))
    figure.frames = [  # only what moves: colours and patterns stay as they are
        go.Frame(
            name=str(end),
            traces=[0, 1],
            data=[
                {"type": "scatter", "x": np.arange(end), "y": running[:end]},
                {"type": "bar", "y": _first(products, end)},
            ],
        )
        for end in ends
    ]
    add_note(
        figure,
        f"<b>s = {running[-1]:+.4f}</b>",
        n - 1,
        float(running[-1]),
        xref="x",
        yref="y2",
        yshift=4,
        anchor="right bottom",
    )
    lift = 1 if products[column] >= 0 else -1
    figure.add_annotation(
        x=column,
        y=float(products[column]),
        text=f"<b>column {column}</b>",
        showarrow=True,
        arrowhead=0,
        arrowcolor=theme.ink,
        ax=0,
        ay=-26 * lift,
    )
    figure.update_xaxes(range=[-1, n], showgrid=False, zeroline=False, fixedrange=True, tickformat="d")
    low, high = _room(products)
    figure.update_yaxes(domain=[0, 0.46], range=[low, high], fixedrange=True, nticks=5)
    low, high = _room(np.append(running, 0.0))
    figure.update_layout(
        yaxis2={
            "domain": [0.56, 1],
            "anchor": "x",
            "title": {"text": "sum so far"},
            "range": [low, high],
            "gridcolor": theme.faint,
            "zerolinecolor": theme.faint,
            "automargin": True,
            "fixedrange": True,
            "nticks": 5,
        },
        bargap=0.1,
    )
    player(figure, [str(end) for end in ends], prefix="columns added: ", theme=theme)
    return figure


def sign_products(patches: Numbers, words: Numbers, *, names: Sequence[str], theme: Theme = LIGHT) -> go.Figure:
    """The products of one column in one pair: + or - in every cell, the values of patches above and of words beside."""
    n_patches, n_words = len(patches), len(words)
    figure = blank(height=min(520, 240 + 28 * n_words), x="patch", y="", theme=theme, key="sign-products")
    products = np.outer(words, patches)
    written = n_patches * n_words <= MOST_SIGNS
    figure.add_heatmap(
        z=np.sign(products),
        x=np.arange(n_patches),
        y=np.arange(n_words),
        zmin=-1,
        zmax=1,
        colorscale=((0.0, STYLE), (0.5, "#F2F2F2"), (1.0, SEMANTIC)),
        showscale=False,
        xgap=2 if written else 0.5,
        ygap=2,
        text=np.where(products > 0, "+", np.where(products < 0, "−", "0")) if written else None,
        texttemplate="%{text}" if written else None,
        textfont={"color": "#FFFFFF", "size": 18},
        **hover("patch %{x}, word %{y}<br>product %{customdata:+.4f}", products),
    )
    for axis, values, colour in (("top", patches, IMAGE), ("side", words, TEXT)):
        top = axis == "top"
        figure.add_bar(
            x=np.arange(n_patches) if top else values,
            y=values if top else np.arange(n_words),
            orientation="v" if top else "h",
            marker={"color": colour, "line": {"width": 0}, "pattern": {"shape": "" if top else "/"}},
            hovertemplate=("patch %{x}: %{y:+.4f}" if top else "word %{y}: %{x:+.4f}") + "<extra></extra>",
            **({"yaxis": "y2"} if top else {"xaxis": "x2"}),
        )
    plain = {"gridcolor": theme.faint, "zerolinecolor": theme.ink, "zeroline": True, "fixedrange": True, "nticks": 4}
    figure.update_layout(
        xaxis={
            "domain": [0, 0.8],
            "range": [-0.5, n_patches - 0.5],
            "showgrid": False,
            "zeroline": False,
            "dtick": _tick(n_patches),
        },
        yaxis={
            "domain": [0, 0.68],
            "range": [n_words - 0.5, -0.5],
            "tickvals": list(range(n_words)),
            "ticktext": [verbatim(name) for name in names],
            "showgrid": False,
            "zeroline": False,
        },
        xaxis2={"domain": [0.83, 1], "anchor": "y", "title": {"text": "word value"}, **plain},
        yaxis2={"domain": [0.73, 1], "anchor": "x", "title": {"text": "patch value"}, "automargin": True, **plain},
        bargap=0.25,
    )
    return figure


def settling(
    counted: Numbers, matched: Numbers, mismatched: Numbers, *, null: tuple[float, float], theme: Theme = LIGHT
) -> go.Figure:
    """Mean sign agreement while pairs are added: matched pairs, and the same captions with other images."""
    figure = blank(height=480, x="matched pairs counted", y="mean sign agreement", theme=theme, key="settling")
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
    player(figure, [f"{count:,}" for count in counted], prefix="pairs counted: ", theme=theme)
    return figure


def against_null(columns: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """p̂ of every column against its null; on the line agreement says nothing about content.

    Args:
        columns: With column, p_hat and its ends, null_mean, differs, semantic_share (may be null).
        selected: Column to ring.
        theme: Light or dark.
    """
    figure = blank(height=480, x="null: sign agreement of mismatched pairs", y="p̂", theme=theme, key="against-null")
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
            "symbol": ["circle" if one else "circle-open" for one in columns["differs"].to_list()],
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
    _ring(figure, float(x[selected]), float(y[selected]), f"{selected}", theme=theme)
    figure.update_xaxes(range=ends, zeroline=False)
    figure.update_yaxes(range=ends, zeroline=False)
    return figure


def profiles(
    first: Numbers, second: Numbers, *, names: tuple[str, str], cosine: float, theme: Theme = LIGHT
) -> go.Figure:
    """Two columns as points: their coordinates over the anchors, sorted by the first."""
    order = np.argsort(first, kind="stable")
    n = len(first)
    figure = blank(
        height=480, x=f"{n} anchor images, sorted by {names[0]}", y="coordinate", theme=theme, key="profiles"
    )
    pair = (first[order], second[order])
    for trace in _lines(pair, names, n, theme=theme):
        figure.add_trace(trace)
    ends = _counts(n)
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
    low, high = _room(np.concatenate(pair))
    figure.update_xaxes(range=[-1, n], showticklabels=False, showgrid=False, zeroline=False)
    figure.update_yaxes(range=[low, high], zeroline=True, zerolinecolor=theme.ink, nticks=5)
    player(figure, [str(end) for end in ends], prefix="anchors read: ", theme=theme)
    return figure


def columns_plane(
    places: Numbers, values: Numbers, *, named: str, selected: int, beside: int, explained: float, theme: Theme = LIGHT
) -> go.Figure:
    """Every column as a point in the plane of largest variance; two of them ringed."""
    figure = blank(
        height=480, x=f"plane that shows {explained:.0%} of the variance", y="", theme=theme, key="columns-plane"
    )
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
        _ring(figure, float(places[column, 0]), float(places[column, 1]), f"{column}", lift=lift, theme=theme)
    figure.update_xaxes(showticklabels=False, zeroline=False, showgrid=False)
    figure.update_yaxes(showticklabels=False, zeroline=False, showgrid=False, scaleanchor="x")
    return figure


def player(figure: go.Figure, labels: Sequence[str], *, prefix: str, theme: Theme) -> None:
    """Play, slow, pause, and a slider that steps; the figure shows its last frame until somebody plays it."""
    instant = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play, slow = (
        {**instant, "fromcurrent": False, "frame": {"duration": milliseconds, "redraw": True}}
        for milliseconds in (120, 700)
    )
    figure.update_layout(margin={"b": 158})
    add_player(
        figure,
        [("Play", play), ("Slow", slow), ("Pause", None)],
        [(label, frame.name) for label, frame in zip(labels, figure.frames, strict=True)],
        instant=instant,
        menu={"x": 0, "y": 0, "pad": {"t": 56}},
        slider={
            "x": 0,
            "len": 1,
            "y": 0,
            "pad": {"t": 92},
            "currentvalue": {"prefix": prefix, "font": {"color": theme.ink, "size": 13}, "xanchor": "right"},
            "font": {"color": NOTHING, "size": 1},
            "tickcolor": "rgba(140,145,150,0.7)",
        },
    )


def _tick(n: int) -> int:
    return 1 if n <= 16 else 10


def _counts(n: int) -> list[int]:
    """At most so many frames, the last with everything."""
    return sorted({round(end) for end in np.linspace(1, n, min(n, MOST_FRAMES)).tolist()})


def _first(products: Numbers, end: int) -> Numbers:
    """The first so many, the rest as nothing."""
    return np.where(np.arange(len(products)) < end, products, 0.0).astype(np.float32)


def _bars(products: Numbers, end: int) -> go.Bar:
    return go.Bar(
        x=np.arange(len(products)),
        y=_first(products, end),
        marker={
            "color": [SEMANTIC if value >= 0 else STYLE for value in products],
            "pattern": {"shape": ["" if value >= 0 else "/" for value in products]},
            "line": {"width": 0},
        },
        hovertemplate="column %{x}<br>adds %{y:+.4f}<extra></extra>",
    )


def _sum_line(running: Numbers, end: int, *, theme: Theme) -> go.Scatter:
    return go.Scatter(
        x=np.arange(end),
        y=running[:end],
        mode="lines",
        line={"color": theme.ink, "width": 2, "shape": "hv"},
        yaxis="y2",
        hovertemplate="up to column %{x}: %{y:+.4f}<extra></extra>",
    )


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


def _two(theme: Theme) -> tuple[str, str]:
    return theme.blue, STYLE


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


def _ring(figure: go.Figure, x: float, y: float, text: str, *, theme: Theme, lift: int = 18) -> None:
    add_ring(figure, x, y, theme=theme, size=19)
    add_note(figure, f"<b>{text}</b>", x, y, yshift=lift)


def _room(values: Numbers) -> tuple[float, float]:
    low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
    room = 0.2 * ((high - low) or 1.0)
    return low - room, high + room
