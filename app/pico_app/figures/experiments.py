"""What an experiment found: every variant as a row, seed by seed, setting by setting, and what it costs."""

import math
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
import polars as pl
from plotly.subplots import make_subplots

from pico_app.figures.columns import undimmed
from pico_app.figures.marks import BARE, add_line, add_note, add_trace, add_zero, dots, hover, name_rows
from pico_app.figures.row_plot import FAR, LEAST, Band, Group, PlotRow, colour_of, row_plot, short, signed
from pico_app.figures.theme import GREY, LIGHT, LOSS, Theme, blank
from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.sweeps import Sweep, SweptValue
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
    summaries: Sequence[VariantSummary], table: pl.DataFrame, *, selected: str = "", theme: Theme = LIGHT
) -> go.Figure:
    """Change of rSum of every variant of one dataset, by family; the method's permuted weights as a grey band.

    Args:
        summaries: Of one dataset; the reference and swept settings are left out.
        table: The cells behind them, of the same dataset.
        selected: Variant to mark.
        theme: Light or dark.
    """
    shown = [summary for summary in summaries if summary.variant != REFERENCE and summary.family != "setting"]
    known = [*HEADINGS, *(summary.family for summary in shown if summary.family not in HEADINGS)]
    groups = [
        Group(
            HEADINGS.get(family, family.upper()[:40]),
            tuple(change_row(summary, table) for summary in shown if summary.family == family),
        )
        for family in dict.fromkeys(known)
    ]
    return row_plot(groups, axis=CHANGE, key="forest", selected=selected, band=_permuted(summaries), theme=theme)


def banded(figure: go.Figure) -> bool:
    """Whether the grey band is drawn: not where it would fill the figure."""
    return any(shape.type == "rect" for shape in figure.layout.shapes)


def rules(
    summaries: Sequence[VariantSummary], table: pl.DataFrame, *, selected: str = "", theme: Theme = LIGHT
) -> go.Figure:
    """The method beside the same method with other feedback, or none.

    Args:
        summaries: Of one dataset.
        table: The cells behind them, of the same dataset.
        selected: Variant to mark.
        theme: Light or dark.
    """
    shown = [summary for summary in summaries if summary.family == "feedback" or summary.variant in (METHOD, "once")]
    rows = tuple(change_row(summary, table) for summary in shown)
    return row_plot([Group("", rows)], axis=CHANGE, key="rules", selected=selected, theme=theme)


def leads(summaries: Sequence[VariantSummary], *, selected: str = "", theme: Theme = LIGHT) -> go.Figure:
    """What the method is ahead of every variant of one dataset, the strongest of them on top; simpler ideas in bold.

    Args:
        summaries: Of one dataset; swept settings are left out.
        selected: Variant to mark.
        theme: Light or dark.
    """
    shown = [summary for summary in summaries if summary.lead is not None and summary.family != "setting"]
    shown.sort(key=lambda summary: summary.lead or 0.0)
    rows = tuple(_lead_row(summary) for summary in shown)
    return row_plot(
        [Group("", rows)],
        axis=LEAD,
        key="leads",
        number="lead",
        selected=selected,
        verdicts=("the weights are ahead", "the weights are behind", "they cannot be told apart"),
        theme=theme,
    )


def change_row(summary: VariantSummary, table: pl.DataFrame) -> PlotRow:
    """A variant against equal weights, with one dot per seed."""
    dots = table.filter(pl.col("variant") == summary.variant)["difference"].drop_nulls().to_list()
    adjusted = "" if summary.p_adjusted is None else f"adjusted p = {summary.p_adjusted:.2g}"
    return PlotRow(
        name=summary.variant,
        label=_called(summary),
        change=summary.change,
        verdict=Verdict(summary.verdict or "none"),
        dots=tuple(dots),
        about=adjusted,
        main=summary.variant == METHOD,
        hollow=summary.family == "oracle",
        decides=summary.family != "transform" and summary.variant != PERMUTED,
        missing=summary.note or "",
    )


def _lead_row(summary: VariantSummary) -> PlotRow:
    lead, change = summary.lead or 0.0, summary.lead_estimate
    return PlotRow(
        name=summary.variant,
        label=summary.label,
        change=change or Estimate(lead, lead, lead),
        verdict=Verdict.NONE if change is None else Verdict.of(change),
        about="one seed: no interval" if change is None else "",
        bold=summary.variant in simpler_ideas(),
        hollow=summary.family == "oracle",
    )


def _called(summary: VariantSummary) -> str:
    """Its label without the word that the heading above it says."""
    label = summary.label.removeprefix("Feedback: ") if summary.family == "feedback" else summary.label
    return label if label == summary.label else f"{label[:1].upper()}{label[1:]}"


