"""How settled the order of the columns is: who stays among the lowest, and what other starts and images give."""

import numpy as np
import plotly.graph_objects as go
import polars as pl

from pico_app.figures.columns import hover_data, undimmed
from pico_app.figures.marks import add_line, add_note, add_ring, scaled
from pico_app.figures.theme import GREY, SEMANTIC, blank, ink, outline, scale_top
from pico_core.columns.stability import Stability

SHOWN = 16
ROWS = ("other starts, same images", "half of the images against the other", "resampled images")


def lowest_ten(table: pl.DataFrame, *, selected: int, dark: bool = False) -> go.Figure:
    """In which share of the resamples a column is among the ten of lowest probability; the surest first."""
    ordered = table.sort("lowest_share", "column", descending=[True, False]).head(SHOWN)
    shares = ordered["lowest_share"].to_numpy()
    figure = blank(height=330, x="column, surest first", y="share of resamples", dark=dark, key="lowest-ten")
    figure.add_bar(
        x=np.arange(ordered.height),
        y=shares,
        marker=scaled(ordered["probability"].to_numpy(), scale_top(table["probability"].to_numpy()), line={"width": 0}),
        customdata=hover_data(ordered),
        hovertemplate="%{customdata[1]}<br>among the ten lowest in %{y:.0%} of the resamples<extra></extra>",
        **undimmed(),
    )
    if dark:
        figure.add_scatter(**outline(shares))
    chance = min(1.0, 10 / table.height)
    for height, words in ((0.95, "surely among them"), (chance, "chance")):
        figure.add_hline(y=height, line={"color": GREY, "dash": "dot", "width": 1.5})
        add_note(figure, words, 1, height, size=12, colour=ink(dark), paper="x", anchor="right bottom")
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
        add_ring(figure, place, float(shares[place]), dark=dark)
    return figure


def agreements(found: Stability, *, dark: bool = False) -> go.Figure:
    """Rank correlations of constructions that ought to agree, a dot each; resamples as median and interval."""
    figure = blank(height=330, x="rank correlation of the probabilities", y="", dark=dark, key="agreements")
    for place, values in enumerate((found.seeds, found.halves)):
        figure.add_scatter(
            x=list(values),
            y=[place] * len(values),
            mode="markers",
            marker={"color": SEMANTIC, "size": 11, "opacity": 0.75, "line": {"width": 1, "color": ink(dark)}},
            hovertemplate="%{x:.2f}<extra></extra>",
        )
    if found.resampled is not None:
        middle = found.resampled
        add_line(figure, [middle.low, middle.high], [2, 2], colour=SEMANTIC, width=3)
        figure.add_scatter(
            x=[middle.value],
            y=[2],
            mode="markers",
            marker={"color": SEMANTIC, "size": 12, "symbol": "line-ns-open", "line": {"width": 3, "color": SEMANTIC}},
            hovertemplate=f"median %{{x:.2f}} [{middle.low:.2f}, {middle.high:.2f}]<extra></extra>",
        )
    every = [*found.seeds, *found.halves, *([found.resampled.low] if found.resampled else [])]
    figure.update_xaxes(range=[min(0.0, *every) - 0.03, 1.03], zeroline=True)
    figure.update_yaxes(tickvals=[0, 1, 2], ticktext=list(ROWS), range=[2.6, -0.6], zeroline=False, fixedrange=True)
    return figure
