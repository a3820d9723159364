"""Does it help, per basis, beside simpler ideas; and all weights at a glance."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
from markupsafe import Markup
from plotly.subplots import make_subplots

from pico_app.figures.marks import scaled
from pico_app.figures.theme import BAR, GAIN, GREY, LIGHT, LOSS, Theme, blank, colour_bar, outline, scale_top, shades
from pico_app.templates import render
from pico_core.retrieval.records import Estimate, RetrievalReport, Scoring, Verdict
from pico_core.retrieval.schemes.catalogue import METHOD, SCHEMES

WEIGHTED = "weighted"  # what retrieval would use: no scheme by itself, for the guard or a reader chose it
GROUPS = ("THE METHOD", "ONE PART BROKEN", "SIMPLER IDEAS", "CEILING")


@dataclass(frozen=True)
class Panel:
    """One basis and its report."""

    title: str
    report: RetrievalReport


def differences(panels: Sequence[Panel], *, theme: Theme = LIGHT) -> go.Figure:
    """Change of rSum against equal weights of every scoring, one panel per basis; zero is no change."""
    places, ticks = _places([panel.report for panel in panels])
    span = _span([panel.report for panel in panels])
    across = {
        "range": [-span, 1.42 * span],
        "fixedrange": True,
        "gridcolor": theme.faint,
        "zeroline": False,
        "showline": False,
        "automargin": True,
        "title": {"text": "change of rSum, points of 600", "font": {"size": 13}},
        "tickvals": _round_ticks(span),
        "ticks": "",
    }
    up = {
        "range": [max(ticks) + 0.6, -0.7],
        "fixedrange": True,
        "tickvals": list(ticks),
        "gridcolor": "rgba(0,0,0,0)",
        "zeroline": False,
        "showline": False,
    }
    named = {"ticktext": [_tick(text, theme=theme) for text in ticks.values()], "automargin": True}
    # One dictionary, checked once: piece by piece Plotly needs a fifth of a second for it, on the first page of all.
    layout = blank(theme, height=60 + 27 * len(ticks), key="differences").layout.to_plotly_json()
    layout["margin"] |= {"l": 138, "b": 60}
    layout["shapes"], traces = [], []
    places_of_axes = make_subplots(cols=len(panels), shared_yaxes=True, horizontal_spacing=0.03).layout.to_plotly_json()
    for number, panel in enumerate(panels, start=1):
        name = "" if number == 1 else str(number)
        x, y = f"x{name}", f"y{name}"
        for axis, own in ((f"xaxis{name}", across), (f"yaxis{name}", up | (named if number == 1 else {}))):
            layout[axis] = layout.get(axis, {}) | places_of_axes[axis] | own
        for row in (panel.report.weighted, *panel.report.controls):
            if row.name in places:
                drawn = _drawn(row, places[row.name], span=span, theme=theme)
                traces += [{**trace, "xaxis": x, "yaxis": y} for trace in drawn]
        zero = {"color": theme.ink, "width": 1, "dash": "dot"}
        ends = {"x0": 0, "x1": 0, "y0": 0, "y1": 1, "xref": x, "yref": f"{y} domain"}
        layout["shapes"].append({"type": "line", "line": zero, **ends})
    return go.Figure(data=traces, layout=layout)


def verdict_html(panel: Panel, *, current: bool) -> Markup:
    """A basis in words: verdict first, then the two scores and the paired difference."""
    word = {Verdict.HELPS: "Helps", Verdict.HURTS: "Hurts", Verdict.NONE: "No detectable difference"}
    report = panel.report
    return render("verdict", report=report, change=report.difference, word=word[report.verdict], current=current)


def weights_at_a_glance(table: pl.DataFrame, *, theme: Theme = LIGHT) -> go.Figure:
    """All weights from lowest to highest beside the equal weight of 1, coloured by semantic probability.

    Args:
        table: The column table with `shown_weight`.
        theme: Light or dark.
    """
    ordered = table.sort("shown_weight", "column")
    probabilities = ordered["probability"].to_numpy()
    top_colour = scale_top(probabilities)
    figure = blank(theme, height=250, x="columns, from lowest to highest weight", y="weight", key="glance")
    hover = "%{customdata[0]}<br>weight %{y:.2f}, probability %{customdata[1]:.3f}<extra></extra>"
    figure.add_bar(
        x=np.arange(ordered.height),
        y=ordered["shown_weight"].to_numpy(),
        marker=scaled(
            shades(probabilities / top_colour),
            top_colour,
            line={"width": 0},
            colorbar=colour_bar("semantic<br>probability"),
        ),
        customdata=ordered.select("title", "probability").rows(),
        hovertemplate=hover,
    )
    if theme.is_dark:
        figure.add_scatter(**outline(ordered["shown_weight"].to_numpy()))
    figure.add_hline(
        y=1,
        line={"color": GREY, "width": 2},
        annotation={
            "text": "equal weights",
            "font": {"color": theme.ink, "size": 13},
            "xanchor": "left",
            "yanchor": "bottom",
        },
        annotation_position="top left",
    )
    figure.update_layout(bargap=0.08 if ordered.height < 300 else 0, margin={"r": BAR, "b": 36})
    top = max(1.25, 1.05 * float(ordered["shown_weight"].max() or 0.0))  # type: ignore[arg-type]
    figure.update_yaxes(range=[0, top], fixedrange=True)
    figure.update_xaxes(showticklabels=False, showgrid=False, fixedrange=True)
    return figure


def _places(reports: Sequence[RetrievalReport]) -> tuple[dict[str, float], dict[float, str]]:
    """Where every row lies, and what stands beside it; rows that no report has are left out."""
    labels = {row.name: row.label.split(" (")[0] for report in reports for row in report.controls}
    labels = {WEIGHTED: "<b>PICO weights</b>"} | {name: labels[name] for name in SCHEMES.names if name in labels}
    places: dict[str, float] = {}
    ticks: dict[float, str] = {}
    at = 0.0
    for title in GROUPS:
        rows = [name for name in labels if _group(name) == title]
        if not rows:
            continue
        ticks[at] = title
        at += 0.85
        for name in rows:
            places[name], ticks[at] = at, labels[name]
            at += 1.0
        at += 0.15
    return places, ticks


def _group(name: str) -> str:
    if name == WEIGHTED or SCHEMES[name].family == "method":
        return GROUPS[0]
    if SCHEMES[name].simpler_idea:
        return GROUPS[2]
    return GROUPS[3] if SCHEMES[name].family == "oracle" else GROUPS[1]


def about(name: str) -> str:
    """What a scoring of a report is, in a few words."""
    return (
        "what retrieval would use: equal weights if the guard refuses" if name == WEIGHTED else SCHEMES[name].sentence
    )


def _tick(text: str, *, theme: Theme) -> str:
    if not text.isupper():
        return text
    return f"<span style='font-size:10px;color:{theme.quiet}'>{text}</span>"


def _drawn(row: Scoring, y: float, *, span: float, theme: Theme) -> list[dict[str, Any]]:
    """A row: its interval, its value as a mark, and in digits."""
    change, main = row.difference, row.name == WEIGHTED
    colour = {Verdict.HELPS: GAIN, Verdict.HURTS: LOSS, Verdict.NONE: GREY}[row.verdict]
    hover = f"<b>{row.label}</b><br>{about(row.name)}<br>{_in_words(row.verdict)}: {_digits(change)}<extra></extra>"
    value = f"{change.value:+.1f}".replace("-", "−")
    return [
        {
            "type": "scatter",
            "x": [change.low, change.high],
            "y": [y, y],
            "mode": "lines",
            "line": {"color": colour, "width": 4 if main else 3},
            "hoverinfo": "skip",
        },
        {
            "type": "scatter",
            "x": [change.value],
            "y": [y],
            "mode": "markers",
            "marker": {
                "color": colour,
                "size": 14 if main else 10,
                "symbol": "circle" if row.name in (WEIGHTED, METHOD) else "diamond",
                "line": {"color": theme.ink, "width": 2 if main else 0},
            },
            "hovertemplate": hover,
        },
        {
            "type": "scatter",
            "x": [1.4 * span],
            "y": [y],
            "mode": "text",
            "text": [f"<b>{value}</b>" if main else value],
            "textposition": "middle left",
            "textfont": {"size": 13, "color": theme.ink},
            "hoverinfo": "skip",
        },
    ]


def _in_words(verdict: Verdict) -> str:
    return {Verdict.HELPS: "helps", Verdict.HURTS: "hurts", Verdict.NONE: "no detectable difference"}[verdict]


def _digits(change: Estimate) -> str:
    return f"{change.value:+.1f} [{change.low:+.1f}, {change.high:+.1f}]"


def _span(reports: Sequence[RetrievalReport]) -> float:
    """Half-width of an axis around zero that holds every interval of all reports."""
    ends = [e for r in reports for s in (r.weighted, *r.controls) for e in (s.difference.low, s.difference.high)]
    return 1.05 * max(1.0, *(abs(end) for end in ends))


def _round_ticks(span: float) -> list[float]:
    """Zero and one round number on either side.

    >>> _round_ticks(183.0), _round_ticks(4.2)
    ([-100.0, 0.0, 100.0], [-2.0, 0.0, 2.0])
    """
    size = 10.0 ** len(str(int(span))[1:]) if span >= 1 else 0.5
    step = next(k * size for k in (5.0, 2.0, 1.0) if k * size <= 0.75 * span or k == 1.0)
    return [-step, 0.0, step]
