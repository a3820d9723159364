"""Gain against weight under two ways to average: one only rises, the other falls wherever recency wins."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.halves import domain, heading
from pico_app.figures.marks import add_line, add_ring, semantic_blue
from pico_app.figures.theme import CANDIDATE, GREY, STYLE, blank, faint, ink

Numbers = NDArray[np.float32]
GAP = 0.1
SAME = 1e-6  # gains closer than this differ by rounding only
TICKS = (*(k / 10 for k in range(1, 16)), 2, 3, 4, 5, 7, 10, 15)
WIDE = 1.5  # powers of ten
TOGETHER = 4  # numbers in one label
MANY = 24  # candidates; with more of them their numbers are left to the hover


@dataclass(frozen=True, eq=False)
class Rule:
    """One way to average.

    Attributes:
        title: Over its half, with the count of pairs in the wrong order.
        weights: Row s: by number after s + 1 arrivals [t, t].
    """

    title: str
    weights: Numbers


def two_rules(
    gains: Numbers, order: NDArray[np.int64], *, left: Rule, right: Rule, arrived: int, dark: bool = False
) -> go.Figure:
    """Gain against weight of those that have arrived, joined from the lowest gain to the highest.

    Args:
        gains: Of every candidate, by its number.
        order: Numbers in their order of arrival.
        left: The softmax.
        right: The moving average.
        arrived: How many have arrived.
        dark: Theme.
    """
    figure = blank(height=420, x="", y="", dark=dark, key="method-feedback")
    here = order[:arrived]
    newest = int(here[-1])
    room = 0.08 * (float(np.ptp(gains)) or 0.01)
    across = [float(gains.min()) - room, float(gains.max()) + room]
    for number, rule in enumerate((left, right), start=1):
        axes = {} if number == 1 else {"xaxis": "x2", "yaxis": "y2"}
        equal = rule.weights * np.arange(1, len(gains) + 1)[:, None]
        heights = equal[arrived - 1]
        # Of equal gains the lightest first: the step to the next gain then falls if any pair of theirs is wrong.
        rising = here[np.lexsort((heights[here], np.round(gains[here], 6)))]
        for trace in _joined(gains[rising], heights[rising], dark=dark, axes=axes):
            figure.add_trace(trace)
        figure.add_scatter(
            x=gains[here],
            y=heights[here],
            mode="markers+text" if len(gains) <= MANY else "markers",
            text=_labels(here, gains, heights),
            textposition=_places(here, rising, heights, newest=newest),
            textfont={"size": 11, "color": ink(dark)},
            marker={"color": CANDIDATE, "symbol": "diamond", "size": 10, "line": {"color": ink(dark), "width": 1}},
            customdata=np.column_stack([here, 100 * rule.weights[arrived - 1, here], np.arange(1, arrived + 1)]),
            hovertemplate="candidate %{customdata[0]}, arrived as number %{customdata[2]}<br>gain %{x:+.2%}, weight "
            "%{customdata[1]:.2f} %<extra></extra>",
            **axes,
        )
        add_ring(figure, gains[newest], heights[newest], dark=dark, size=20, width=2, symbol="circle-open", **axes)
        add_line(figure, across, [1, 1], colour=GREY, width=1.5, dash="dot", **axes)
        heading(figure, f"<b>{rule.title}</b>", number=number, gap=GAP, dark=dark)
        name = "" if number == 1 else "2"
        figure.update_layout(
            {
                f"xaxis{name}": {
                    "domain": domain(number, gap=GAP),
                    "range": across,
                    "title": {"text": "gain of the candidate"},
                    "tickformat": "+.2~%",
                    "nticks": 6,
                    "anchor": f"y{name}",
                    "gridcolor": faint(dark),
                    "zeroline": False,
                },
                f"yaxis{name}": {
                    "type": "log",
                    "range": _reach(equal),
                    **_ticks(equal),
                    "tickformat": ".3~g",
                    "title": {"text": "weight, in equal shares (log)"},
                    "anchor": f"x{name}",
                    "gridcolor": faint(dark),
                },
            }
        )
    figure.update_layout(margin={"t": 40, "b": 44})
    return figure


def _joined(gains: Numbers, heights: Numbers, *, dark: bool, axes: dict[str, str]) -> list[go.Scatter]:
    """Steps between neighbours in gain: solid where the weight rises, dashed where not, thin where gains are equal."""
    paths: dict[str, list[list[float | None]]] = {kind: [[], []] for kind in ("level", "rises", "falls")}
    for i in range(len(gains) - 1):
        level, rises = abs(gains[i + 1] - gains[i]) < SAME, heights[i + 1] > heights[i]
        path = paths["level" if level else "rises" if rises else "falls"]
        path[0] += [float(gains[i]), float(gains[i + 1]), None]
        path[1] += [float(heights[i]), float(heights[i + 1]), None]
    looks = {
        "level": (GREY, "solid", 1),
        "rises": (semantic_blue(dark), "solid", 2.5),
        "falls": (STYLE, "dash", 2),
    }
    return [
        go.Scatter(
            x=paths[kind][0] or [None],
            y=paths[kind][1] or [None],
            mode="lines",
            line={"color": colour, "dash": dash, "width": width},
            hoverinfo="skip",
            **axes,
        )
        for kind, (colour, dash, width) in looks.items()
    ]


def _labels(here: NDArray[np.int64], gains: Numbers, heights: Numbers) -> list[str]:
    """Numbers of the candidates; those in one place share a label, which the first of them bears."""
    places: dict[tuple[float, float], list[int]] = {}
    for n in here:
        places.setdefault((round(float(gains[n]), 5), round(float(np.log10(heights[n])), 3)), []).append(int(n))
    said = {
        numbers[0]: ", ".join(map(str, numbers[:TOGETHER])) + (", …" if len(numbers) > TOGETHER else "")
        for numbers in places.values()
    }
    return [said.get(int(n), "") for n in here]


def _places(here: NDArray[np.int64], rising: NDArray[np.int64], heights: Numbers, *, newest: int) -> list[str]:
    """Where labels stand: right of their mark, off the step that leaves it; over the ring of the newest."""
    falls = {int(a): heights[b] < heights[a] for a, b in pairwise(rising)}
    usual = {True: "top right", False: "bottom right"}
    return ["top center" if n == newest else usual[bool(falls.get(int(n), False))] for n in here]


def _ticks(equal: Numbers) -> dict[str, object]:
    """Powers of ten where the weights are far apart, else the round numbers between them."""
    low, high = _reach(equal)
    if high - low > WIDE:
        return {"dtick": 1}
    seen = [tick for tick in TICKS if low <= np.log10(tick) <= high]
    return {"tickvals": seen[:: 1 + len(seen) // 9]}


def _reach(equal: Numbers) -> list[float]:
    """Ends of the log axis that hold every step, so that nothing jumps while candidates arrive."""
    seen = np.log10(equal[equal > 1e-12])
    room = 0.12 * (float(np.ptp(seen)) or 1.0)
    return [float(min(seen.min(), -0.1)) - room, float(max(seen.max(), 0.1)) + 1.6 * room]
