"""Frames that are played: buttons, a slider that steps through them, and how many there are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from pico_app.figures.marks import NOTHING
from pico_app.figures.theme import Theme

MOST_FRAMES = 32


def add_player(
    figure: go.Figure,
    buttons: Sequence[tuple[str, dict[str, Any] | None]],
    steps: Sequence[tuple[str, str]],
    *,
    instant: dict[str, Any],
    menu: dict[str, Any],
    slider: dict[str, Any],
) -> None:
    """Buttons that play the frames of a figure, and a slider that steps through them; it shows the last one at first.

    Args:
        figure: With its frames.
        buttons: What stands on each, and how it plays; None pauses.
        steps: Label and frame of every step of the slider.
        instant: How the slider jumps to a frame.
        menu: Where the buttons lie.
        slider: Where the slider lies, and how it is labelled.
    """
    pressed = [
        {"label": label, "method": "animate", "args": [[None], instant] if play is None else [None, play]}
        for label, play in buttons
    ]
    looks = {
        "type": "buttons",
        "direction": "right",
        "showactive": False,
        "xanchor": "left",
        "yanchor": "top",
        "bgcolor": "#E8EBEE",  # its hover colour is light in both themes, so its ink is dark in both
        "font": {"color": "#1B1F24"},
    }
    stops = [{"label": label, "method": "animate", "args": [[frame], instant]} for label, frame in steps]
    figure.update_layout(
        updatemenus=[{**looks, **menu, "buttons": pressed}],
        sliders=[{"active": len(steps) - 1, "yanchor": "top", **slider, "steps": stops}],
    )


def player(figure: go.Figure, theme: Theme, labels: Sequence[str], *, prefix: str) -> None:
    """Play, slow, pause, and a slider that steps; the figure shows its last frame until somebody plays it."""
    instant = {"mode": "immediate", "frame": {"duration": 0, "redraw": True}, "transition": {"duration": 0}}
    play, slow = (
        {**instant, "fromcurrent": False, "frame": {"duration": milliseconds, "redraw": True}}
        for milliseconds in (120, 700)
    )
    figure.update_layout(margin={"b": 158})
    add_player(
        figure,
        [("Play", play), ("Slow", slow), ("Pause", None)],
        [(label, frame.name) for label, frame in zip(labels, figure.frames, strict=True)],
        instant=instant,
        menu={"x": 0, "y": 0, "pad": {"t": 56}},
        slider={
            "x": 0,
            "len": 1,
            "y": 0,
            "pad": {"t": 92},
            "currentvalue": {"prefix": prefix, "font": {"color": theme.ink, "size": 13}, "xanchor": "right"},
            "font": {"color": NOTHING, "size": 1},
            "tickcolor": "rgba(140,145,150,0.7)",
        },
    )


def frame_counts(n: int) -> list[int]:
    """At most so many frames, the last with everything."""
    return sorted({round(end) for end in np.linspace(1, n, min(n, MOST_FRAMES)).tolist()})
