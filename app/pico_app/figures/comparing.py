"""Two scorings beside each other: all metrics, recall at every k, and the change for every value of a label."""

from collections.abc import Sequence

import plotly.graph_objects as go
from markupsafe import Markup

from pico_app.figures.marks import (
    add_band,
    add_box,
    add_line,
    add_note,
    add_trace,
    add_zero,
    dots,
    hover,
    lines,
    log_axis,
    name_rows,
)
from pico_app.figures.theme import GAIN, GREY, LIGHT, LOSS, Theme, blank, verbatim
from pico_app.templates import render
from pico_core.retrieval.comparing.by_label import FEWEST_IMAGES, GroupMetric, LabelGroup, LabelTable
from pico_core.retrieval.comparing.metric_changes import MetricChange
from pico_core.retrieval.comparing.recall_curves import RecallCurve
from pico_core.retrieval.records import Estimate

NAMES = {
    "i2t_r1": "R@1",
    "i2t_r5": "R@5",
    "i2t_r10": "R@10",
    "i2t_median_rank": "median rank",
    "t2i_r1": "R@1",
    "t2i_r5": "R@5",
    "t2i_r10": "R@10",
    "t2i_median_rank": "median rank",
    "rsum": "rSum",
    "mrr": "MRR",
}
GROUPS = {"i2t_r1": "image to text", "t2i_r1": "text to image", "rsum": "both directions"}


def metrics_html(rows: Sequence[MetricChange], *, left: str, right: str) -> Markup:
    """The table; the names of the sides are escaped."""
    return render("metric_table", rows=rows, left=left, right=right, names=NAMES, groups=GROUPS)


LEFT, LEFT_BAND = GREY, "rgba(138,143,148,0.26)"
RIGHT_BAND = "rgba(0,114,178,0.22)"
MARKED = (1, 5, 10)  # what R@1, R@5 and R@10 read off
LEAST = 2.0  # points to either side of zero: a change of nothing is not blown up
LOWER = (0.0, 0.27)  # of the height: the change
UPPER = (0.36, 1.0)


def recall_figure(curve: RecallCurve, *, left: str, right: str, theme: Theme = LIGHT) -> go.Figure:
    """One direction: R@k of both sides over k, and right minus left below.

    Args:
        curve: From the engine.
        left: Name of the left side.
        right: Name of the right side.
        theme: Light or dark.
    """
    blue = theme.blue
    candidates = "texts" if curve.kind == "image" else "images"
    figure = blank(theme, height=430, y="recall at k, per cent", key=f"recall-{curve.kind}")
    _band(figure, curve, curve.left, fill=LEFT_BAND)
    _band(figure, curve, curve.right, fill=RIGHT_BAND)
    _line(figure, curve, curve.left, name=left, colour=LEFT, dash="dash")
    _line(figure, curve, curve.right, name=right, colour=blue)
    _band(figure, curve, curve.change, fill=RIGHT_BAND, lower=True)
    _line(figure, curve, curve.change, name="right minus left", colour=blue, lower=True)
    most = 1.08 * max(LEAST, *(abs(end) for estimate in curve.change for end in (estimate.low, estimate.high)))
    axis = {**log_axis(min(curve.cuts[-1], 10_000)), "fixedrange": True}
    grid = {"gridcolor": theme.faint, "zeroline": False, "linecolor": theme.faint, "automargin": True}
    figure.update_layout(
        xaxis={**axis, "showticklabels": False, "matches": "x2"},
        xaxis2={**axis, **grid, "anchor": "y2", "title": {"text": f"k, the first so many {candidates} (log scale)"}},
        yaxis={"domain": list(UPPER), "fixedrange": True, "range": [0, 103]},
        yaxis2={**grid, "domain": list(LOWER), "fixedrange": True, "range": [-most, most], "nticks": 5},
        yaxis2_title_text="change, points",
        margin={"l": 8, "r": 8, "t": 26, "b": 8},
        hovermode="x unified",
    )
    zero, mark = {"color": theme.ink, "dash": "dot", "width": 1}, {"color": theme.faint, "width": 1.5}
    add_box(figure, (1, curve.cuts[-1]), (0, 0), type="line", xref="x2", yref="y2", line=zero)
    for k in MARKED:
        if k <= curve.cuts[-1]:
            add_box(figure, (k, k), (0, 1), type="line", xref="x", yref="paper", line=mark)
    for name, colour, share in ((f"– –  {left}", theme.ink, 0.16), (f"—  {right}", blue, 0.05)):
        up = UPPER[0] + share * (UPPER[1] - UPPER[0])
        add_note(figure, _short(name), 0.985, up, size=13, colour=colour, paper="xy", anchor="right bottom")
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
    digits = "+z.1f" if lower else ".1f"
    words = [f"{estimate.value:{digits}} [{estimate.low:{digits}}, {estimate.high:{digits}}]" for estimate in values]
    hovering = {"text": words, "name": _short(name), "hovertemplate": "%{text}<extra>%{fullData.name}</extra>"}
    add_trace(
        figure, curve.cuts, [estimate.value for estimate in values], lines(colour, 2.4, dash), hovering, _half(lower)
    )


