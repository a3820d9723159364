"""A figure whose points are columns: drawn, and followed once when one is clicked."""

from typing import Any

from pico_app.figures.columns import chosen_column
from pico_app.pages.parts import figure
from pico_app.state import widgets


def picked_column(fig: Any, *, key: str, read: str, beware: str) -> int | None:
    """Draw a figure with its two-part caption; the column that was just clicked in it, once."""
    return widgets.fresh(key, chosen_column(figure(fig, key=key, read=read, beware=beware, select=True)))
