"""Where weighting helps: the paired change of one metric for every value of a label."""

from collections.abc import Sequence

import plotly.graph_objects as go
from markupsafe import Markup

from pico_app.figures.marks import add_line, add_note, add_zero, name_rows
from pico_app.figures.theme import GAIN, GREY, LOSS, blank, verbatim
from pico_app.templates import render
from pico_core.retrieval.comparing.by_label import FEWEST_IMAGES, GroupMetric, LabelGroup, LabelTable

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
LEAST = 2.0  # points to either side of zero: a change of nothing is not blown up


def label_figure(table: LabelTable, metric: str, *, title: str, dark: bool = False) -> go.Figure:
    """A point with its interval for every value; filled where it differs at 5 % false discovery.

    Args:
        table: From the engine.
        metric: Which of its metrics.
        title: What people call it, for the axis.
        dark: For the dark theme.
    """
    rows = [(group, group.metric(metric)) for group in table.groups]
    unit = "points of 600" if metric == "rsum" else "points of per cent"
    figure = blank(
        height=96 + ROW * len(rows),
        x=f"change of {title}, right minus left, {unit}",
        y="",
        dark=dark,
        key=f"label-{metric}",
    )
    ends = [abs(one) for _, row in rows for one in _ends(row)]
    span = 1.05 * max(LEAST, *ends)
    for place, (group, row) in enumerate(rows):
        _draw(figure, place, group, row, dark=dark)
    for text, x, anchor, shift in (("images", 1.0, "right", 58), ("left → right", 1.0, "left", 72)):
        add_note(figure, text, x, -0.95, size=12, xanchor=anchor, xshift=shift, opacity=0.75, paper="x")
    add_zero(figure, dark=dark)
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


def _draw(figure: go.Figure, place: int, group: LabelGroup, row: GroupMetric, *, dark: bool) -> None:
    colour = GREY if not row.differs else GAIN if row.change > 0 else LOSS
    symbol = "circle-open" if not row.differs else "triangle-right" if row.change > 0 else "triangle-left"
    few = row.interval is None
    said = f"{row.change:+z.1f}"
    if row.interval is None:
        said += f", no interval: fewer than {FEWEST_IMAGES} images"
    else:
        said += f" [{row.interval.low:+z.1f}, {row.interval.high:+z.1f}], p = {row.p_value:.3f}"
        add_line(
            figure, [row.interval.low, row.interval.high], [place, place], colour=colour, width=3 if row.differs else 2
        )
    figure.add_scatter(
        x=[row.change],
        y=[place],
        mode="markers",
        marker={
            "color": colour,
            "size": 13 if row.differs else 9,
            "symbol": "x-thin-open" if few else symbol,
            "line": {"color": colour, "width": 2},
        },
        opacity=0.55 if few else 1.0,
        customdata=[[group.value]],
        hovertemplate=f"{called(group)}: {row.left:.1f} → {row.right:.1f}<br>change {said}<extra></extra>",
    )
    faded = 0.75 if few else 1.0
    for text, anchor, shift in (
        (f"{group.n_images:,}", "right", 58),
        (f"{row.left:.1f} → {row.right:.1f}", "left", 72),
    ):
        add_note(figure, text, 1.0, place, size=13, xanchor=anchor, xshift=shift, opacity=faded, paper="x")


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
