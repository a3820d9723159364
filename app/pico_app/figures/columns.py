"""Every column in one picture, four ways; and one column in detail."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
from numpy.typing import NDArray

from pico_app.figures.marks import add_line, add_ring, dots, hover, scaled
from pico_app.figures.theme import (
    GREY,
    IMAGE,
    LIGHT,
    SEMANTIC,
    TEXT,
    Theme,
    blank,
    colour_bar,
    interval,
    outline,
    scale_top,
    shades,
    verbatim,
)

MEASURES = {"probability": "semantic probability", "shown_weight": "weight (mean 1)"}
RING = 17  # pixels across, of the mark of the selected column
SIDE = 0.86  # where the distribution beside the bars begins
BINS = 30
DENSE = 200  # columns; lines of more touch each other


@dataclass(frozen=True)
class Shown:
    """A form of the figure of all columns: which number it shows, in which order."""

    measure: str
    by_value: bool


def all_columns(table: pl.DataFrame, *, measure: str, by_value: bool, theme: Theme = LIGHT) -> go.Figure:
    """One number of every column as bars, sorted or by index, with its distribution at the side.

    The figure is the same whichever column is looked at; `marks_json` tells the browser which one to mark in it.

    Args:
        table: One row per column, with `column`, `title`, `probability` and the measure.
        measure: A key of `MEASURES`.
        by_value: Lowest first, instead of by index.
        theme: Light or dark.
    """
    ordered = _ordered(table, measure, by_value=by_value)
    values, probabilities = ordered[measure].to_numpy(), ordered["probability"].to_numpy()
    figure = blank(
        theme,
        height=330,
        x=f"{ordered.height} columns, lowest first" if by_value else "column index",
        y=MEASURES[measure],
        key=f"all-{measure}-{by_value}",
    )
    figure.add_bar(
        x=np.arange(ordered.height),
        y=values,
        marker={"color": shades(probabilities / scale_top(probabilities)), "line": {"width": 0}},
        **hover("%{customdata[1]}<br>" + MEASURES[measure] + " %{y:.3f}%{customdata[2]}", hover_data(ordered)),
    )
    top = max(1e-6, float(values.max()), _highest(ordered, measure))
    edge = max(1.0, 0.026 * ordered.height)  # the ring and the number of the outermost column are whole
    counts, edges = np.histogram(values, bins=BINS, range=(0.0, top))
    figure.add_bar(
        x=counts,
        y=(edges[:-1] + edges[1:]) / 2,
        width=np.diff(edges),
        orientation="h",
        xaxis="x2",
        marker={"color": GREY, "line": {"width": 0}},
        customdata=np.column_stack([edges[:-1], edges[1:]]),
        hovertemplate="%{x} columns from %{customdata[0]:.3f} to %{customdata[1]:.3f}<extra></extra>",
    )
    figure.update_layout(
        bargap=0.08 if ordered.height < 300 else 0,
        margin={"l": 65, "b": 60},
        xaxis={
            "domain": [0, SIDE - 0.03],
            "showgrid": False,
            "range": [-edge, ordered.height - 1 + edge],
            "zeroline": False,
        },
        xaxis2={
            "domain": [SIDE, 1],
            "anchor": "y",
            "title": {"text": "columns"},
            "gridcolor": theme.faint,
            "zerolinecolor": theme.faint,
            "fixedrange": True,
            "nticks": 4,
        },
        # Below zero there is room for the lower half of the ring around a column of probability 0.
        yaxis={"range": [-0.05 * top, 1.16 * top], "fixedrange": True},
    )
    if by_value:
        figure.update_xaxes(showticklabels=False, selector={"anchor": None})
        figure.layout.xaxis.showticklabels = False
    if theme.is_dark:
        figure.add_scatter(**outline(values))
    if measure == "probability" and has_intervals(table):
        figure.add_scatter(**_whiskers(ordered, theme=theme))
    return figure


def marks_json(table: pl.DataFrame, *, plots: Mapping[str, Shown], selected: int, theme: Theme = LIGHT) -> str:
    """The mark of one column over each form of `all_columns`, for `components.column_mark`: a ring and a number.

    Args:
        table: As there.
        plots: The forms of the figure by their keys on the page.
        selected: The column.
        theme: Light or dark.
    """
    marks = {}
    for key, shown in plots.items():
        ordered = _ordered(table, shown.measure, by_value=shown.by_value)
        where = ordered["column"].to_list().index(selected)
        marks[key] = _mark(where, float(ordered[shown.measure][where]), f"<b>{selected}</b>", theme.ink)
    return json.dumps(marks)


def _mark(x: float, y: float, text: str, colour: str) -> dict[str, Any]:
    """As `add_ring`, but laid over the figure: a shape and a note, which Plotly moves without drawing anything else."""
    half = RING / 2
    ends = {"x0": -half, "x1": half, "y0": -half, "y1": half, "xsizemode": "pixel", "ysizemode": "pixel"}
    return {
        "shape": {"type": "circle", "xanchor": x, "yanchor": y, "line": {"color": colour, "width": 2.5}, **ends},
        "annotation": {
            "x": x,
            "y": y,
            "text": text,
            "showarrow": False,
            "yshift": 20,
            "font": {"color": colour, "size": 13},
        },
    }


def _ordered(table: pl.DataFrame, measure: str, *, by_value: bool) -> pl.DataFrame:
    return table.sort(measure, "column") if by_value else table.sort("column")


def against_null(table: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """p̂ of matched pairs, with its interval, against the same statistic on mismatched pairs, with its band."""
    figure = blank(
        theme, height=420, x="null: p̂ on mismatched pairs (mean)", y="p̂ on matched pairs", key="against-null"
    )
    nulls, matched = (
        table.select("null_low", "null_high").to_numpy(),
        table.select("p_hat_low", "p_hat_high").to_numpy(),
    )
    means = table["null_mean"].to_numpy()
    across, up = _padded(means), _padded(np.concatenate([nulls, matched]))
    ends = [min(across[0], up[0]), max(across[1], up[1])]
    add_line(
        figure,
        np.column_stack([means, means, np.full_like(means, np.nan)]).ravel(),
        np.column_stack([nulls, np.full_like(means, np.nan)]).ravel(),
        colour="rgba(150,150,150,0.30)",
        width=7,
    )
    add_line(figure, ends, ends, colour=GREY, width=1, dash="dot")
    kinds = ((False, GREY, "circle-open", "does not differ"), (True, SEMANTIC, "circle", "differs"))
    for differs, colour, symbol, word in kinds:
        part = table.filter(pl.col("differs") == differs)
        bars = interval(part["p_hat_low"].to_list(), part["p_hat_high"].to_list(), part["p_hat"].to_list())
        figure.add_scatter(
            x=part["null_mean"].to_numpy(),
            y=part["p_hat"].to_numpy(),
            error_y={**bars, "thickness": 1.2},
            **dots(colour, 8, symbol, edge=1.5),
            customdata=hover_data(part),
            **hover("%{customdata[1]}<br>matched %{y:.3f}, mismatched %{x:.3f}: " + word + "%{customdata[2]}"),
            **undimmed(),
        )
    figure.update_xaxes(range=across)
    figure.update_yaxes(range=up)
    if selected >= 0:
        row = table.row(by_predicate=pl.col("column") == selected, named=True)
        add_ring(figure, theme, row["null_mean"], row["p_hat"])
    return figure


def two_sides(table: pl.DataFrame, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """Style similarity on the image side against the text side, coloured by the probability made of both."""
    figure = blank(
        theme,
        height=420,
        x="style similarity on the image side",
        y="style similarity on the text side",
        key="two-sides",
    )
    figure.add_scatter(
        x=table["image_similarity"].to_numpy(),
        y=table["text_similarity"].to_numpy(),
        mode="markers",
        marker=scaled(
            table["probability"].to_numpy(),
            scale_top(table["probability"].to_numpy()),
            size=9,
            line={"color": theme.rim, "width": 0.8},
            colorbar=colour_bar("semantic<br>probability"),
        ),
        customdata=hover_data(table),
        **hover("%{customdata[1]}<br>images %{x:.3f}, texts %{y:.3f}, probability %{marker.color:.3f}%{customdata[2]}"),
        **undimmed(),
    )
    figure.update_xaxes(range=_padded(table["image_similarity"].to_numpy()))
    figure.update_yaxes(range=_padded(table["text_similarity"].to_numpy()))
    if selected >= 0:
        row = table.row(by_predicate=pl.col("column") == selected, named=True)
        add_ring(figure, theme, row["image_similarity"], row["text_similarity"])
    return figure


def values(images: NDArray[np.float32], texts: NDArray[np.float32], *, theme: Theme = LIGHT) -> go.Figure:
    """Values of one column in images and in texts: two histograms on one axis, as shares of their items."""
    figure = blank(
        theme, height=300, x="value of the column (mean over an item's tokens)", y="share of items", key="values"
    )
    low, high = _padded(np.concatenate([images, texts]), share=0.01)
    edges = np.linspace(low, high, 45)
    top = 0.0
    for data, colour, name, shape in ((images, IMAGE, "images", ""), (texts, TEXT, "texts", "/")):
        shares = np.histogram(data, bins=edges)[0] / max(1, len(data))
        top = max(top, float(shares.max()))
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=shares,
            width=np.diff(edges),
            marker={"color": colour, "pattern": {"shape": shape, "solidity": 0.25}, "line": {"width": 0}},
            opacity=0.65,
            name=f"{len(data):,} {name}",
            hovertemplate=f"{name}: %{{y:.1%}} near %{{x:.3f}}<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": theme.ink, "width": 1, "dash": "dot"})
    figure.update_layout(
        barmode="overlay", bargap=0, showlegend=True, legend={"orientation": "h", "y": 1.0, "x": 1, "xanchor": "right"}
    )
    figure.update_yaxes(range=[0, 1.15 * top], tickformat=".0%", fixedrange=True)
    return figure


def has_intervals(table: pl.DataFrame) -> bool:
    """Whether the probabilities of this table have intervals (columns read as quantiles have none)."""
    return "probability_low" in table.columns and not table["probability_low"].null_count()


def _whiskers(table: pl.DataFrame, *, theme: Theme) -> dict[str, Any]:
    """All intervals as one line with gaps: error bars would be hundreds of parts of the page, and slow to draw."""
    fade = 1.0 if table.height <= DENSE else 0.5  # side by side they would hide the bars
    at, gap = np.arange(table.height), np.full(table.height, np.nan)
    return {
        "x": np.column_stack([at, at, gap]).ravel(),
        "y": np.column_stack(
            [*(table[name].to_numpy() for name in ("probability_low", "probability_high")), gap]
        ).ravel(),
        "mode": "lines",
        "line": {
            "color": f"rgba(190,195,200,{0.85 * fade})" if theme.is_dark else f"rgba(140,146,152,{0.9 * fade})",
            "width": 1.5,
            "simplify": False,
        },
        "hoverinfo": "skip",
    }


def _highest(table: pl.DataFrame, measure: str) -> float:
    shown = measure == "probability" and has_intervals(table)
    return float(np.max(table["probability_high"].to_numpy())) if shown else 0.0


def chosen_column(points: Sequence[object]) -> int | None:
    """The column of the first selected point, if it carries one."""
    for point in points:
        data = point.get("customdata") if isinstance(point, dict) else None
        if isinstance(data, dict):
            data = list(data.values())
        if isinstance(data, list | tuple) and len(data) == 3 and str(data[0]).isdigit():
            return int(data[0])
    return None


def hover_data(table: pl.DataFrame) -> list[list[str]]:
    """What hovering says beside the axes: column, title, and the planted truth if it is known."""
    truth = table["semantic_share"].to_list() if "semantic_share" in table.columns else [None] * table.height
    truths = ["" if share is None else f"<br>planted truth {share:.2f}" for share in truth]
    columns, titles = table["column"].to_list(), table["title"].to_list()
    return [[str(column), verbatim(title), share] for column, title, share in zip(columns, titles, truths, strict=True)]


def undimmed() -> dict[str, Any]:
    """The ring says what is selected; the other columns keep their colours."""
    same = {"marker": {"opacity": 1}}
    return {"selected": same, "unselected": same}


def _padded(numbers: NDArray[Any], *, share: float = 0.06) -> list[float]:
    """Ends of an axis that holds all numbers and a little more."""
    low, high = float(np.nanmin(numbers)), float(np.nanmax(numbers))
    room = share * (high - low) or 0.01
    return [low - room, high + room]
