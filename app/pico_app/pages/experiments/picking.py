"""A figure whose rows are variants: drawn, and followed once when one is clicked."""

from typing import Any

from pico_app.figures.row_plot import chosen_row
from pico_app.pages.parts import figure
from pico_app.state import widgets


def picked_row(fig: Any, *, key: str, read: str, beware: str) -> str | None:
    """Draw a figure with its two-part caption; the variant that was just clicked in it, once."""
    return widgets.fresh(key, chosen_row(figure(fig, key=key, read=read, beware=beware, select=True)))
