"""Colours, fonts and frames that every figure shares.

The roles are Okabe-Ito's. Every colour has three to one against either ground, and the categories were searched so
that two of them stay apart for every kind of sight: `tests/pico_app/figures/test_accessibility.py` measures both.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from plotly.colors import get_colorscale, hex_to_rgb

SEMANTIC = "#0072B2"
STYLE = "#D55E00"
IMAGE = "#009E73"
TEXT = "#CC79A7"
GREY = "#787B7E"  # four to one against either ground, and apart from every category for every kind of sight
GAIN, LOSS = SEMANTIC, STYLE
STYLE_DEEP = "#B34E00"  # vermillion under white digits
CANDIDATE = "#B87800"  # orange, dark enough for thin lines on white
SKY = "#56B4E9"  # on a dark ground, where thin lines and small marks of the semantic blue are lost
CATEGORIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#786450", "#A078F0", "#B4288C", "#C81428")
SYMBOLS = ("circle", "diamond", "square", "cross", "triangle-up", "x", "star", "hexagon")
SEQUENTIAL = "Cividis"
# Pixels that a titled axis with its ticks takes in a browser, and a colour bar. Plotly makes room by itself where they
# do not do, but then draws the whole figure a second and a third time.
BESIDE, BELOW, BAR = 66, 62, 102


@dataclass(frozen=True)
class Theme:
    """Colours that depend on the ground on which a figure stands.

    Attributes:
        is_dark: Whether the ground is dark.
        ink: Of text and rings.
        quiet: Of words that stand back: captions, names of axes and of their ticks.
        gain_ink: Of words that speak of a gain: the blue, dark or light enough to be read.
        loss_ink: Of words that speak of a loss: the vermillion, dark or light enough to be read.
        faint: Of grids and zero lines.
        blue: The semantic blue of thin lines and small marks.
        rim: Edge of a point: the dark end of the scale must be seen on a dark ground.
        paper: Behind words that lines or bars cross.
    """

    is_dark: bool
    ink: str
    quiet: str
    gain_ink: str
    loss_ink: str
    faint: str
    blue: str
    rim: str
    paper: str


LIGHT = Theme(
    is_dark=False,
    ink="#1B1F24",
    quiet="#565D64",
    gain_ink="#005B8E",
    loss_ink="#A34700",
    faint="rgba(27,31,36,0.12)",
    blue=SEMANTIC,
    rim="rgba(255,255,255,0.8)",
    paper="rgba(255,255,255,0.85)",
)
DARK = Theme(
    is_dark=True,
    ink="#E8EBEE",
    quiet="#B4BAC1",
    gain_ink="#7CC4F2",
    loss_ink="#FF9A56",
    faint="rgba(232,235,238,0.16)",
    blue=SKY,
    rim="rgba(232,235,238,0.7)",
    paper="rgba(18,22,27,0.85)",
)


def blank(theme: Theme, *, height: int, x: str = "", y: str = "", key: str) -> go.Figure:
    """An empty figure with titled axes, fixed height, and a zoom that survives a rerun.

    Everything is handed to the figure as it is made: the same through `update_layout` takes seven times as long, and a
    page draws half a dozen figures at every run.
    """
    axis = {"gridcolor": theme.faint, "zerolinecolor": theme.faint, "linecolor": theme.faint, "automargin": True}
    layout = {
        "height": height,
        "margin": {"l": BESIDE if y else 8, "r": 8, "t": 28, "b": BELOW if x else 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "Source Sans, sans-serif", "size": 14, "color": theme.ink},
        "xaxis": {"title": {"text": x}, **axis},
        "yaxis": {"title": {"text": y}, **axis},
        "showlegend": False,
        "hoverlabel": {"align": "left"},
        "uirevision": key,
        "datarevision": key,  # Streamlit hands every figure to Plotly twice: the second time it need not be drawn
        "dragmode": "pan",
    }
    return go.Figure(layout=layout)


def scale_top(probabilities: NDArray[Any]) -> float:
    """Where the colours of the probabilities of one study end: the first round number that none of them exceeds.

    A product of two similarities' complements is often small everywhere, and a scale to 1 would draw all columns in
    one dark blue. Read off the probabilities of the result, it is the same in every figure of a study.

    >>> scale_top(np.array([0.02, 0.19]))
    0.2
    >>> scale_top(np.array([0.3, 0.68])), scale_top(np.array([0.91]))
    (0.7, 1.0)
    """
    highest = float(np.max(probabilities, initial=0.0))
    return next((top for top in (0.05, *(tenths / 10 for tenths in range(1, 10))) if highest <= top), 1.0)


def shades(shares: NDArray[np.float64]) -> list[str]:
    """The colours of the scale at numbers from 0 to 1, for bars; what lies beyond has the colour of the end.

    Plotly itself colours bars by numbers, but takes every number for the name of a colour first, and complains of each
    in the log of the browser: that takes as long as all the drawing.

    >>> shades(np.array([0.0, 1.0]))
    ['#00224e', '#fee838']
    """
    stops = np.array([hex_to_rgb(colour) for _, colour in get_colorscale(SEQUENTIAL)], dtype=np.float64)
    at = np.linspace(0.0, 1.0, len(stops))
    levels = np.column_stack([np.interp(shares, at, stops[:, part]) for part in range(3)])
    return [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in levels.round().astype(int).tolist()]


def outline(heights: NDArray[np.float64]) -> dict[str, Any]:
    """The upper edge of bars at 0, 1, 2 and so on, as one line: on a dark ground the dark end of the scale is lost.

    >>> line = outline(np.array([2.0, 3.0]))
    >>> line["x"].tolist(), line["y"].tolist()
    ([-0.5, -0.5, 0.5, 0.5, 1.5, 1.5], [0.0, 2.0, 2.0, 3.0, 3.0, 0.0])
    """
    return {
        "x": np.repeat(np.arange(len(heights) + 1) - 0.5, 2),
        "y": np.concatenate([[0.0], np.repeat(heights, 2), [0.0]]),
        "mode": "lines",
        "line": {"color": "rgba(232,235,238,0.55)", "width": 1, "simplify": False},
        "hoverinfo": "skip",
    }


def add_notes(figure: go.Figure, notes: Sequence[Mapping[str, object]]) -> go.Figure:
    """The figure with notes added at once: one by one, every note copies and checks all that stand there already."""
    figure.layout.annotations = (*figure.layout.annotations, *notes)
    return figure


def readable(figure: go.Figure, *, theme: Theme) -> go.Figure:
    """The figure with words of axes and legend in a colour that can be read: Streamlit's own theme fades them."""
    colour = theme.quiet
    for axis in (*figure.select_xaxes(), *figure.select_yaxes()):
        axis.tickfont.color = axis.title.font.color = colour  # one by one: `update_xaxes` takes four times as long
    figure.layout.legend.font.color = theme.ink
    return figure


def colour_bar(title: str) -> dict[str, object]:
    """The key of a colour scale, in small print; the same on every page."""
    return {
        "title": {"text": title, "font": {"size": 12}},
        "tickfont": {"size": 11},
        "thickness": 10,
        "len": 1.0,
        "outlinewidth": 0,
    }


def verbatim(text: object) -> str:
    """Words of data inside a figure: neither tags nor places of a template (%{x}) are obeyed, and quotes stay quotes.

    Plotly knows few entities by name: `html.escape` alone would show a quotation mark as &quot;.

    >>> verbatim('<b>"50 %{x}"</b>')
    '&lt;b&gt;"50 %&#123;x}"&lt;/b&gt;'
    """
    return escape(str(text), quote=False).replace("{", "&#123;")


def interval(low: Sequence[float], high: Sequence[float], value: Sequence[float]) -> dict[str, object]:
    """Plotly's error bars from interval ends, as arrays: they travel as bytes, not as digits."""
    ends, middle = np.array([low, high], dtype=np.float64), np.asarray(value, dtype=np.float64)
    return {
        "type": "data",
        "symmetric": False,
        "array": ends[1] - middle,
        "arrayminus": middle - ends[0],
        "thickness": 1.6,
        "width": 0,
    }
