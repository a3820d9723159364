"""The two lists of a query, where candidates move between them, and the rank of every query before and after."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from markupsafe import Markup

from pico_app.figures.marks import add_note, dots
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
    left = {item.index: (row, item) for row, item in enumerate(both.left)}
    right = {item.index: (row, item) for row, item in enumerate(both.right)}
    below = len(both.left)
    for target, places in ((both.target_before, left), (both.target_after, right)):
        if target is not None:
            places.setdefault(target.index, (below, target))
    figure = blank(theme, height=flow_height(both), key="flow")
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
            (*row, colour_of(before, after), item.relevant) for row in (path[[0, -1]] if _whole(path) else path[:1])
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
    row = start if start is not None else end
    assert row is not None
    stub = np.stack([0.26 * BEND, row + 0.32 * BEND**2], axis=1)
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
    row = start if start is not None else end
    assert row is not None
    add_note(
        figure,
        f"to {after}" if start is not None else f"from {before}",
        0.28 if start is not None else 0.72,
        row + (0.08 if start is not None else 0.34),  # one above the other where a row has both
        size=12,
        colour=theme.ink,
        xanchor="left" if start is not None else "right",
        bgcolor=theme.paper,
        borderpad=1,
        opacity=0.85,
    )
