"""Figures that are drawn once: to make a figure of Plotly takes longer than all other work of most pages."""

from collections.abc import Callable, Hashable
from typing import Any

from pico_app.figures.drawn import Drawn, finished
from pico_app.figures.theme import Theme
from pico_app.server.cache import ByteLRU
from pico_app.workspace import Workspace

_figures: ByteLRU[Drawn] = ByteLRU(entries=128, max_bytes=64_000_000)


def drawn(
    space: Workspace,
    draw: Callable[..., Any],
    *given: Any,
    also: tuple[Hashable, ...] = (),
    theme: Theme,
    **settings: Any,
) -> Drawn:
    """A figure of the study on the screen, drawn where it has not been drawn before.

    Args:
        space: The study; its key is part of the figure's.
        draw: From `pico_app.figures`; takes `theme`.
        given: What it draws; no part of the key, so it must follow from the study, `also` and the settings.
        also: What else it follows from, such as the column that is looked at.
        theme: Light or dark.
        settings: More arguments of `draw`, all part of the key.
    """
    key = (space.key, f"{draw.__module__}.{draw.__qualname__}", also, theme, tuple(sorted(settings.items())))
    return _figures.get(key, lambda: finished(draw(*given, theme=theme, **settings), theme=theme))
