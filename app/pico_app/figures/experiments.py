"""The table of an experiment as rows: every variant against equal weights, and the method against every variant."""

from collections.abc import Sequence

import plotly.graph_objects as go
import polars as pl

from pico_app.figures.row_plot import Band, Group, PlotRow, row_plot
from pico_core.experiments.summary import VariantSummary
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.schemes.catalogue import METHOD, PERMUTED, REFERENCE, simpler_ideas

HEADINGS = {
    "method": "THE METHOD",
    "feedback": "OTHER FEEDBACK",
    "control": "SIMPLER WEIGHTS, AND PERMUTED ONES",
    "transform": "NO WEIGHTS, ANOTHER SPACE",
    "oracle": "TOLD WHAT NOBODY KNOWS",
    "training": "IN TRAINING",
}
CHANGE = "change of rSum against equal weights, points of 600"
LEAD = "rSum of the weights minus that of the row, points of 600"


def forest(
    summaries: Sequence[VariantSummary], table: pl.DataFrame, *, selected: str = "", dark: bool = False
) -> go.Figure:
    """Change of rSum of every variant of one dataset, by family; the method's permuted weights as a grey band.

    Args:
        summaries: Of one dataset; the reference and swept settings are left out.
        table: The cells behind them, of the same dataset.
        selected: Variant to mark.
        dark: Theme.
    """
    shown = [one for one in summaries if one.variant != REFERENCE and one.family != "setting"]
    known = [*HEADINGS, *(one.family for one in shown if one.family not in HEADINGS)]
    groups = [
        Group(
            HEADINGS.get(family, family.upper()[:40]),
            tuple(change_row(one, table) for one in shown if one.family == family),
        )
        for family in dict.fromkeys(known)
    ]
    return row_plot(groups, axis=CHANGE, key="forest", selected=selected, band=_permuted(summaries), dark=dark)


def banded(figure: go.Figure) -> bool:
    """Whether the grey band is drawn: not where it would fill the figure."""
    return any(shape.type == "rect" for shape in figure.layout.shapes)


def rules(
    summaries: Sequence[VariantSummary], table: pl.DataFrame, *, selected: str = "", dark: bool = False
) -> go.Figure:
    """The method beside the same method with other feedback, or none.

    Args:
        summaries: Of one dataset.
        table: The cells behind them, of the same dataset.
        selected: Variant to mark.
        dark: Theme.
    """
    shown = [one for one in summaries if one.family == "feedback" or one.variant in (METHOD, "once")]
    rows = tuple(change_row(one, table) for one in shown)
    return row_plot([Group("", rows)], axis=CHANGE, key="rules", selected=selected, dark=dark)


def leads(summaries: Sequence[VariantSummary], *, selected: str = "", dark: bool = False) -> go.Figure:
    """What the method is ahead of every variant of one dataset, the strongest of them on top; simpler ideas in bold.

    Args:
        summaries: Of one dataset; swept settings are left out.
        selected: Variant to mark.
        dark: Theme.
    """
    shown = [one for one in summaries if one.lead is not None and one.family != "setting"]
    shown.sort(key=lambda one: one.lead or 0.0)
    rows = tuple(_lead_row(one) for one in shown)
    return row_plot(
        [Group("", rows)],
        axis=LEAD,
        key="leads",
        number="lead",
        selected=selected,
        verdicts=("the weights are ahead", "the weights are behind", "they cannot be told apart"),
        dark=dark,
    )


def change_row(one: VariantSummary, table: pl.DataFrame) -> PlotRow:
    """A variant against equal weights, with one dot per seed."""
    dots = table.filter(pl.col("variant") == one.variant)["difference"].drop_nulls().to_list()
    adjusted = "" if one.p_adjusted is None else f"adjusted p = {one.p_adjusted:.2g}"
    return PlotRow(
        name=one.variant,
        label=_called(one),
        change=one.change,
        verdict=Verdict(one.verdict or "none"),
        dots=tuple(dots),
        about=adjusted,
        main=one.variant == METHOD,
        hollow=one.family == "oracle",
        decides=one.family != "transform" and one.variant != PERMUTED,
        missing=one.note or "",
    )


def _lead_row(one: VariantSummary) -> PlotRow:
    lead, change = one.lead or 0.0, one.lead_estimate
    return PlotRow(
        name=one.variant,
        label=one.label,
        change=change or Estimate(lead, lead, lead),
        verdict=Verdict.NONE if change is None else Verdict.of(change),
        about="one seed: no interval" if change is None else "",
        bold=one.variant in simpler_ideas(),
        hollow=one.family == "oracle",
    )


def _called(one: VariantSummary) -> str:
    """Its label without the word that the heading above it says."""
    said = one.label.removeprefix("Feedback: ") if one.family == "feedback" else one.label
    return said if said == one.label else f"{said[:1].upper()}{said[1:]}"


def _permuted(summaries: Sequence[VariantSummary]) -> Band | None:
    for one in summaries:
        if one.variant == PERMUTED and one.low is not None and one.high is not None:
            return Band(one.low, one.high, "the same weights, other columns")
    return None