def _permuted(summaries: Sequence[VariantSummary]) -> Band | None:
    for summary in summaries:
        if summary.variant == PERMUTED and summary.low is not None and summary.high is not None:
            return Band(summary.low, summary.high, "the same weights, other columns")
    return None


def seed_pairs(table: pl.DataFrame, variant: str, label: str, *, theme: Theme = LIGHT) -> go.Figure:
    """Change of rSum of both in every split; the line between them is blue where the method is ahead.

    Args:
        table: Cells of one dataset.
        variant: What stands beside the method.
        label: What people call it.
        theme: Light or dark.
    """
    own, other = (
        table.filter((pl.col("variant") == name) & pl.col("difference").is_not_null()).select("seed", "difference")
        for name in (METHOD, variant)
    )
    both = own.join(other, on="seed", suffix="_other").sort("seed")
    figure = blank(theme, height=110 + 34 * max(2, both.height), x=CHANGE, key="seed-pairs")
    for row, (seed, ours, theirs) in enumerate(both.iter_rows()):
        colour = GREY if ours == theirs else (theme.blue if ours > theirs else LOSS)
        add_line(figure, [ours, theirs], [row, row], colour=colour, width=3)
        lead_words = f"seed {seed}: the weights minus it {signed(ours - theirs)}"
        sides = ((theirs, label, "diamond-open", theme.ink), (ours, "PICO", "circle", theme.blue))
        for value, name, symbol, colour in sides:
            words = hover(f"{short(name, 60)} {signed(value)}<br>{lead_words}")
            add_trace(figure, [value], [row], dots(colour, 12, symbol, edge=2), words)
        lead: dict[str, Any] = {"size": 13, "colour": theme.ink, "xshift": 56, "paper": "x", "anchor": "right"}
        add_note(figure, signed(ours - theirs), 1, row, **lead)
    key = f"<span style='color:{theme.blue}'>●</span> PICO&nbsp;&nbsp;◇ {short(label, 40)}"
    for text, x, shift, side in (("lead", 1.0, 56, "right"), (key, 0.0, 12, "left")):
        add_note(figure, text, x, -0.85, size=12, colour=theme.quiet, xshift=shift, paper="x", anchor=side)
    add_zero(figure, theme)
    figure.update_xaxes(zeroline=False, fixedrange=True)
    name_rows(figure, [f"seed {seed}" for seed in both["seed"]], top=-1.2, fewest=1)
    figure.update_layout(margin={"l": 8, "r": 66, "t": 8, "b": 8}, dragmode=False)
    return figure


ACROSS = 3
PANEL = 214  # pixels


def swept(sweeps: Sequence[Sweep], *, theme: Theme = LIGHT) -> go.Figure:
    """A panel per setting, all with the same height of a point; the dataset's own value has a ring and a bold name."""
    rows = math.ceil(len(sweeps) / ACROSS)
    across = min(ACROSS, len(sweeps))
    figure = make_subplots(
        rows=rows,
        cols=across,
        shared_yaxes="all",
        horizontal_spacing=0.03,
        vertical_spacing=0.36 / rows,
        subplot_titles=[short(sweep.setting.replace("_", " "), 30) for sweep in sweeps],
    )
    figure.update_layout(blank(theme, height=40 + PANEL * rows, key="sweeps").layout)
    figure.update_annotations(font={"size": 13, "color": theme.ink})
    values, ends = [0.0], [0.0]
    for number, sweep in enumerate(sweeps):
        row, column = number // ACROSS + 1, number % ACROSS + 1
        _panel(figure, sweep, row, column, theme=theme)
        values += [setting.summary.difference for setting in sweep.values if setting.summary.difference is not None]
        ends += [
            end for setting in sweep.values for end in (setting.summary.low, setting.summary.high) if end is not None
        ]
    most = FAR * max([LEAST, *(abs(value) for value in values)])  # one huge interval does not squeeze all others
    low, high = max(min(ends), -most), min(max(ends), most)
    room = max(1.0, 0.06 * (high - low))
    zero = {"zeroline": True, "zerolinecolor": GREY, "zerolinewidth": 1.5}
    figure.update_yaxes(
        range=[low - room, high + room], fixedrange=True, gridcolor=theme.faint, automargin=True, **zero
    )
    figure.update_yaxes(title={"text": "change of rSum, points of 600", "font": {"size": 12}}, col=1)
    figure.update_xaxes(fixedrange=True, **BARE)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 34, "b": 8}, dragmode=False)
    return figure


