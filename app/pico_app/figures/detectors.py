"""All detectors over all columns, and how settled the order of the columns is."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import polars as pl
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from pico_app.figures.columns import hover_data, undimmed
from pico_app.figures.marks import (
    BARE,
    add_line,
    add_note,
    add_ring,
    add_trace,
    dots,
    hover,
    legend,
    name_rows,
    scaled,
    spread,
)
from pico_app.figures.theme import (
    CATEGORIES,
    GREY,
    LIGHT,
    SEMANTIC,
    SEQUENTIAL,
    SYMBOLS,
    Theme,
    blank,
    outline,
    scale_top,
)
from pico_core.columns.detectors import DETECTORS, Detector, Trust
from pico_core.columns.stability import Stability

STRIP = 92
CELL = 150


def values_of(table: pl.DataFrame, detector: Detector) -> NDArray[np.float64]:
    """The detector as it is measured, for an axis."""
    return table[detector.name].to_numpy().astype(np.float64)


def strips(table: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """One strip of bars per detector, the columns in the same order in all: lowest probability first."""
    ordered = table.sort("probability", "column")
    n = len(DETECTORS)
    figure = make_subplots(rows=n, cols=1, shared_xaxes=True, vertical_spacing=0.022)
    base = blank(theme, height=STRIP * n + 60, key="strips").layout
    figure.update_layout(base)
    for row, detector in enumerate(DETECTORS, start=1):
        values = values_of(ordered, detector)
        ranks = _ranks(-values if detector.rises_with_style else values)
        figure.add_bar(
            x=np.arange(ordered.height),
            y=values,
            row=row,
            col=1,
            marker={"color": ranks, "colorscale": SEQUENTIAL, "line": {"width": 0}},
            **hover("%{customdata[1]}<br>" + detector.name.replace("_", " ") + " %{y:.3f}", hover_data(ordered)),
            **undimmed(),
        )
        if theme.is_dark:
            figure.add_scatter(**outline(values), row=row, col=1)
        # Bars begin at zero, so it is always in sight, even where every number lies below it.
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        room = (high - low) or 1.0
        grid = {"gridcolor": theme.faint, "zerolinecolor": theme.faint, "fixedrange": True, "nticks": 3}
        figure.update_yaxes(range=[low - 0.05 * room, high + 0.1 * room], row=row, col=1, **grid)
        # Two lines at the left, in the place of an axis title that would be cut off.
        middle = {"yref": f"y{'' if row == 1 else row} domain", "align": "right"}
        add_note(figure, _name(detector), 0, 0.5, size=12.5, paper="x", anchor="right", xshift=-44, **middle)
    if selected >= 0:
        where = ordered["column"].to_list().index(selected)
        figure.add_vline(x=where, line={"color": theme.ink, "width": 1.5, "dash": "dot"})
    figure.update_xaxes(showticklabels=False, fixedrange=True, **BARE)
    figure.update_xaxes(title={"text": f"{ordered.height} columns, lowest semantic probability first"}, row=n, col=1)
    figure.update_layout(margin={"l": 190, "r": 8, "t": 10, "b": 8}, bargap=0.1, dragmode=False)
    return figure


def scatter_matrix(table: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """Every detector against every other; a point is a column, the same colour in all."""
    figure = blank(theme, height=CELL * len(DETECTORS), key="matrix")
    probabilities = table["probability"].to_numpy()
    figure.add_splom(
        dimensions=[{"label": _name(detector), "values": values_of(table, detector)} for detector in DETECTORS],
        showupperhalf=False,
        diagonal={"visible": False},
        marker=scaled(probabilities, scale_top(probabilities), size=6, line={"width": 1, "color": theme.rim}),
        **hover("%{customdata[1]}<br>%{xaxis.title.text} %{x:.3f}<br>%{yaxis.title.text} %{y:.3f}", hover_data(table)),
        selectedpoints=None if selected < 0 else [table["column"].to_list().index(selected)],
        selected={"marker": {"size": 12, "opacity": 1}},
        unselected={"marker": {"opacity": 0.9}},
    )
    axes = {"gridcolor": theme.faint, "zerolinecolor": theme.faint, "tickfont_size": 10, "title_font_size": 11}
    for i in range(1, len(DETECTORS) + 1):
        end = "" if i == 1 else str(i)
        figure.update_layout({f"xaxis{end}": axes, f"yaxis{end}": axes})
    figure.update_layout(margin={"l": 70, "r": 8, "t": 8, "b": 60})
    return figure


def against_yardsticks(trusts: Sequence[Trust], *, theme: Theme = LIGHT) -> go.Figure:
    """Rank correlation of every detector with every yardstick, with intervals; right of zero agrees."""
    height = 110 + len(DETECTORS) * (24 + 14 * len(trusts))
    figure = blank(theme, height=height, x="rank correlation with style by the yardstick", key="yardsticks")
    room = 0.6 / max(1, len(trusts))
    template = "%{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
    for i, trust in enumerate(trusts):
        places = [row + (i - (len(trusts) - 1) / 2) * room for row in range(len(DETECTORS))]
        colour = CATEGORIES[4 + i]  # the first four have a meaning of their own: semantic, style, image, text
        add_trace(
            figure,
            [rho.value for rho in trust.rho],
            places,
            dots(colour, 10, SYMBOLS[i], edge=1),
            name=trust.yardstick,
            error_x=spread(trust.rho, color=colour),
            customdata=[(rho.low, rho.high) for rho in trust.rho],
            hovertemplate=f"{template}<extra>{trust.yardstick}</extra>",
        )
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5})
    figure.update_xaxes(range=[-1.02, 1.02], zeroline=False, fixedrange=True)
    name_rows(figure, [_name(detector) for detector in DETECTORS])
    figure.update_layout(**legend(0, 1.0, "left bottom") | {"showlegend": len(trusts) > 1}, dragmode=False)
    return figure


def _name(detector: Detector) -> str:
    """As it is measured: similarities rise with style and are called what they are."""
    if not detector.rises_with_style:
        return detector.title
    return "style similarity,<br>" + ("images" if detector.name.startswith("image") else "texts")


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values.argsort(kind="stable").argsort(kind="stable") / max(1, len(values) - 1)


SHOWN = 16
ROWS = ("other starts, same images", "half of the images against the other", "resampled images")


def lowest_ten(table: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """In which share of the resamples a column is among the ten of lowest probability; the surest first."""
    ordered = table.sort("lowest_share", "column", descending=[True, False]).head(SHOWN)
    shares = ordered["lowest_share"].to_numpy()
    figure = blank(theme, height=330, x="column, surest first", y="share of resamples", key="lowest-ten")
    figure.add_bar(
        x=np.arange(ordered.height),
        y=shares,
        marker=scaled(ordered["probability"].to_numpy(), scale_top(table["probability"].to_numpy()), line={"width": 0}),
        **hover("%{customdata[1]}<br>among the ten lowest in %{y:.0%} of the resamples", hover_data(ordered)),
        **undimmed(),
    )
    if theme.is_dark:
        figure.add_scatter(**outline(shares))
    chance = min(1.0, 10 / table.height)
    for height, words in ((0.95, "surely among them"), (chance, "chance")):
        figure.add_hline(y=height, line={"color": GREY, "dash": "dot", "width": 1.5})
        add_note(figure, words, 1, height, size=12, colour=theme.ink, paper="x", anchor="right bottom")
    columns = ordered["column"].to_list()
    names = {"tickvals": list(range(ordered.height)), "ticktext": [str(column) for column in columns]}
    right = ordered.height + 1.9  # room for the words on the line of chance, beside the bars
    figure.update_xaxes(range=[-0.6, right], tickangle=0, tickfont={"size": 11}, fixedrange=True, **names, **BARE)
    figure.update_yaxes(range=[0, 1.12], tickformat=".0%", fixedrange=True)
    if selected in columns:
        where = columns.index(selected)
        add_ring(figure, theme, where, float(shares[where]))
    return figure


def agreements(stability: Stability, *, theme: Theme = LIGHT) -> go.Figure:
    """Rank correlations of constructions that ought to agree, a dot each; resamples as median and interval."""
    figure = blank(theme, height=330, x="rank correlation of the probabilities", key="agreements")
    for row, values in enumerate((stability.seeds, stability.halves)):
        look = dots(SEMANTIC, 11, edge=1, rim=theme.ink, opacity=0.75)
        add_trace(figure, list(values), [row] * len(values), look, hover("%{x:.2f}"))
    if stability.resampled is not None:
        middle = stability.resampled
        add_line(figure, [middle.low, middle.high], [2, 2], colour=SEMANTIC, width=3)
        words = hover(f"median %{{x:.2f}} [{middle.low:.2f}, {middle.high:.2f}]")
        add_trace(figure, [middle.value], [2], dots(SEMANTIC, 12, "line-ns-open", edge=3), words)
    every = [*stability.seeds, *stability.halves, *([stability.resampled.low] if stability.resampled else [])]
    figure.update_xaxes(range=[min(0.0, *every) - 0.03, 1.03], zeroline=True)
    figure.update_yaxes(tickvals=[0, 1, 2], ticktext=list(ROWS), range=[2.6, -0.6], zeroline=False, fixedrange=True)
    return figure
