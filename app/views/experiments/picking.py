"""A figure whose rows are variants: drawn, and followed once when one is clicked."""

from typing import Any

from app import state
from app.figures.row_plot import chosen_row
from app.views.parts import figure


def picked_row(fig: Any, *, key: str, read: str, beware: str) -> str | None:
    """Draw a figure with its two-part caption; the variant that was just clicked in it, once."""
    return state.fresh(key, chosen_row(figure(fig, key=key, read=read, beware=beware, select=True)))
