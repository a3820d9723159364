"""Steps of the method: probability, weighted K-means, averaging by gain, and the strength of the weighting."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from pico_app.figures.marks import (
    TICKS,
    Plane,
    add_line,
    add_note,
    add_ring,
    domain,
    dots,
    half_axes,
    heading,
    hover,
    plane_axes,
    scaled,
)
from pico_app.figures.theme import (
    CANDIDATE,
    CATEGORIES,
    GREY,
    IMAGE,
    LIGHT,
    STYLE,
    SYMBOLS,
    TEXT,
    Theme,
    blank,
    colour_bar,
    scale_top,
)

Numbers = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Level:
    """p over the plane: `height[i, j]` at s^t = `axis[i]`, s^v = `axis[j]`."""

    axis: Numbers
    height: Numbers


def probability_plane(
    image: Numbers, text: Numbers, probabilities: Numbers, *, level: Level, selected: int, theme: Theme = LIGHT
) -> go.Figure:
    """Every column at its two similarities, over lines of equal probability.

    Args:
        image: s^v of every column.
        text: s^t.
        probabilities: p, as colour.
        level: p everywhere.
        selected: Column to ring, with its way to both axes; -1 for none.
        theme: Light or dark.
    """
    figure = blank(
        height=470,
        x="style similarity on the image side, s<sup>v</sup>",
        y="style similarity on the text side, s<sup>t</sup>",
        theme=theme,
        key="method-plane",
    )
    figure.add_trace(
        go.Contour(
            x=level.axis,
            y=level.axis,
            z=level.height,
            contours={
                "coloring": "lines",
                "start": 0.1,
                "end": 0.9,
                "size": 0.1,
                "showlabels": True,
                "labelfont": {"size": 12, "color": theme.ink},
                "labelformat": ".1f",
            },
            colorscale=[[0, "#8A8F94"], [1, "#8A8F94"]],
            line={"width": 1.2},
            showscale=False,
            hoverinfo="skip",
        )
    )
    if selected >= 0:
        x, y = float(image[selected]), float(text[selected])
        add_line(figure, [x, x, 0], [0, y, y], colour=theme.ink, width=1.5, dash="dot")
    figure.add_scatter(
        x=image,
        y=text,
        mode="markers",
        marker=scaled(
            probabilities,
            scale_top(probabilities),
            size=9,
            line={"color": theme.rim, "width": 0.8},
            colorbar=colour_bar("p"),
        ),
        customdata=np.arange(len(image)),
        **hover("column %{customdata}<br>s<sup>v</sup> %{x:.3f}, s<sup>t</sup> %{y:.3f}, p %{marker.color:.3f}"),
    )
    if selected >= 0:
        add_ring(figure, x, y, theme=theme, size=18, symbol="circle-open")
        add_note(
            figure,
            f"<b>column {selected}: p = {float(probabilities[selected]):.3f}</b>",
            x,
            y,
            size=13,
            colour=theme.ink,
            xanchor="right" if x > 0.5 else "left",
            xshift=-12 if x > 0.5 else 12,
            yshift=-6,
            bgcolor=theme.paper,
            anchor="top",
        )
    figure.update_xaxes(range=[0, 1.02], dtick=0.2, zeroline=False)
    figure.update_yaxes(range=[0, 1.06], dtick=0.2, zeroline=False)
    return figure


def cosine_bars(image: Numbers, text: Numbers, *, theme: Theme = LIGHT) -> go.Figure:
    """Cosine of one column with every prototype, both sides; the one furthest from 0 is filled and named.

    Args:
        image: With the prototypes of the image side [k].
        text: With those of the text side [k].
        theme: Light or dark.
    """
    figure = blank(height=470, x="prototype", y="cosine of the column with it", theme=theme, key="method-cosines")
    names = [str(k) for k in range(len(image))]
    for values, colour, side, pattern in ((image, IMAGE, "image", ""), (text, TEXT, "text", "/")):
        top = int(np.abs(values).argmax())
        figure.add_bar(
            x=names,
            y=values,
            name=f"{side} side",
            marker={
                "color": [colour if k == top else "rgba(0,0,0,0)" for k in range(len(values))],
                "line": {"color": colour, "width": 1.6},
                "pattern": {"shape": [pattern if k == top else "" for k in range(len(values))], "size": 6},
            },
            hovertemplate=f"{side} side, prototype %{{x}}<br>cosine %{{y:+.3f}}<extra></extra>",
        )
        # Image side to the left, text side to the right: both may be longest at the same prototype.
        add_note(
            figure,
            f"{values[top]:+.3f}",
            top,
            float(values[top]),
            size=13,
            colour=theme.ink,
            xanchor="right" if side == "image" else "left",
            yanchor="bottom" if values[top] >= 0 else "top",
        )
    edge = 1.25 * max(float(np.abs(image).max()), float(np.abs(text).max()), 0.1)
    figure.update_yaxes(range=[-edge, edge], zeroline=True, zerolinecolor=theme.faint)
    figure.update_xaxes(type="category")
    figure.update_layout(
        barmode="group", showlegend=True, legend={"orientation": "h", "y": 1.1, "x": 1, "xanchor": "right"}
    )
    return figure


SIDES_GAP = 0.06
MANY_CENTRES = 12  # centres; more of them are drawn smaller
SMALLEST, LARGEST = 4.0, 34.0  # pixels across


@dataclass(frozen=True, eq=False)
class Side:
    """What one half of the figure draws.

    Attributes:
        name: "image" or "text".
        columns: Columns in the plane [d, 2].
        weights: Instance weight of every column [d].
        labels: Its nearest centre [d].
        centres: Now [k, 2].
        before: At the exponent that is compared with [k, 2].
        reach: Every place where a centre stands at any exponent [t, k, 2]: the axes hold them all.
        explained: Share of the variance that the plane shows.
    """

    name: str
    columns: Numbers
    weights: Numbers
    labels: NDArray[np.int64]
    centres: Numbers
    before: Numbers
    reach: Numbers
    explained: float


def clusters(image: Side, text: Side, *, selected: int, theme: Theme = LIGHT) -> go.Figure:
    """Both sides at one exponent; a group has a colour and a symbol, a column's area is its weight.

    Args:
        image: Left half.
        text: Right half.
        selected: Column to ring; -1 for none.
        theme: Light or dark.
    """
    figure = blank(height=440, x="", y="", theme=theme, key="method-clusters")
    for number, side in enumerate((image, text), start=1):
        for trace in _traces(side, selected=selected, number=number, theme=theme):
            figure.add_trace(trace)
        said = f"<b>{side.name.capitalize()} side</b>  (the plane shows {side.explained:.0%} of the variance)"
        heading(figure, said, number=number, gap=SIDES_GAP, theme=theme)
    plane_axes(figure, _plane(image), _plane(text), gap=SIDES_GAP, theme=theme)
    # The centres glide when the slider is moved: the number of marks stays the same.
    figure.update_layout(margin={"t": 36, "b": 36}, transition={"duration": 350, "easing": "cubic-in-out"})
    return figure


def sizes(weights: Numbers) -> Numbers:
    """Pixels across: the area is the weight, with equal weights 9 pixels for all."""
    share = weights / max(float(weights.sum()), 1e-30) * len(weights)
    pixels: Numbers = np.clip(9.0 * np.sqrt(share), SMALLEST, LARGEST)
    return pixels


def _traces(side: Side, *, selected: int, number: int, theme: Theme) -> list[go.Scatter]:
    axes = half_axes(number)
    place = [int(label) for label in side.labels]
    share = side.weights / max(float(side.weights.sum()), 1e-30)
    ways = np.stack([_broken(side.before[:, axis], side.centres[:, axis]) for axis in (0, 1)])
    ties = np.stack([_broken(side.columns[:, axis], side.centres[side.labels, axis]) for axis in (0, 1)])
    ring = side.columns[[selected]] if selected >= 0 else np.full((1, 2), np.nan, dtype=np.float32)
    edge = 19 if len(side.centres) <= MANY_CENTRES else 15  # pixels
    line = {"hoverinfo": "skip", **axes}
    return [
        go.Scatter(x=ties[0], y=ties[1], mode="lines", line={"width": 1, "color": "rgba(140,145,150,0.35)"}, **line),
        go.Scatter(
            x=side.columns[:, 0],
            y=side.columns[:, 1],
            mode="markers",
            marker={
                "color": [CATEGORIES[k % len(CATEGORIES)] for k in place],
                # A second round of colours comes with other symbols.
                "symbol": [SYMBOLS[(k + k // len(CATEGORIES)) % len(SYMBOLS)] for k in place],
                "size": sizes(side.weights),
                "opacity": 0.9,
                "line": {"color": theme.rim, "width": 0.8},
            },
            customdata=np.column_stack([np.arange(len(place)), side.labels, 100 * share]),
            hovertemplate="column %{customdata[0]:d}<br>group %{customdata[1]:d}, %{customdata[2]:.2f} % of the weight"
            "<extra></extra>",
            **axes,
        ),
        go.Scatter(x=ways[0], y=ways[1], mode="lines", line={"color": STYLE, "width": 2}, **line),
        go.Scatter(
            x=side.before[:, 0],
            y=side.before[:, 1],
            **dots(STYLE, 13, "square-open", line={"width": 2}),
            **hover("centre %{customdata} with equal weights", np.arange(len(side.before))),
            **axes,
        ),
        go.Scatter(
            x=side.centres[:, 0],
            y=side.centres[:, 1],
            mode="markers+text",
            marker={"color": STYLE, "size": edge, "symbol": "square", "line": {"color": "#FFFFFF", "width": 1}},
            text=[str(k) for k in range(len(side.centres))],
            textposition="middle center",
            textfont={"color": "#FFFFFF", "size": round(0.7 * edge), "weight": 700},
            customdata=np.bincount(side.labels, minlength=len(side.centres)),
            hovertemplate="centre %{text}<br>nearest to %{customdata} columns<extra></extra>",
            **axes,
        ),
        go.Scatter(
            x=ring[:, 0],
            y=ring[:, 1],
            **dots(
                theme.ink,
                float(sizes(side.weights)[selected]) + 8 if selected >= 0 else 8,
                "circle-open",
                line={"width": 2.5},
            ),
            **line,
        ),
    ]


def _broken(start: Numbers, end: Numbers) -> Numbers:
    """Pairs of ends with gaps between them: many lines in one trace."""
    return np.column_stack([start, end, np.full(len(start), np.nan, dtype=np.float32)]).ravel()


def _plane(side: Side) -> Plane:
    """All exponents, so that nothing jumps while the slider moves."""
    return Plane(np.concatenate([side.columns, side.reach.reshape(-1, 2)]), "first axis of the plane", "second axis")


RULES_GAP = 0.1
SAME = 1e-6  # gains closer than this differ by rounding only
SHARE_TICKS = (*(k / 10 for k in range(1, 16)), 2, 3, 4, 5, 7, 10, 15)
WIDE = 1.5  # powers of ten
TOGETHER = 4  # numbers in one label
MANY_CANDIDATES = 24  # candidates; with more of them their numbers are left to the hover


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
    figure = blank(height=420, x="", y="", theme=theme, key="method-feedback")
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
            customdata=np.column_stack([here, 100 * rule.weights[arrived - 1, here], np.arange(1, arrived + 1)]),
            hovertemplate="candidate %{customdata[0]}, arrived as number %{customdata[2]}<br>gain %{x:+.2%}, weight "
            "%{customdata[1]:.2f} %<extra></extra>",
            **axes,
        )
        add_ring(figure, gains[newest], heights[newest], theme=theme, size=20, width=2, symbol="circle-open", **axes)
        add_line(figure, across, [1, 1], colour=GREY, width=1.5, dash="dot", **axes)
        heading(figure, f"<b>{rule.title}</b>", number=number, gap=RULES_GAP, theme=theme)
        name = "" if number == 1 else "2"
        figure.update_layout(
            {
                f"xaxis{name}": {
                    "domain": domain(number, gap=RULES_GAP),
                    "range": across,
                    "title": {"text": "gain of the candidate"},
                    "tickformat": "+.2~%",
                    "nticks": 6,
                    "anchor": f"y{name}",
                    "gridcolor": theme.faint,
                    "zeroline": False,
                },
                f"yaxis{name}": {
                    "type": "log",
                    "range": _reach(equal),
                    **_ticks(equal),
                    "tickformat": ".3~g",
                    "title": {"text": "weight, in equal shares (log)"},
                    "anchor": f"x{name}",
                    "gridcolor": theme.faint,
                },
            }
        )
    figure.update_layout(margin={"t": 40, "b": 44})
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
    seen = [tick for tick in SHARE_TICKS if low <= np.log10(tick) <= high]
    return {"tickvals": seen[:: 1 + len(seen) // 9]}


def _reach(equal: Numbers) -> list[float]:
    """Ends of the log axis that hold every step, so that nothing jumps while candidates arrive."""
    seen = np.log10(equal[equal > 1e-12])
    room = 0.12 * (float(np.ptp(seen)) or 1.0)
    return [float(min(seen.min(), -0.1)) - room, float(max(seen.max(), 0.1)) + 1.6 * room]


BAND = "rgba(140,145,150,0.28)"


def rank_curve(
    strengths: Sequence[float],
    ranks: Sequence[int],
    *,
    low: Sequence[int],
    high: Sequence[int],
    total: int,
    at: float,
    theme: Theme = LIGHT,
) -> go.Figure:
    """Rank against strength; the best is at the top.

    Args:
        strengths: lambda; the first is 0, the unweighted score.
        ranks: Of the right answer.
        low: The best rank of the permuted weights.
        high: The worst of them.
        total: Length of the list.
        at: The strength to mark.
        theme: Light or dark.
    """
    figure = blank(
        height=380, x="strength λ of the weighting", y="rank of the right answer (log)", theme=theme, key="rank"
    )
    across = list(strengths)
    figure.add_scatter(
        x=across + across[::-1],
        y=[*high, *list(low)[::-1]],
        mode="lines",
        fill="toself",
        fillcolor=BAND,
        line={"width": 0},
        hoverinfo="skip",
    )
    colour = theme.blue
    add_line(figure, [across[0], across[-1]], [ranks[0], ranks[0]], colour=theme.ink, width=1.2, dash="dot")
    figure.add_scatter(
        x=across,
        y=list(ranks),
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"size": 8},
        customdata=[[a, b] for a, b in zip(low, high, strict=True)],
        hovertemplate="λ = %{x:g}: rank %{y:,}<br>permuted: %{customdata[0]:,} to %{customdata[1]:,}<extra></extra>",
    )
    here = ranks[across.index(at)]
    figure.add_scatter(
        x=[at],
        y=[here],
        mode="markers+text",
        text=[f"rank {here:,}"],
        textposition="bottom center" if here == 1 else "top center",
        textfont={"color": theme.ink, "size": 14, "weight": 700},
        marker={"symbol": "circle-open", "size": 19, "color": theme.ink, "line": {"width": 2.5}},
        hoverinfo="skip",
    )
    worst = max(*ranks, *high, 2)
    reach = log10(worst)
    ticks = [tick for tick in TICKS if tick <= min(max(worst * 1.5, 2), 10_000)]
    figure.update_yaxes(
        type="log",
        autorange=False,
        range=[1.18 * reach + 0.06, -0.14 * reach - 0.04],
        tickvals=ticks,
        ticktext=[f"{tick:,}" for tick in ticks],
    )
    figure.update_xaxes(range=[across[0] - 0.06, across[-1] + 0.06], dtick=0.5, zeroline=False)
    labels = (("unweighted", ranks[0], "bottom"), ("the same weights on other columns", high[-1], "top"))
    for text, rank, side in labels:
        add_note(figure, text, across[-1], log10(rank), size=12, colour=theme.ink, yanchor=side, anchor="right")
    add_note(
        figure, f"best possible: 1 of {total:,}", 0, 1.0, size=12, colour=theme.ink, paper="xy", anchor="left bottom"
    )
    return figure
