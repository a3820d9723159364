"""The numbers under a map: value, interval and control in a small table, every definition one click away."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pico_app.templates import render
from pico_core.retrieval.records import Estimate


@dataclass(frozen=True)
class NumberRow:
    """One number of a space.

    Attributes:
        name: What it is.
        definition: Opened by a click on the name.
        value: With its interval; None while it is not there, or cannot be.
        control: The same with random weights; None where it was not measured.
        pending: What stands in place of a value that is not there.
    """

    name: str
    definition: str
    value: Estimate | None
    control: Estimate | None
    pending: str = ""


def numbers_html(rows: Sequence[NumberRow]) -> Markup:
    """The table; click a name for its definition."""
    return render("space_numbers", rows=rows)
