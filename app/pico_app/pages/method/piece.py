"""A figure that stands on the page and in the handout alike."""

from typing import Any

from pico_app.answers import documents
from pico_app.pages.parts import figure
from pico_app.state import screen


def show_piece(piece: documents.PageSection, *, key: str, said: str, select: bool = False) -> list[Any]:
    """Draw it in the theme of the page, with its two-part caption; the points that are selected in it.

    `said` is the finding in a sentence; with the title it stands in for the picture.
    """
    assert piece.figure is not None
    return figure(
        piece.figure(screen.dark()),
        key=key,
        read=piece.read,
        beware=piece.beware,
        select=select,
        alt=f"{piece.title}. {said}",
    )
