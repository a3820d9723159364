"""What an instrument leaves behind for taking home: figures that can be drawn again, and tables."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl


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
