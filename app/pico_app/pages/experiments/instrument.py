"""What an instrument of the Experiments page is, and a figure whose rows are variants."""

from typing import Any

from pico_app.answers.experiments import Results, Slice
from pico_app.figures.row_plot import chosen_row
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure
from pico_app.state import widgets
from pico_app.words.captions import Caption

# Takes all results, those of the dataset looked at and the variant looked at; returns the variant that was clicked.
ExperimentInstrument = Instrument[[Results, Slice, str], str | None]


def picked_row(fig: Any, *, key: str, caption: Caption | None = None) -> str | None:
    """Draw a figure with its two-part caption; the variant that was just clicked in it, once."""
    return widgets.fresh(key, chosen_row(figure(fig, key=key, caption=caption, select=True)))
