"""What a variant costs: mean seconds per split, on a log scale."""

from collections.abc import Sequence

import plotly.graph_objects as go

from pico_app.figures.columns import undimmed
from pico_app.figures.marks import name_rows, semantic_blue
from pico_app.figures.row_plot import short
from pico_app.figures.theme import GREY, blank, faint, ink
from pico_core.experiments.summary import VariantSummary
from pico_core.retrieval.schemes.catalogue import METHOD, REFERENCE

LEAST = 1e-3  # seconds; less cannot be told from the clock


def costs(summaries: Sequence[VariantSummary], *, selected: str = "", dark: bool = False) -> go.Figure:
    """Mean seconds of every variant of one dataset that gave a number, the dearest on top.

    Args:
        summaries: Of one dataset; swept settings are left out.
        selected: Variant whose name is set in bold.
        dark: Theme.
    """
    shown = [one for one in summaries if one.family != "setting" and one.variant != REFERENCE and one.n_seeds]
    shown.sort(key=lambda one: -one.seconds)
    values = [max(LEAST, one.seconds) for one in shown]
    figure = blank(
        height=80 + 22 * len(shown), x="mean processor seconds per split (log scale)", y="", dark=dark, key="costs"
    )
    figure.add_bar(
        orientation="h",
        x=values,
        y=list(range(len(shown))),
        width=0.66,
        marker={
            "color": [semantic_blue(dark) if one.variant == METHOD else GREY for one in shown],
            "line": {"width": 0},
        },
        text=[_seconds(one.seconds) for one in shown],
        textposition="outside",
        textfont={"color": ink(dark), "size": 12},
        cliponaxis=False,
        customdata=[[one.variant, short(one.label, 80)] for one in shown],
        hovertemplate="%{customdata[1]}<br>%{text} a split<extra></extra>",
        **undimmed(),
    )
    figure.update_xaxes(
        type="log",
        fixedrange=True,
        gridcolor=faint(dark),
        tickvals=[value for power in range(-3, 5) for value in (10.0**power, 3 * 10.0**power)],
        tickformat="~g",
    )
    name_rows(
        figure,
        [f"<b>{short(one.label)}</b>" if one.variant in (METHOD, selected) else short(one.label) for one in shown],
    )
    figure.update_layout(margin={"l": 8, "r": 70, "t": 8, "b": 8}, dragmode=False)
    return figure


def _seconds(value: float) -> str:
    """Seconds with as many digits as mean something.

    >>> _seconds(0.0004), _seconds(0.05), _seconds(12.34)
    ('< 1 ms', '50 ms', '12 s')
    """
    if value < LEAST:
        return "< 1 ms"
    if value < 1:
        return f"{1000 * value:.0f} ms"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
