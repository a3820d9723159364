"""One choice at a time: a small panel per setting, its values across, the change of rSum up."""

import math
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from pico_app.figures.marks import add_line
from pico_app.figures.row_plot import FAR, LEAST, colour_of, short, signed
from pico_app.figures.theme import GREY, blank, faint, ink, quiet
from pico_core.experiments.sweeps import Sweep, SweptValue
from pico_core.retrieval.records import Verdict

ACROSS = 3
PANEL = 214  # pixels


def swept(sweeps: Sequence[Sweep], *, dark: bool = False) -> go.Figure:
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
    figure.update_layout(blank(height=40 + PANEL * rows, x="", y="", dark=dark, key="sweeps").layout)
    figure.update_annotations(font={"size": 13, "color": ink(dark)})
    values, ends = [0.0], [0.0]
    for number, sweep in enumerate(sweeps):
        row, column = number // ACROSS + 1, number % ACROSS + 1
        _panel(figure, sweep, row, column, dark=dark)
        values += [one.summary.difference for one in sweep.values if one.summary.difference is not None]
        ends += [end for one in sweep.values for end in (one.summary.low, one.summary.high) if end is not None]
    most = FAR * max([LEAST, *(abs(value) for value in values)])  # one huge interval does not squeeze all others
    low, high = max(min(ends), -most), min(max(ends), most)
    room = max(1.0, 0.06 * (high - low))
    figure.update_yaxes(
        range=[low - room, high + room],
        fixedrange=True,
        gridcolor=faint(dark),
        zeroline=True,
        zerolinecolor=GREY,
        zerolinewidth=1.5,
        automargin=True,
    )
    figure.update_yaxes(title={"text": "change of rSum, points of 600", "font": {"size": 12}}, col=1)
    figure.update_xaxes(showgrid=False, zeroline=False, fixedrange=True)
    figure.update_layout(margin={"l": 8, "r": 8, "t": 34, "b": 8}, dragmode=False)
    return figure


def _panel(figure: go.Figure, sweep: Sweep, row: int, column: int, *, dark: bool) -> None:
    held = [(place, one) for place, one in enumerate(sweep.values) if one.summary.difference is not None]
    if len(held) > 1 and all(_is_number(one.value) for one in sweep.values):
        add_line(
            figure,
            [place for place, _ in held],
            [one.summary.difference for _, one in held],
            colour=quiet(dark),
            width=1,
            row=row,
            col=column,
        )
    for place, one in held:
        _value(figure, place, one, row, column, dark=dark)
    figure.update_xaxes(
        tickvals=list(range(len(sweep.values))),
        ticktext=[f"<b>{_tick(one.value)}</b>" if one.is_own else _tick(one.value) for one in sweep.values],
        range=[-0.6, len(sweep.values) - 0.4],
        tickfont={"size": 11},
        autotickangles=[0, 40],  # turned only where a narrow panel has no room for them
        row=row,
        col=column,
    )


def _value(figure: go.Figure, place: int, one: SweptValue, row: int, column: int, *, dark: bool) -> None:
    found = one.summary
    verdict = Verdict(found.verdict or "none")
    colour = colour_of(verdict, main=one.is_own, dark=dark)
    add_line(
        figure,
        [place, place],
        [found.low, found.high],
        colour=colour,
        width=3 if one.is_own else 2,
        row=row,
        col=column,
    )
    symbol = {Verdict.HELPS: "triangle-up", Verdict.HURTS: "triangle-down", Verdict.NONE: "circle-open"}[verdict]
    own = ", the dataset's own" if one.is_own else ""
    figure.add_scatter(
        x=[place],
        y=[found.difference],
        mode="markers",
        marker={
            "symbol": symbol,
            "color": colour,
            "size": 13 if one.is_own else 9,
            "line": {"width": 2, "color": ink(dark) if one.is_own and verdict is not Verdict.NONE else colour},
        },
        hovertemplate=f"{short(found.variant, 60)}{own}<br>{signed(found.difference or 0.0)} "
        f"[{signed(found.low or 0.0)}, {signed(found.high or 0.0)}]<extra></extra>",
        row=row,
        col=column,
    )


def _tick(value: str) -> str:
    return short(value, 18).replace("_", "<br>")


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
