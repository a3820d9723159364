"""Recall at every k: both scorings with their bands above, the paired change below."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pico_app.figures.marks import TICKS, add_note, semantic_blue
from pico_app.figures.theme import GREY, blank, faint, ink, verbatim
from pico_core.retrieval.comparing.recall_curves import RecallCurve
from pico_core.retrieval.records import Estimate

LEFT, LEFT_BAND = GREY, "rgba(138,143,148,0.26)"
RIGHT_BAND = "rgba(0,114,178,0.22)"
MARKED = (1, 5, 10)  # what R@1, R@5 and R@10 read off
LEAST = 2.0  # points to either side of zero: a change of nothing is not blown up
LOWER = (0.0, 0.27)  # of the height: the change
UPPER = (0.36, 1.0)


def recall_figure(curve: RecallCurve, *, left: str, right: str, dark: bool = False) -> go.Figure:
    """One direction: R@k of both sides over k, and right minus left below.

    Args:
        curve: From the engine.
        left: Name of the left side.
        right: Name of the right side.
        dark: For the dark theme.
    """
    blue = semantic_blue(dark)
    candidates = "texts" if curve.kind == "image" else "images"
    figure = blank(height=430, x="", y="recall at k, per cent", dark=dark, key=f"recall-{curve.kind}")
    _band(figure, curve, curve.left, fill=LEFT_BAND)
    _band(figure, curve, curve.right, fill=RIGHT_BAND)
    _line(figure, curve, curve.left, name=left, colour=LEFT, dash="dash")
    _line(figure, curve, curve.right, name=right, colour=blue)
    _band(figure, curve, curve.change, fill=RIGHT_BAND, lower=True)
    _line(figure, curve, curve.change, name="right minus left", colour=blue, lower=True)
    reach = 1.08 * max(LEAST, *(abs(end) for one in curve.change for end in (one.low, one.high)))
    ticks = [k for k in TICKS if k <= min(curve.cuts[-1], 10_000)]
    axis = {"type": "log", "tickvals": ticks, "ticktext": [f"{k:,}" for k in ticks], "fixedrange": True}
    grid = {"gridcolor": faint(dark), "zeroline": False, "linecolor": faint(dark), "automargin": True}
    figure.update_layout(
        xaxis={**axis, "showticklabels": False, "matches": "x2"},
        xaxis2={**axis, **grid, "anchor": "y2", "title": {"text": f"k, the first so many {candidates} (log scale)"}},
        yaxis={"domain": list(UPPER), "fixedrange": True, "range": [0, 103]},
        yaxis2={
            **grid,
            "domain": list(LOWER),
            "fixedrange": True,
            "range": [-reach, reach],
            "title": {"text": "change, points"},
            "nticks": 5,
        },
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        hovermode="x unified",
    )
    figure.add_shape(
        type="line",
        xref="x2",
        yref="y2",
        x0=1,
        x1=curve.cuts[-1],
        y0=0,
        y1=0,
        line={"color": ink(dark), "dash": "dot", "width": 1},
    )
    for k in MARKED:
        if k <= curve.cuts[-1]:
            figure.add_shape(
                type="line", xref="x", yref="paper", x0=k, x1=k, y0=0, y1=1, line={"color": faint(dark), "width": 1.5}
            )
    for name, colour, place in ((f"– –  {left}", ink(dark), 0.16), (f"—  {right}", blue, 0.05)):
        add_note(
            figure,
            _short(name),
            0.985,
            UPPER[0] + place * (UPPER[1] - UPPER[0]),
            size=13,
            colour=colour,
            paper="xy",
            anchor="right bottom",
        )
    return figure


def _line(
    figure: go.Figure,
    curve: RecallCurve,
    values: Sequence[Estimate],
    *,
    name: str,
    colour: str,
    dash: str = "solid",
    lower: bool = False,
) -> None:
    said = [
        f"{one.value:{'+z' if lower else ''}.1f} [{one.low:{'+z' if lower else ''}.1f}, "
        f"{one.high:{'+z' if lower else ''}.1f}]"
        for one in values
    ]
    figure.add_scatter(
        x=curve.cuts,
        y=[one.value for one in values],
        mode="lines",
        line={"color": colour, "width": 2.4, "dash": dash},
        text=said,
        name=_short(name),
        hovertemplate="%{text}<extra>%{fullData.name}</extra>",
        xaxis="x2" if lower else "x",
        yaxis="y2" if lower else "y",
    )


def _band(figure: go.Figure, curve: RecallCurve, values: Sequence[Estimate], *, fill: str, lower: bool = False) -> None:
    figure.add_scatter(
        x=[*curve.cuts, *reversed(curve.cuts)],
        y=[*(one.high for one in values), *(one.low for one in reversed(values))],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=fill,
        hoverinfo="skip",
        xaxis="x2" if lower else "x",
        yaxis="y2" if lower else "y",
    )


def _short(name: str) -> str:
    """A name that fits beside a curve; Plotly reads tags, names hold none that it should obey."""
    cut = name if len(name) <= 40 else f"{name[:39]}…"
    return verbatim(cut)
