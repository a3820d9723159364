"""What an instrument of the Retrieval page is, and what it leaves behind for taking home."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from pico_app.answers.compare import Asked, Comparison
from pico_app.pages.instrument import Instrument
from pico_app.workspace import Workspace
from pico_core.retrieval.rankings import SideBySide


@dataclass(frozen=True, eq=False)
class Piece:
    """One figure or table on the screen.

    Attributes:
        name: Of its file, without an ending: plain words.
        title: For people.
        table: Its numbers; None where there are none.
        figure: Draws it, dark or light; None for a bare table.
        words: What is said above it.
        read: How to read it.
        beware: How not to read it.
    """

    name: str
    title: str
    table: pl.DataFrame | None = None
    figure: Callable[[bool], Any] | None = None
    words: str = ""
    read: str = ""
    beware: str = ""


@dataclass(frozen=True, eq=False)
class Shown:
    """A query with its lists.

    Attributes:
        query: What asks.
        lists: Both lists.
    """

    query: Asked
    lists: SideBySide


# Takes the study, the scorings compared and the query, None while nothing is asked; returns what can be taken home.
RetrievalInstrument = Instrument[[Workspace, Comparison, Shown | None], list[Piece]]
