"""What a column switch does to recall: paired changes with intervals, and what chance columns do."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from markupsafe import Markup

from pico_app.figures.marks import BARE, add_box, add_line, add_note, add_trace, add_zero, dots, hover
from pico_app.figures.theme import GAIN, GREY, LIGHT, LOSS, Theme, blank
from pico_app.templates import render
from pico_core.retrieval.comparing.metric_changes import MetricChange
from pico_core.retrieval.comparing.paired import Move
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.switching.effect import ControlBand

LABELS = {
    "i2t_r1": "R@1",
    "i2t_r5": "R@5",
    "i2t_r10": "R@10",
    "t2i_r1": "R@1",
    "t2i_r5": "R@5",
    "t2i_r10": "R@10",
    "rsum": "<b>rSum</b>",
}
GROUPS = {"i2t_r1": "image to text", "t2i_r1": "text to image", "rsum": "sum of all six"}
PLACES = {"i2t_r1": 0.0, "i2t_r5": 1.0, "i2t_r10": 2.0, "t2i_r1": 3.7, "t2i_r5": 4.7, "t2i_r10": 5.7, "rsum": 7.4}
BAND = "rgba(150,150,150,0.32)"
LEAST = 2.0  # points to either side of zero: a change of nothing is not blown up
SHOWN_TIMES = 1.04


def changes(
    rows: Sequence[MetricChange], *, control: ControlBand | None, sampled: bool = False, theme: Theme = LIGHT
) -> go.Figure:
    """Paired change of every metric with its interval; in grey the range of random columns.

    Args:
        rows: Six recalls and rSum, in the order of `METRICS`.
        control: The same switch on random columns; None while it is not known.
        sampled: Not all queries were asked: an interval of no width is then no certainty.
        theme: Light or dark.
    """
    figure = blank(theme, height=360, x="change in points (recall in per cent, rSum of 600)", key="switch")
    ends = [LEAST]
    for number, row in enumerate(rows):
        height, change = PLACES[row.name], row.change
        ends += [abs(change.low), abs(change.high)]
        if control is not None:
            low, high = control.ends(number)
            ends += [abs(low), abs(high)]
            add_box(figure, (low, high), (height - 0.36, height + 0.36), fillcolor=BAND, line_width=0, layer="below")
            for end in (low, high):
                add_box(
                    figure, (end, end), (height - 0.36, height + 0.36), type="line", line={"color": GREY, "width": 1}
                )
        _draw(figure, row, height, control=None if control is None else control.ends(number), theme=theme)
    span = SHOWN_TIMES * max(ends)
    add_zero(figure, theme)
    digits: dict[str, Any] = {"size": 13, "colour": theme.ink, "xshift": 8, "paper": "x", "anchor": "left"}
    quiet: dict[str, Any] = {"size": 12, "colour": theme.ink, "opacity": 0.75, "anchor": "right"}
    for row in rows:
        add_note(figure, _said(row.change, sampled=sampled), 1.0, PLACES[row.name], **digits)
        if row.name in GROUPS and row.name != "rsum":
            add_note(figure, GROUPS[row.name], 0.0, PLACES[row.name] - 0.72, xshift=-8, paper="x", **quiet)
    if control is not None:
        words = f"grey: {_word(control.n_columns)} instead, {len(control.changes)} draws"
        add_note(figure, words, 1.0, 1.0, yshift=16, paper="xy", **quiet)
    figure.update_xaxes(range=[-span, span], fixedrange=True, zeroline=False)
    ticks = {"tickvals": [PLACES[row.name] for row in rows], "ticktext": [LABELS[row.name] for row in rows]}
    figure.update_yaxes(range=[max(PLACES.values()) + 0.7, -1.1], fixedrange=True, **BARE, **ticks)
    figure.update_layout(margin={"l": 100, "r": 150, "t": 28, "b": 8})
    return figure


def _draw(
    figure: go.Figure, row: MetricChange, height: float, *, control: tuple[float, float] | None, theme: Theme
) -> None:
    change = row.change
    colour = {Verdict.HELPS: GAIN, Verdict.HURTS: LOSS, Verdict.NONE: GREY}[Verdict.of(change)]
    chance = "" if control is None else f"<br>random columns {control[0]:+z.1f} to {control[1]:+z.1f}"
    add_line(figure, [change.low, change.high], [height, height], colour=colour, width=4 if row.name == "rsum" else 2.2)
    symbol = "circle" if Verdict.of(change) is not Verdict.NONE else "circle-open"
    words = f"{row.left.value:.1f} before, {row.right.value:.1f} after<br>change {_digits(change)}{chance}"
    look = dots(colour, 13 if row.name == "rsum" else 9, symbol, edge=2)
    add_trace(figure, [change.value], [height], look, hover(words))


def moves_html(move: Move, *, name: str, picture: str | None) -> Markup:
    """One query and its ranks; names come from data and are escaped."""
    return render("moved_query", move=move, name=name, picture=picture)


def _digits(change: Estimate) -> str:
    return f"{change.value:+z.1f} [{change.low:+z.1f}, {change.high:+z.1f}]"


def _said(change: Estimate, *, sampled: bool) -> str:
    return "no change seen" if sampled and change.low == change.high else _digits(change)


def _word(n_columns: int) -> str:
    return "one random column" if n_columns == 1 else f"{n_columns} random columns"
