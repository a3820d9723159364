"""A figure whose points are columns: drawn, and followed once when one is clicked."""

from typing import Any

from app import state
from app.figures.columns import chosen_column
from app.views.parts import figure


def picked_column(fig: Any, *, key: str, read: str, beware: str) -> int | None:
    """Draw a figure with its two-part caption; the column that was just clicked in it, once."""
    return state.fresh(key, chosen_column(figure(fig, key=key, read=read, beware=beware, select=True)))
