"""A finished figure: what a browser gets, and the same in words for readers who do not see it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import plotly.graph_objects as go
from plotly.basedatatypes import BaseFigure

from pico_app.figures.theme import LIGHT, Theme, readable

MOST_ROWS = 12  # names of rows that are read out
KINDS = {"bar": "bars", "heatmap": "a heat map", "splom": "a matrix of point clouds"}
MODES = {"markers": "points", "lines": "lines", "text": "words"}
_TAG = re.compile(r"<[^>]*>")
_STOP = re.compile(r"(?<=[.!?:;])\s")


def described(figure: go.Figure, *, read: str = "") -> str:
    """What a figure shows, in a few sentences.

    Args:
        figure: Any figure of the app.
        read: How it is read, of which the first sentence is taken; stars and backslashes of Markdown become nothing.

    >>> figure = go.Figure(go.Bar(x=[1, 2], y=[3, 4]))
    >>> figure = figure.update_layout(xaxis_title_text="column", yaxis_title_text="weight")
    >>> described(figure, read="every bar is a *column*. Click one.")
    'A figure of bars (2); across: column; up: weight. Every bar is a column.'
    """
    across, up = (_titles(figure, side) for side in ("x", "y"))
    parts = [f"A figure of {_kinds(figure)}"]
    parts += [f"{word}: {' and '.join(titles)}" for word, titles in (("across", across), ("up", up)) if titles]
    rows = _rows(figure)
    if rows:
        parts.append(f"rows: {', '.join(rows)}")
    return with_first(f"{'; '.join(parts)}.", read)


def with_first(drawn: str, read: str) -> str:
    """What is drawn, and the first sentence of how it is read.

    >>> with_first("A figure of bars (2).", "every bar is a *column*. Click one.")
    'A figure of bars (2). Every bar is a column.'
    """
    return f"{drawn}{_first(read)}"


def _kinds(figure: go.Figure) -> str:
    """The kinds of marks, in the order in which they are drawn first, with the number of those that can be counted."""
    counts: dict[str, int] = {}
    for trace in figure.data:
        for kind in _of_trace(trace):
            counts[kind] = counts.get(kind, 0) + _length(trace)
    counted = [f"{kind} ({number:,})" if kind in ("bars", "points") else kind for kind, number in counts.items()]
    return " and ".join(counted) if len(counted) < 3 else f"{', '.join(counted[:-1])} and {counted[-1]}"


def _of_trace(trace: Any) -> list[str]:
    kind = str(trace.type)
    if kind not in ("scatter", "scattergl"):
        return [KINDS.get(kind, kind)]
    drawn = str(trace.mode or "lines").split("+")
    return [MODES[mode] for mode in drawn if mode in MODES]


def _length(trace: Any) -> int:
    held = getattr(trace, "x", None)
    return 0 if held is None else len(held)


def _titles(figure: go.Figure, side: str) -> list[str]:
    """Different titles of all axes of one direction, in order."""
    axes = figure.select_xaxes() if side == "x" else figure.select_yaxes()
    titles = (_plain(axis.title.text or "") for axis in axes)
    return list(dict.fromkeys(title for title in titles if title))


def _rows(figure: go.Figure) -> list[str]:
    """Names of the rows, where the upright axis has names; too many are left to the table of the page."""
    names = [_plain(str(text)) for axis in figure.select_yaxes() for text in (axis.ticktext or ())]
    kept = list(dict.fromkeys(name for name in names if name))
    more = [f"and {len(kept) - MOST_ROWS} more"] if len(kept) > MOST_ROWS else []
    return kept[:MOST_ROWS] + more


def _first(read: str) -> str:
    """The first sentence of a caption, with a capital and a full stop."""
    sentence = _STOP.split(read.replace("*", "").replace("\\", "").strip())[0].rstrip(".:;")
    return f" {sentence[0].upper()}{sentence[1:]}." if sentence else ""


def _plain(text: str) -> str:
    return " ".join(unescape(_TAG.sub(" ", text)).split())


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure that can be kept and shown again.

    Attributes:
        spec: As Plotly's `to_dict` has it, checked and with its arrays as bytes; shared, so never changed.
        words: What is drawn, for readers who do not see it.
    """

    spec: Mapping[str, Any]
    words: str


class _Ready(BaseFigure):  # type: ignore[misc]  # Plotly has no types
    """Passes for a figure where one is asked for: it was checked when it was made, and is not checked again."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._ready = dict(spec)

    def to_dict(self) -> dict[str, Any]:
        return self._ready


def finished(figure: go.Figure, *, theme: Theme = LIGHT) -> Drawn:
    """The figure in readable colours, ready to be kept.

    >>> finished(go.Figure(go.Bar(x=[1, 2], y=[3, 4]))).words
    'A figure of bars (2).'
    """
    words = described(figure)
    return Drawn(readable(figure, theme=theme).to_dict(), words)


def ready(drawn: Drawn) -> BaseFigure:
    """The figure as Streamlit takes it.

    >>> ready(finished(go.Figure(go.Bar(x=[1, 2], y=[3, 4])))).to_dict()["data"][0]["type"]
    'bar'
    """
    return _Ready(drawn.spec)
