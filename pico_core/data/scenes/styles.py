"""Image styles: the same scene by another hand. Each changes pixels, none changes what is shown.

A style is a pure function (image, generator) -> image. Radii are meant for 64 pixels and grow
with the image, so a style looks alike at every size.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from pico_core.data.scenes.ink import outlined, pencil_sketch, photocopied
from pico_core.data.scenes.lens import blurred_view, night, noisy, sepia
from pico_core.data.scenes.paint import pixel_art, watercolour
from pico_core.data.scenes.pixels import Pixels, floats
from pico_core.errors import SettingError

Style = Callable[[Pixels, np.random.Generator], Pixels]


def flat(image: Pixels, generator: np.random.Generator) -> Pixels:
    """The scene as it was drawn.

    >>> image = floats(np.full((2, 2, 3), 0.5))
    >>> bool((flat(image, np.random.default_rng(0)) == image).all())
    True
    """
    return image


STYLES: Final[dict[str, Style]] = {
    "flat": flat,
    "outline": outlined,
    "pencil sketch": pencil_sketch,
    "watercolour": watercolour,
    "sepia": sepia,
    "night": night,
    "pixel art": pixel_art,
    "blur": blurred_view,
    "noise": noisy,
    "photocopy": photocopied,
}


def apply_style(image: Pixels, generator: np.random.Generator, *, style: str) -> Pixels:
    """The image in a style, values from 0 to 1. The image that came in stays as it was.

    Raises:
        SettingError: There is no such style.
    """
    if style not in STYLES:
        raise SettingError(f"no image style is called {style!r}; choose one of {', '.join(STYLES)}")
    return floats(STYLES[style](image, generator).clip(0, 1))
