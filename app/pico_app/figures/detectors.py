"""All detectors over all columns, and how settled the order of the columns is."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import polars as pl
from numpy.typing import NDArray
from plotly.subplots import make_subplots

from pico_app.figures.columns import hover_data, undimmed
from pico_app.figures.marks import add_line, add_note, add_ring, dots, hover, name_rows, scaled
from pico_app.figures.theme import (
    CATEGORIES,
    GREY,
    LIGHT,
    SEMANTIC,
    SEQUENTIAL,
    SYMBOLS,
    Theme,
    blank,
    interval,
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
        figure.add_bar(
            x=np.arange(ordered.height),
            y=values,
            row=row,
            col=1,
            marker={
                "color": _ranks(-values if detector.rises_with_style else values),
                "colorscale": SEQUENTIAL,
                "line": {"width": 0},
            },
            **hover("%{customdata[1]}<br>" + detector.name.replace("_", " ") + " %{y:.3f}", hover_data(ordered)),
            **undimmed(),
        )
        if theme.is_dark:
            figure.add_scatter(**outline(values), row=row, col=1)
        # Bars begin at zero, so it is always in sight, even where every number lies below it.
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        room = (high - low) or 1.0
        figure.update_yaxes(
            range=[low - 0.05 * room, high + 0.1 * room],
            row=row,
            col=1,
            nticks=3,
            fixedrange=True,
            gridcolor=theme.faint,
            zerolinecolor=theme.faint,
        )
        # Two lines at the left, in the place of an axis title that would be cut off.
        add_note(
            figure,
            _name(detector),
            -0.055,
            0.5,
            size=12.5,
            yref=f"y{'' if row == 1 else row} domain",
            align="right",
            paper="x",
            anchor="right",
        )
    if selected >= 0:
        figure.add_vline(
            x=ordered["column"].to_list().index(selected), line={"color": theme.ink, "width": 1.5, "dash": "dot"}
        )
    figure.update_xaxes(showticklabels=False, showgrid=False, zeroline=False, fixedrange=True)
    figure.update_xaxes(title={"text": f"{ordered.height} columns, lowest semantic probability first"}, row=n, col=1)
    figure.update_layout(margin={"l": 190, "r": 8, "t": 10, "b": 8}, bargap=0.1, dragmode=False)
    return figure


def scatter_matrix(table: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """Every detector against every other; a point is a column, the same colour in all."""
    figure = blank(theme, height=CELL * len(DETECTORS), key="matrix")
    figure.add_trace(
        go.Splom(
            dimensions=[{"label": _name(detector), "values": values_of(table, detector)} for detector in DETECTORS],
            showupperhalf=False,
            diagonal={"visible": False},
            marker=scaled(
                table["probability"].to_numpy(),
                scale_top(table["probability"].to_numpy()),
                size=6,
                line={"width": 1, "color": theme.rim},
            ),
            customdata=hover_data(table),
            **hover("%{customdata[1]}<br>%{xaxis.title.text} %{x:.3f}<br>%{yaxis.title.text} %{y:.3f}"),
            selectedpoints=None if selected < 0 else [table["column"].to_list().index(selected)],
            selected={"marker": {"size": 12, "opacity": 1}},
            unselected={"marker": {"opacity": 0.9}},
        )
    )
    axes = {
        "gridcolor": theme.faint,
        "zerolinecolor": theme.faint,
        "tickfont": {"size": 10},
        "title": {"font": {"size": 11}},
    }
    for i in range(1, len(DETECTORS) + 1):
        end = "" if i == 1 else str(i)
        figure.update_layout({f"xaxis{end}": axes, f"yaxis{end}": axes})
    figure.update_layout(margin={"l": 70, "r": 8, "t": 8, "b": 60})
    return figure


def against_yardsticks(found: Sequence[Trust], *, theme: Theme = LIGHT) -> go.Figure:
    """Rank correlation of every detector with every yardstick, with intervals; right of zero agrees."""
    figure = blank(
        theme,
        height=110 + len(DETECTORS) * (24 + 14 * len(found)),
        x="rank correlation with style by the yardstick",
        key="yardsticks",
    )
    room = 0.6 / max(1, len(found))
    for i, trust in enumerate(found):
        places = [place + (i - (len(found) - 1) / 2) * room for place in range(len(DETECTORS))]
        ends = [[getattr(rho, end) for rho in trust.rho] for end in ("low", "high", "value")]
        colour = CATEGORIES[4 + i]  # the first four have a meaning of their own: semantic, style, image, text
        figure.add_scatter(
            x=ends[2],
            y=places,
            name=trust.yardstick,
            **dots(colour, 10, SYMBOLS[i], edge=1),
            error_x={**interval(*ends), "color": colour},
            customdata=list(zip(ends[0], ends[1], strict=True)),
            hovertemplate="%{x:.2f} [%{customdata[0]:.2f}, %{customdata[1]:.2f}]"
            f"<extra>{trust.yardstick}</extra>",
        )
    figure.add_vline(x=0, line={"color": GREY, "width": 1.5})
    figure.update_xaxes(range=[-1.02, 1.02], zeroline=False, fixedrange=True)
    name_rows(figure, [_name(detector) for detector in DETECTORS])
    figure.update_layout(
        showlegend=len(found) > 1,
        legend={"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "xanchor": "left"},
        dragmode=False,
    )
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
    figure.update_xaxes(
        range=[-0.6, ordered.height + 1.9],  # room for the words on the line of chance, beside the bars
        tickvals=list(range(ordered.height)),
        ticktext=[str(column) for column in ordered["column"].to_list()],
        showgrid=False,
        zeroline=False,
        tickangle=0,
        tickfont={"size": 11},
        fixedrange=True,
    )
    figure.update_yaxes(range=[0, 1.12], tickformat=".0%", fixedrange=True)
    if selected in ordered["column"].to_list():
        place = ordered["column"].to_list().index(selected)
        add_ring(figure, theme, place, float(shares[place]))
    return figure


def agreements(found: Stability, *, theme: Theme = LIGHT) -> go.Figure:
    """Rank correlations of constructions that ought to agree, a dot each; resamples as median and interval."""
    figure = blank(theme, height=330, x="rank correlation of the probabilities", key="agreements")
    for place, values in enumerate((found.seeds, found.halves)):
        figure.add_scatter(
            x=list(values),
            y=[place] * len(values),
            **dots(SEMANTIC, 11, edge=1, rim=theme.ink, opacity=0.75),
            **hover("%{x:.2f}"),
        )
    if found.resampled is not None:
        middle = found.resampled
        add_line(figure, [middle.low, middle.high], [2, 2], colour=SEMANTIC, width=3)
        figure.add_scatter(
            x=[middle.value],
            y=[2],
            **dots(SEMANTIC, 12, "line-ns-open", edge=3),
            **hover(f"median %{{x:.2f}} [{middle.low:.2f}, {middle.high:.2f}]"),
        )
    every = [*found.seeds, *found.halves, *([found.resampled.low] if found.resampled else [])]
    figure.update_xaxes(range=[min(0.0, *every) - 0.03, 1.03], zeroline=True)
    figure.update_yaxes(tickvals=[0, 1, 2], ticktext=list(ROWS), range=[2.6, -0.6], zeroline=False, fixedrange=True)
    return figure
