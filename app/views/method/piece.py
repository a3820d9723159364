"""A figure that stands on the page and in the handout alike."""

from typing import Any

from app import services, state
from app.views.parts import figure


def show_piece(piece: services.PageSection, *, key: str, said: str, select: bool = False) -> list[Any]:
    """Draw it in the theme of the page, with its two-part caption; the points that are selected in it.

    `said` is the finding in a sentence; with the title it stands in for the picture.
    """
    assert piece.figure is not None
    return figure(
        piece.figure(state.dark()),
        key=key,
        read=piece.read,
        beware=piece.beware,
        select=select,
        alt=f"{piece.title}. {said}",
    )
