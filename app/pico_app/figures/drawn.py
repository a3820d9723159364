"""A finished figure: what a browser gets and what is read out, without Plotly's objects and their checks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
from plotly.basedatatypes import BaseFigure

from pico_app.figures import theme
from pico_app.figures.alt import described


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


def finished(figure: go.Figure, *, dark: bool = False) -> Drawn:
    """The figure in readable colours, ready to be kept.

    >>> finished(go.Figure(go.Bar(x=[1, 2], y=[3, 4]))).words
    'A figure of bars (2).'
    """
    words = described(figure)
    return Drawn(theme.readable(figure, dark=dark).to_dict(), words)


def ready(drawn: Drawn) -> BaseFigure:
    """The figure as Streamlit takes it.

    >>> ready(finished(go.Figure(go.Bar(x=[1, 2], y=[3, 4])))).to_dict()["data"][0]["type"]
    'bar'
    """
    return _Ready(drawn.spec)
