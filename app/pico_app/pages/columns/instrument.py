"""What an instrument of the Columns page is, and a figure whose points are columns."""

from typing import Any

import polars as pl

from pico_app.figures.columns import chosen_column
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure
from pico_app.state import widgets
from pico_app.words.captions import Caption
from pico_app.workspace import Workspace

# Takes the study, the table of all columns and the column looked at; returns the column that was clicked.
ColumnInstrument = Instrument[[Workspace, pl.DataFrame, int], int | None]


def picked_column(fig: Any, *, key: str, caption: Caption | None = None) -> int | None:
    """Draw a figure with its two-part caption; the column that was just clicked in it, once."""
    return widgets.fresh(key, chosen_column(figure(fig, key=key, caption=caption, select=True)))
