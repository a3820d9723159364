"""What one pair adds up: similarities of patches and words, products column by column, and their signs."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import BARE, add_box, add_note, add_trace, around_zero, hover, name_rows
from pico_app.figures.player import frame_counts, player
from pico_app.figures.theme import IMAGE, LIGHT, SEMANTIC, STYLE, TEXT, Theme, blank, colour_bar, verbatim

Numbers = NDArray[np.float32]
DIVERGING = ((0.0, STYLE), (0.5, "#F2F2F2"), (1.0, SEMANTIC))
MOST_SIGNS = 240  # products of a pair that are written out as + and -


def pair_table(table: Numbers, *, patch: int, word: int, words: Sequence[str], theme: Theme = LIGHT) -> go.Figure:
    """Similarity of every patch with every word of a pair; the chosen one is framed, another can be clicked."""
    n_patches, n_words = table.shape
    figure = blank(theme, height=max(230, min(460, 130 + 28 * n_words)), x="patch", key="pair-table")
    highest = max(1e-6, float(np.abs(table).max()))
    figure.add_heatmap(
        z=table.T,
        x=np.arange(n_patches),
        y=np.arange(n_words),
        zmin=-highest,
        zmax=highest,
        colorscale=DIVERGING,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
        colorbar=colour_bar("similarity"),
    )
    across, up = np.tile(np.arange(n_patches), n_words), np.repeat(np.arange(n_words), n_patches)
    unseen = {"marker": {"opacity": 0}}
    add_trace(
        figure,
        across,
        up,
        hover("patch %{customdata[0]}, word %{customdata[1]}<br>similarity %{text}", np.column_stack([across, up])),
        mode="markers",
        marker={"size": 18, "opacity": 0},
        text=[f"{value:+.3f}" for value in table.T.ravel()],
        selected=unseen,
        unselected=unseen,
    )
    for colour, width in (("#FFFFFF", 6), ("#1B1F24", 3)):  # seen on every square, in both themes
        add_box(figure, (patch - 0.5, patch + 0.5), (word - 0.5, word + 0.5), line={"color": colour, "width": width})
    figure.update_xaxes(range=[-0.6, n_patches - 0.4], dtick=_tick(n_patches), fixedrange=True, **BARE)
    name_rows(figure, [verbatim(name) for name in words])
    return figure


def chosen_pair(points: Sequence[dict[str, Any]]) -> tuple[int, int] | None:
    """Patch and word that were clicked in `pair_table`."""
    clicked = [point["customdata"] for point in points if point.get("customdata") is not None]
    return (int(clicked[0][0]), int(clicked[0][1])) if clicked else None


def running_sum(products: Numbers, running: Numbers, *, column: int, theme: Theme = LIGHT) -> go.Figure:
    """Above: the similarity while columns are added from left to right; below: what every column adds."""
    n = len(products)
    figure = blank(theme, height=520, x="feature column", y="product", key="running-sum")
    ends = frame_counts(n)
    figure.add_trace(_sum_line(running, n, theme=theme))
    figure.add_trace(_bars(products, n))
    figure.frames = [  # only what moves: colours and patterns stay as they are
        {
            "name": str(end),
            "traces": [0, 1],
            "data": [
                {"type": "scatter", "x": np.arange(end), "y": running[:end]},
                {"type": "bar", "y": _first(products, end)},
            ],
        }
        for end in ends
    ]
    total = float(running[-1])
    add_note(figure, f"<b>s = {total:+.4f}</b>", n - 1, total, xref="x", yref="y2", yshift=4, anchor="right bottom")
    height = float(products[column])
    arrow = {"showarrow": True, "arrowhead": 0, "arrowcolor": theme.ink, "ax": 0, "ay": -26 if height >= 0 else 26}
    figure.add_annotation(x=column, y=height, text=f"<b>column {column}</b>", **arrow)
    figure.update_xaxes(range=[-1, n], fixedrange=True, tickformat="d", **BARE)
    figure.update_yaxes(domain=[0, 0.46], range=around_zero(products), fixedrange=True, nticks=5)
    grid = {"gridcolor": theme.faint, "zerolinecolor": theme.faint, "automargin": True, "fixedrange": True, "nticks": 5}
    upper_axis = {"domain": [0.56, 1], "anchor": "x", "title": {"text": "sum so far"}, "range": around_zero(running)}
    figure.update_layout(yaxis2=upper_axis | grid, bargap=0.1)
    player(figure, theme, [str(end) for end in ends], prefix="columns added: ")
    return figure


def sign_products(patches: Numbers, words: Numbers, *, names: Sequence[str], theme: Theme = LIGHT) -> go.Figure:
    """The products of one column in one pair: + or - in every cell, the values of patches above and of words beside."""
    n_patches, n_words = len(patches), len(words)
    figure = blank(theme, height=min(520, 240 + 28 * n_words), x="patch", key="sign-products")
    products = np.outer(words, patches)
    written = n_patches * n_words <= MOST_SIGNS
    figure.add_heatmap(
        z=np.sign(products),
        x=np.arange(n_patches),
        y=np.arange(n_words),
        zmin=-1,
        zmax=1,
        colorscale=DIVERGING,
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
    labels = {"tickvals": list(range(n_words)), "ticktext": [verbatim(name) for name in names]}
    figure.update_layout(
        xaxis={"domain": [0, 0.8], "range": [-0.5, n_patches - 0.5], "dtick": _tick(n_patches), **BARE},
        yaxis={"domain": [0, 0.68], "range": [n_words - 0.5, -0.5], **labels, **BARE},
        xaxis2={"domain": [0.83, 1], "anchor": "y", "title": {"text": "word value"}, **plain},
        yaxis2={"domain": [0.73, 1], "anchor": "x", "title": {"text": "patch value"}, "automargin": True, **plain},
        bargap=0.25,
    )
    return figure


def _tick(n: int) -> int:
    return 1 if n <= 16 else 10


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