def _band(figure: go.Figure, curve: RecallCurve, values: Sequence[Estimate], *, fill: str, lower: bool = False) -> None:
    ends = [*(estimate.high for estimate in values), *(estimate.low for estimate in reversed(values))]
    add_band(figure, [*curve.cuts, *reversed(curve.cuts)], ends, fill, **_half(lower))


def _half(lower: bool) -> dict[str, str]:
    return {"xaxis": "x2", "yaxis": "y2"} if lower else {"xaxis": "x", "yaxis": "y"}


def _short(name: str) -> str:
    """A name that fits beside a curve; Plotly reads tags, names hold none that it should obey."""
    cut = name if len(name) <= 40 else f"{name[:39]}…"
    return verbatim(cut)


METRIC_NAMES = {
    "rsum": "rSum",
    "i2t_r1": "R@1 image to text",
    "i2t_r5": "R@5 image to text",
    "i2t_r10": "R@10 image to text",
    "t2i_r1": "R@1 text to image",
    "t2i_r5": "R@5 text to image",
    "t2i_r10": "R@10 text to image",
}
ROW = 27  # pixels of a row


def label_figure(table: LabelTable, metric: str, *, title: str, theme: Theme = LIGHT) -> go.Figure:
    """A point with its interval for every value; filled where it differs at 5 % false discovery.

    Args:
        table: From the engine.
        metric: Which of its metrics.
        title: What people call it, for the axis.
        theme: Light or dark.
    """
    rows = [(group, group.metric(metric)) for group in table.groups]
    unit = "points of 600" if metric == "rsum" else "points of per cent"
    figure = blank(
        theme, height=96 + ROW * len(rows), x=f"change of {title}, right minus left, {unit}", key=f"label-{metric}"
    )
    ends = [abs(end) for _, row in rows for end in _ends(row)]
    span = 1.05 * max(LEAST, *ends)
    for row_number, (group, row) in enumerate(rows):
        _draw(figure, row_number, group, row, theme=theme)
    for text, x, anchor, shift in (("images", 1.0, "right", 58), ("left → right", 1.0, "left", 72)):
        add_note(figure, text, x, -0.95, size=12, xanchor=anchor, xshift=shift, opacity=0.75, paper="x")
    add_zero(figure, theme)
    figure.update_xaxes(range=[-span, span], fixedrange=True, zeroline=False)
    name_rows(figure, [called(group) for group, _ in rows], top=-1.3)
    figure.update_layout(margin={"l": 8, "r": 196, "t": 8, "b": 8})
    return figure


def called(group: LabelGroup) -> str:
    """The value, short enough for an axis, with what it holds where it is none; tags are not obeyed."""
    if group.is_single:
        cut = group.value if len(group.value) <= 32 else f"{group.value[:31]}…"
        return verbatim(cut)
    return f"<i>{group.n_values} other values</i>" if group.n_values else "<i>no label</i>"


def _ends(row: GroupMetric) -> Sequence[float]:
    return (row.change,) if row.interval is None else (row.interval.low, row.interval.high)


def _draw(figure: go.Figure, row_number: int, group: LabelGroup, row: GroupMetric, *, theme: Theme) -> None:
    colour = GREY if not row.differs else GAIN if row.change > 0 else LOSS
    symbol = "circle-open" if not row.differs else "triangle-right" if row.change > 0 else "triangle-left"
    few = row.interval is None
    change = f"{row.change:+z.1f}"
    if row.interval is None:
        change += f", no interval: fewer than {FEWEST_IMAGES} images"
    else:
        change += f" [{row.interval.low:+z.1f}, {row.interval.high:+z.1f}], p = {row.p_value:.3f}"
        ends = [row.interval.low, row.interval.high]
        add_line(figure, ends, [row_number, row_number], colour=colour, width=3 if row.differs else 2)
    moved = f"{row.left:.1f} → {row.right:.1f}"
    look = dots(colour, 13 if row.differs else 9, "x-thin-open" if few else symbol, edge=2)
    words = hover(f"{called(group)}: {moved}<br>change {change}", [[group.value]])
    add_trace(figure, [row.change], [row_number], look, words, opacity=0.55 if few else 1.0)
    faded = 0.75 if few else 1.0
    for text, anchor, shift in ((f"{group.n_images:,}", "right", 58), (moved, "left", 72)):
        add_note(figure, text, 1.0, row_number, size=13, xanchor=anchor, xshift=shift, opacity=faded, paper="x")


def label_html(table: LabelTable) -> Markup:
    """All metrics of all values: left → right, and the paired change with its interval; values are escaped."""
    return render(
        "label_table",
        table=table,
        metrics=sorted(table.names, key=lambda name: name != "rsum"),  # seen on a narrow screen without scrolling
        titles=METRIC_NAMES,
        groups=[(group, group.value if group.is_single else Markup(called(group))) for group in table.groups],
        change=_change,
    )


def _change(row: GroupMetric) -> str:
    if row.left == row.right and (row.interval is None or row.interval.low == row.interval.high):
        return "no change"
    return f"{row.change:+z.1f}" + (f" [{row.interval.low:+z.1f}, {row.interval.high:+z.1f}]" if row.interval else "")