def _panel(figure: go.Figure, sweep: Sweep, row: int, column: int, *, theme: Theme) -> None:
    held = [
        (position, setting) for position, setting in enumerate(sweep.values) if setting.summary.difference is not None
    ]
    if len(held) > 1 and all(_is_number(setting.value) for setting in sweep.values):
        heights = [setting.summary.difference for _, setting in held]
        add_line(figure, [position for position, _ in held], heights, colour=theme.quiet, width=1, row=row, col=column)
    for position, setting in held:
        _value(figure, position, setting, row, column, theme=theme)
    figure.update_xaxes(
        tickvals=list(range(len(sweep.values))),
        ticktext=[
            f"<b>{_tick(setting.value)}</b>" if setting.is_own else _tick(setting.value) for setting in sweep.values
        ],
        range=[-0.6, len(sweep.values) - 0.4],
        tickfont={"size": 11},
        autotickangles=[0, 40],  # turned only where a narrow panel has no room for them
        row=row,
        col=column,
    )


def _value(figure: go.Figure, position: int, setting: SweptValue, row: int, column: int, *, theme: Theme) -> None:
    summary = setting.summary
    verdict = Verdict(summary.verdict or "none")
    colour = colour_of(verdict, main=setting.is_own, theme=theme)
    ends, width = [summary.low, summary.high], 3 if setting.is_own else 2
    add_line(figure, [position, position], ends, colour=colour, width=width, row=row, col=column)
    symbol = {Verdict.HELPS: "triangle-up", Verdict.HURTS: "triangle-down", Verdict.NONE: "circle-open"}[verdict]
    own = ", the dataset's own" if setting.is_own else ""
    rim = theme.ink if setting.is_own and verdict is not Verdict.NONE else colour
    look = dots(colour, 13 if setting.is_own else 9, symbol, edge=2, rim=rim)
    value, low, high = (signed(number or 0.0) for number in (summary.difference, summary.low, summary.high))
    words = hover(f"{short(summary.variant, 60)}{own}<br>{value} [{low}, {high}]")
    add_trace(figure, [position], [summary.difference], look, words, row=row, col=column)


def _tick(value: str) -> str:
    return short(value, 18).replace("_", "<br>")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


SHORTEST = 1e-3  # seconds; less cannot be told from the clock


def costs(summaries: Sequence[VariantSummary], *, selected: str = "", theme: Theme = LIGHT) -> go.Figure:
    """Mean seconds of every variant of one dataset that gave a number, the dearest on top.

    Args:
        summaries: Of one dataset; swept settings are left out.
        selected: Variant whose name is set in bold.
        theme: Light or dark.
    """
    measured = (summary for summary in summaries if summary.family != "setting" and summary.n_seeds)
    shown = [summary for summary in measured if summary.variant != REFERENCE]
    shown.sort(key=lambda summary: -summary.seconds)
    colours = [theme.blue if summary.variant == METHOD else GREY for summary in shown]
    names = [[summary.variant, short(summary.label, 80)] for summary in shown]
    values = [max(SHORTEST, summary.seconds) for summary in shown]
    figure = blank(theme, height=80 + 22 * len(shown), x="mean processor seconds per split (log scale)", key="costs")
    figure.add_bar(
        orientation="h",
        x=values,
        y=list(range(len(shown))),
        width=0.66,
        marker={"color": colours, "line": {"width": 0}},
        text=[_seconds(summary.seconds) for summary in shown],
        textposition="outside",
        textfont={"color": theme.ink, "size": 12},
        cliponaxis=False,
        **hover("%{customdata[1]}<br>%{text} a split", names),
        **undimmed(),
    )
    figure.update_xaxes(
        type="log",
        fixedrange=True,
        gridcolor=theme.faint,
        tickvals=[value for power in range(-3, 5) for value in (10.0**power, 3 * 10.0**power)],
        tickformat="~g",
    )
    bold = (METHOD, selected)
    ticks = ((summary.variant in bold, short(summary.label)) for summary in shown)
    name_rows(figure, [f"<b>{label}</b>" if is_bold else label for is_bold, label in ticks])
    figure.update_layout(margin={"l": 8, "r": 70, "t": 8, "b": 8}, dragmode=False)
    return figure


def _seconds(value: float) -> str:
    """Seconds with as many digits as mean something.

    >>> _seconds(0.0004), _seconds(0.05), _seconds(12.34)
    ('< 1 ms', '50 ms', '12 s')
    """
    if value < SHORTEST:
        return "< 1 ms"
    if value < 1:
        return f"{1000 * value:.0f} ms"
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
