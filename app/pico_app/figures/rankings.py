"""The two lists of a query, where candidates move between them, and the rank of every query before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import log10, sqrt
from typing import Any

import numpy as np
import plotly.graph_objects as go
import polars as pl
from markupsafe import Markup

from pico_app.figures.marks import TICKS, add_note, add_ring, dots
from pico_app.figures.theme import GAIN, GREY, LIGHT, LOSS, Theme, blank, verbatim
from pico_app.templates import render
from pico_core.retrieval.rankings import RankedItem, SideBySide
from pico_core.retrieval.records import RetrievalReport


@dataclass(frozen=True)
class Candidate:
    """What is shown of one candidate: its name, and a picture as a data address where there is one."""

    name: str
    picture: str | None = None


def list_html(
    items: Sequence[RankedItem],
    *,
    title: str,
    target: RankedItem | None,
    candidate: Callable[[int], Candidate],
    weighted: bool,
) -> Markup:
    """One list, rows of a fixed height so that the flow beside it meets them.

    Args:
        items: The top, best first.
        title: Heading of the list.
        target: The right answer, which gets a row of its own below where it is not among them; None
            where no answer is known to be right.
        candidate: What is known of an item.
        weighted: Whether this is the weighted list, which shows the arrows.
    """
    shown = {item.index for item in items}
    rows = [_row(item, candidate(item.index), weighted=weighted) for item in items]
    if target is not None and target.index not in shown:
        rows.append(_row(target, candidate(target.index), weighted=weighted, outside=True))
    gap = target is not None and target.index in shown
    return render("ranked_list", title=title, rows=rows, gap=gap)


def arrow(before: int, after: int) -> str:
    """A change of rank as an arrow and a number: ▲ up, ▼ down, = neither.

    >>> arrow(9, 2), arrow(2, 9), arrow(4, 4)
    ('▲ 7', '▼ 7', '=')
    """
    if before == after:
        return "="
    return f"▲ {before - after:,}" if after < before else f"▼ {after - before:,}"


def report_html(report: RetrievalReport) -> Markup:
    """Every scoring in a row: rSum, its change, recall in both directions, MRR, median ranks, with intervals."""
    return render("report_table", report=report)


def _row(item: RankedItem, shown: Candidate, *, weighted: bool, outside: bool = False) -> dict[str, object]:
    before, after = (item.other_rank, item.rank) if weighted else (item.rank, item.other_rank)
    tone = "" if before == after else "helps ink" if after < before else "hurts ink"
    move = arrow(before, after) if weighted else ""
    return {"item": item, "shown": shown, "outside": outside, "arrow": move, "tone": tone}


HEAD = 30  # pixels of the heading above the lists
ROW = 56  # pixels of one row of the lists; the flow between them has the same pitch
BEND = np.linspace(0.0, 1.0, 25)


def flow_height(both: SideBySide) -> int:
    """Pixels of the lists and of the flow between them: all rows, and one for a right answer further down."""
    return HEAD + ROW * (len(both.left) + (both.target_before is not None))


def colour_of(before: int, after: int) -> str:
    """Gain, loss or neither."""
    if before == after:
        return GREY
    return GAIN if after < before else LOSS


def flow_figure(both: SideBySide, *, names: Mapping[int, str], theme: Theme = LIGHT) -> go.Figure:
    """Lines from every candidate's place in the left list to its place in the right one.

    Args:
        both: The two lists.
        names: What people call a candidate, for the hover.
        theme: Light or dark.
    """
    left = {item.index: (place, item) for place, item in enumerate(both.left)}
    right = {item.index: (place, item) for place, item in enumerate(both.right)}
    below = len(both.left)
    for target, places in ((both.target_before, left), (both.target_after, right)):
        if target is not None:
            places.setdefault(target.index, (below, target))
    figure = blank(height=flow_height(both), x="", y="", theme=theme, key="flow")
    order = sorted(set(left) | set(right), key=lambda i: (left.get(i) or right[i])[1].relevant)
    lines, ends = [], []
    for index in order:
        item = (left.get(index) or right[index])[1]
        before, after = (item.rank, item.other_rank) if index in left else (item.other_rank, item.rank)
        start = left[index][0] if index in left else None
        end = right[index][0] if index in right else None
        path = _path(start, end)
        lines.append(_line(path, item, before=before, after=after, name=names.get(index, "")))
        ends += [
            (*place, colour_of(before, after), item.relevant) for place in (path[[0, -1]] if _whole(path) else path[:1])
        ]
        if start is None or end is None:
            _add_stub_label(figure, start=start, end=end, before=before, after=after, theme=theme)
    figure.add_traces([*lines, _ends(ends)])
    figure.update_layout(
        showlegend=False, margin={"l": 0, "r": 0, "t": HEAD, "b": 0}, dragmode=False, hovermode="closest"
    )
    figure.update_xaxes(visible=False, range=[-0.03, 1.03], fixedrange=True)
    bottom = below + 0.5 if both.target_before is not None else below - 0.5
    figure.update_yaxes(visible=False, range=[bottom, -0.5], fixedrange=True)
    return figure


def _path(start: int | None, end: int | None) -> np.ndarray:
    """Points (x, y) of a bent line; a candidate that leaves or enters has a short one, going below."""
    if start is not None and end is not None:
        ease = BEND**2 * (3 - 2 * BEND)
        return np.stack([BEND, start + (end - start) * ease], axis=1)
    place = start if start is not None else end
    assert place is not None
    stub = np.stack([0.26 * BEND, place + 0.32 * BEND**2], axis=1)
    if start is None:
        stub[:, 0] = 1 - stub[:, 0]
    return stub


def _whole(path: np.ndarray) -> bool:
    """Whether it leads from one list to the other."""
    return path[0, 0] in (0.0, 1.0) and path[-1, 0] in (0.0, 1.0)


def _line(path: np.ndarray, item: RankedItem, *, before: int, after: int, name: str) -> go.Scatter:
    return go.Scatter(
        x=path[:, 0],
        y=path[:, 1],
        mode="lines",
        line={
            "color": colour_of(before, after),
            "width": 5 if item.relevant else 2,
            "dash": "solid" if _whole(path) else "dot",
        },
        opacity=1.0 if item.relevant else 0.75,
        text=[f"{verbatim(name)}<br>rank {before} to {after}"] * len(path),
        hovertemplate="%{text}<extra></extra>",
    )


def _ends(ends: Sequence[tuple[float, float, str, bool]]) -> go.Scatter:
    """The dots where lines end, in one trace: one for each would take as long as all the lines."""
    return go.Scatter(
        x=[x for x, _, _, _ in ends],
        y=[y for _, y, _, _ in ends],
        **dots(
            [colour for _, _, colour, _ in ends],
            [13 if relevant else 8 for _, _, _, relevant in ends],
            "circle",
            opacity=1,
        ),
        cliponaxis=False,
        hoverinfo="skip",
    )


def _add_stub_label(
    figure: go.Figure, *, start: int | None, end: int | None, before: int, after: int, theme: Theme
) -> None:
    place = start if start is not None else end
    assert place is not None
    add_note(
        figure,
        f"to {after}" if start is not None else f"from {before}",
        0.28 if start is not None else 0.72,
        place + 0.32,
        size=12,
        colour=theme.ink,
        xanchor="left" if start is not None else "right",
        bgcolor=theme.paper,
        borderpad=1,
        opacity=0.85,
    )


MANY = 2000  # places; more are drawn by the graphics card
# Trace by trace: whether the rank rose, its symbol, its colour, and what it is called.
FATES = ((0, "square", GREY, "same"), (-1, "triangle-down", LOSS, "lost"), (1, "triangle-up", GAIN, "won"))


def rank_figure(frame: pl.DataFrame, *, selected: tuple[str, int] | None, theme: Theme = LIGHT) -> go.Figure:
    """Ranks on the left against ranks on the right, both on a log scale; equal places share a mark that grows.

    Args:
        frame: From `moves_frame`: kind, index, before, after.
        selected: Kind and index of the query whose lists are shown, ringed.
        theme: Light or dark.
    """
    figure = blank(
        height=440, x="rank on the left (log scale)", y="rank on the right (log scale)", theme=theme, key="moves"
    )
    places = (
        frame.group_by("before", "after", maintain_order=True)
        .agg(pl.len().alias("number"), pl.col("kind").first(), pl.col("index").first())
        .with_columns(fate=(pl.col("before") - pl.col("after")).sign())
    )
    most = max(2, int(frame.select(pl.max_horizontal("before", "after").max()).item() or 2))
    draw = go.Scattergl if places.height > MANY else go.Scatter
    figure.add_trace(
        go.Scatter(x=[1, most], y=[1, most], mode="lines", line={"color": theme.faint, "width": 1.5}, hoverinfo="skip")
    )
    for fate, symbol, colour, word in FATES:
        some = places.filter(pl.col("fate") == fate)
        figure.add_trace(
            draw(
                x=some["before"].to_numpy(),
                y=some["after"].to_numpy(),
                mode="markers",
                name=word,
                marker={
                    "symbol": symbol,
                    "color": theme.blue if colour == GAIN else colour,
                    "size": [_size(number) for number in some["number"]],
                    "opacity": 0.7,
                    "line": {"width": 0},
                },
                customdata=[
                    [kind, index, number]
                    for kind, index, number in zip(some["kind"], some["index"], some["number"], strict=True)
                ],
                hovertemplate=f"rank %{{x:,}} → %{{y:,}}, {word}<br>%{{customdata[2]:,}} queries here<extra></extra>",
                # A figure that selects would else fade what is not selected.
                selected={"marker": {"opacity": 0.7}},
                unselected={"marker": {"opacity": 0.7}},
            )
        )
    _ring(figure, frame, selected, theme=theme)
    reach = [-0.06 * (1 + len(str(most))) / 2, log10(most) * 1.04 + 0.05]
    ticks = [k for k in TICKS if k <= most]
    axis = {"type": "log", "range": reach, "tickvals": ticks, "ticktext": [f"{k:,}" for k in ticks], "fixedrange": True}
    figure.update_xaxes(**axis)
    figure.update_yaxes(**axis)
    free = log10(2) / 2  # between the first rank and the second no mark can lie
    lost = {"x": free, "xanchor": "center", "y": 0.97, "yref": "paper"}
    won = {"x": 0.98, "xref": "paper", "xanchor": "right", "y": free}
    for text, where, colour in (("▼ lost", lost, theme.loss_ink), ("▲ won", won, theme.gain_ink)):
        figure.add_annotation(text=f"<b>{text}</b>", **where, showarrow=False, font={"size": 14, "color": colour})
    return figure


def _ring(figure: go.Figure, frame: pl.DataFrame, selected: tuple[str, int] | None, *, theme: Theme) -> None:
    if selected is None:
        return
    one = frame.filter((pl.col("kind") == selected[0]) & (pl.col("index") == selected[1]))
    if one.height:
        add_ring(figure, one["before"][0], one["after"][0], theme=theme, size=20, symbol="circle-open")


def _size(number: int) -> float:
    """The area grows with the number of queries; one is still seen, many do not cover their neighbours."""
    return min(34.0, 7.0 + 2.2 * sqrt(number - 1))


def chosen_query(points: Sequence[Any]) -> tuple[str, int] | None:
    """Kind and index of the query of a clicked mark: of several in one place the first of the table.

    >>> chosen_query([{"customdata": ["text", 12, 3]}])
    ('text', 12)
    """
    for point in points:
        data = point.get("customdata")
        if data is not None and len(data) >= 2:
            return str(data[0]), int(data[1])
    return None
