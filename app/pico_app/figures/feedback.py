"""Gain and weight of the candidates: the rule, gains over time, two ways to average, and what a run kept to."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.halves import domain, half_axes, heading, two_axes
from pico_app.figures.marks import BARE, add_line, add_note, add_ring, add_trace, dots, hover, legend, lines
from pico_app.figures.theme import CANDIDATE, GREY, LIGHT, SEMANTIC, STYLE, Theme, blank
from pico_core.experiments.order import RecordedRun

Numbers = NDArray[np.float32]


def gain_against_weight(
    gains: Numbers, weights: Numbers, curve: tuple[Numbers, Numbers] | None, *, theme: Theme = LIGHT
) -> go.Figure:
    """Every candidate: what it gained, and its share of the final prototypes; the rule as a curve."""
    across, up = "gain of the candidate on the feedback split", "final weight of the candidate"
    figure = blank(theme, height=380, x=across, y=up, key="gain-weight")
    ends = curve[0] if curve is not None else gains
    room = 0.0 if curve is not None else 0.08 * (float(np.ptp(gains)) or 0.01)
    span = [float(ends.min()) - room, float(ends.max()) + room]
    equal = 1 / len(weights)
    add_line(figure, span, [equal, equal], colour=GREY, width=1.5, dash="dot")
    _add_words(figure, theme, span[0], equal, "equal shares", anchor="left")
    if curve is not None:
        add_line(figure, curve[0], curve[1], colour=SEMANTIC, width=2)
    words = hover("candidate %{customdata}<br>gain %{x:+.2%}, weight %{y:.1%}", np.arange(len(gains)))
    add_trace(figure, gains, weights, dots(CANDIDATE, 11, "diamond", edge=1, rim=theme.ink), words)
    top = int(weights.argmax())
    _add_words(figure, theme, float(gains[top]), float(weights[top]), f"candidate {top} ", anchor="right")
    figure.update_xaxes(tickformat="+.2~%", range=span, nticks=6)
    highest = max(float(weights.max()), float(curve[1].max()) if curve is not None else 0.0, equal)
    figure.update_yaxes(range=[0, 1.2 * highest], tickformat=".1~%")
    return figure


def gains_over_time(candidate: Numbers, averaged: Numbers, *, best: int, theme: Theme = LIGHT) -> go.Figure:
    """Gain of every candidate alone and of the average of all so far; zero is equal weights."""
    figure = blank(theme, height=380, x="iteration", y="gain on the feedback split", key="gains")
    last = len(candidate) - 1
    figure.add_hline(y=0, line={"color": theme.ink, "width": 1.2})
    _add_words(figure, theme, 0, 0, "no gain over equal weights", anchor="left")
    named = (
        (candidate, CANDIDATE, "candidate alone", "diamond", "dot"),
        (averaged, SEMANTIC, "average so far", "circle", "solid"),
    )
    for values, colour, name, symbol, dash in named:
        words, look = hover(f"{name}, iteration %{{x}}: %{{y:+.2%}}"), {"symbol": symbol, "size": 8}
        line = lines(colour, 2, dash) | {"mode": "lines+markers"}
        add_trace(figure, np.arange(len(values)), values, line, words, marker=look, name=name)
    add_ring(figure, theme, best, averaged[best], showlegend=False)
    everything = np.concatenate([candidate, averaged, [0.0]])
    room = 0.14 * (float(np.ptp(everything)) or 0.01)
    figure.update_layout(margin={"l": 71, "t": 41}, **legend(1, 1.12, "right"))
    figure.update_xaxes(range=[-0.5, last + 0.5], tickformat="d", nticks=9, zeroline=False)
    figure.update_yaxes(tickformat="+.1~%", range=[float(everything.min()) - room, float(everything.max()) + room])
    return figure


def _add_words(figure: go.Figure, theme: Theme, x: float, y: float, text: str, *, anchor: str) -> None:
    add_note(figure, text, x, y, size=12, colour=theme.ink, yshift=11, anchor=anchor)


MOST = 40  # lines that are drawn; more would be a smear


def gain_order(runs: Sequence[RecordedRun], *, theme: Theme = LIGHT) -> go.Figure:
    """Feedback weight of every candidate against the rank of its gain; the equal share is 1.

    Args:
        runs: Of one rule.
        theme: Light or dark.
    """
    across = "candidates of a run by their gain: lowest at the left, highest at the right"
    figure = blank(theme, height=330, x=across, y="feedback weight (equal share = 1)", key="gain-order")
    words = "gain %{customdata[0]:+.3f}, weight %{y:.2f} of an equal share, seed %{customdata[1]:.0f}"
    for run in runs[:MOST]:
        gains, shares = np.asarray(run.gains), np.asarray(run.shares)
        order = np.lexsort((shares, gains))
        where = np.linspace(0, 1, len(order)) if len(order) > 1 else np.array([0.5])
        data = np.column_stack([gains[order], np.full(len(order), run.seed)])
        look = dots(theme.blue, 5) | lines(theme.blue, 1) | {"mode": "lines+markers"}
        heights, opacity = shares[order] * len(order), {"opacity": 0.55 if len(runs) > 3 else 1.0}
        add_trace(figure, where, heights, look, hover(words, data), opacity)
    figure.add_hline(y=1, line={"color": GREY, "width": 1.5, "dash": "dot"})
    add_note(figure, "equal", 1, 1, size=12, colour=theme.quiet, xshift=4, paper="x", anchor="left")
    figure.update_xaxes(showticklabels=False, range=[-0.03, 1.03], fixedrange=True, **BARE)
    figure.update_yaxes(rangemode="tozero", fixedrange=True)
    figure.update_layout(dragmode=False, margin_r=48)
    return figure


RULES_GAP = 0.16
SAME = 1e-6  # gains closer than this differ by rounding only
SHARE_TICKS = (*(k / 10 for k in range(1, 16)), 2, 3, 4, 5, 7, 10, 15)
WIDE = 1.5  # powers of ten
TOGETHER = 4  # numbers in one label
ARRIVED = (
    "candidate %{customdata[0]}, arrived as number %{customdata[2]}<br>gain %{x:+.2%}, weight %{customdata[1]:.2f} %"
)
MANY_CANDIDATES = 24  # candidates; with more of them their numbers are left to the hover


@dataclass(frozen=True, eq=False)
class Rule:
    """One way to average.

    Attributes:
        title: Over its half.
        weights: Row s: by number after s + 1 arrivals [t, t].
        count: Of pairs in the wrong order, in words.
    """

    title: str
    weights: Numbers
    count: str = ""


def two_rules(
    gains: Numbers, order: NDArray[np.int64], *, left: Rule, right: Rule, arrived: int, theme: Theme = LIGHT
) -> go.Figure:
    """Gain against weight of those that have arrived, joined from the lowest gain to the highest.

    Args:
        gains: Of every candidate, by its number.
        order: Numbers in their order of arrival.
        left: The softmax.
        right: The moving average.
        arrived: How many have arrived.
        theme: Light or dark.
    """
    figure = blank(theme, height=420, key="method-feedback")
    here = order[:arrived]
    newest = int(here[-1])
    room = 0.08 * (float(np.ptp(gains)) or 0.01)
    across = [float(gains.min()) - room, float(gains.max()) + room]
    for number, rule in enumerate((left, right), start=1):
        axes = half_axes(number)
        equal = rule.weights * np.arange(1, len(gains) + 1)[:, None]
        heights = equal[arrived - 1]
        # Of equal gains the lightest first: the step to the next gain then falls if any pair of theirs is wrong.
        rising = here[np.lexsort((heights[here], np.round(gains[here], 6)))]
        for trace in _joined(gains[rising], heights[rising], theme=theme, axes=axes):
            figure.add_trace(trace)
        figure.add_scatter(
            x=gains[here],
            y=heights[here],
            mode="markers+text" if len(gains) <= MANY_CANDIDATES else "markers",
            text=_labels(here, gains, heights),
            textposition=_places(here, rising, heights, newest=newest),
            textfont={"size": 11, "color": theme.ink},
            marker={"color": CANDIDATE, "symbol": "diamond", "size": 10, "line": {"color": theme.ink, "width": 1}},
            **hover(ARRIVED, np.column_stack([here, 100 * rule.weights[arrived - 1, here], np.arange(1, arrived + 1)])),
            **axes,
        )
        add_ring(figure, theme, gains[newest], heights[newest], size=20, width=2, symbol="circle-open", **axes)
        add_line(figure, across, [1, 1], colour=GREY, width=1.5, dash="dot", **axes)
        heading(figure, theme, rule.title, rule.count, number=number, gap=RULES_GAP)
        x = {"title_text": "gain of the candidate", "range": across, "tickformat": "+.2~%", "nticks": 6}
        y = {"title_text": "weight, in equal shares (log)", "type": "log", "range": _ends(equal), "tickformat": ".3~g"}
        x |= {"domain": domain(number, gap=RULES_GAP), "zeroline": False}
        figure.update_layout(two_axes(theme, number, x, y | _ticks(equal)))
    figure.update_layout(margin={"t": 50, "b": 44})
    return figure


def _joined(gains: Numbers, heights: Numbers, *, theme: Theme, axes: dict[str, str]) -> list[go.Scatter]:
    """Steps between neighbours in gain: solid where the weight rises, dashed where not, thin where gains are equal."""
    paths: dict[str, list[list[float | None]]] = {kind: [[], []] for kind in ("level", "rises", "falls")}
    for i in range(len(gains) - 1):
        level, rises = abs(gains[i + 1] - gains[i]) < SAME, heights[i + 1] > heights[i]
        path = paths["level" if level else "rises" if rises else "falls"]
        path[0] += [float(gains[i]), float(gains[i + 1]), None]
        path[1] += [float(heights[i]), float(heights[i + 1]), None]
    looks = {"level": (GREY, "solid", 1), "rises": (theme.blue, "solid", 2.5), "falls": (STYLE, "dash", 2)}
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
    labels = {
        numbers[0]: ", ".join(map(str, numbers[:TOGETHER])) + (", …" if len(numbers) > TOGETHER else "")
        for numbers in places.values()
    }
    return [labels.get(int(n), "") for n in here]


def _places(here: NDArray[np.int64], rising: NDArray[np.int64], heights: Numbers, *, newest: int) -> list[str]:
    """Where labels stand: right of their mark, off the step that leaves it; over the ring of the newest."""
    falls = {int(a): heights[b] < heights[a] for a, b in pairwise(rising)}
    usual = {True: "top right", False: "bottom right"}
    return ["top center" if n == newest else usual[bool(falls.get(int(n), False))] for n in here]


def _ticks(equal: Numbers) -> dict[str, object]:
    """Powers of ten where the weights are far apart, else the round numbers between them."""
    low, high = _ends(equal)
    if high - low > WIDE:
        return {"dtick": 1}
    seen = [tick for tick in SHARE_TICKS if low <= np.log10(tick) <= high]
    return {"tickvals": seen[:: 1 + len(seen) // 9]}


def _ends(equal: Numbers) -> list[float]:
    """Ends of the log axis that hold every step, so that nothing jumps while candidates arrive."""
    seen = np.log10(equal[equal > 1e-12])
    room = 0.12 * (float(np.ptp(seen)) or 1.0)
    return [float(min(seen.min(), -0.1)) - room, float(max(seen.max(), 0.1)) + 1.6 * room]
