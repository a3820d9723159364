"""Image styles: the same scene by another hand. Each changes pixels, none changes what is shown.

A style is a pure function (image, generator) -> image. Radii are meant for 64 pixels and grow
with the image, so a style looks alike at every size.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image

from pico_core.common.errors import SettingError
from pico_core.data.scenes.pixels import (
    NATIVE,
    Pixels,
    Plane,
    blurred,
    clouds,
    coloured,
    coordinates,
    displaced,
    filled,
    floats,
    from_picture,
    luminance,
    mixed,
    narrowed,
    spread,
    stepped,
    to_picture,
    tone,
    widened,
)

PAPER: Final = floats([0.995, 0.99, 0.975])
GRAPHITE: Final = floats([0.2, 0.2, 0.23])
TONER: Final = floats([0.09, 0.09, 0.1])


def outlined(image: Pixels, generator: np.random.Generator) -> Pixels:
    """Coloured lines on white paper: ink along the rims of objects, next to none inside them."""
    cover = coloured(image)
    line = stepped(cover - narrowed(cover, 0.75), 0.1, 0.7)
    ink = floats(0.9 * spread(image, cover, 1.0))
    return mixed(mixed(filled(PAPER, cover.shape), image, floats(0.1 * cover)), ink, line)


def pencil_sketch(image: Pixels, generator: np.random.Generator) -> Pixels:
    """Graphite on paper: contours drawn twice by a loose hand, and strokes the denser the darker the scene is."""
    light, cover = tone(image, of_colour=0.35), coloured(image)
    shape, dark = cover.shape, 1 - stepped(light, 0.0, 0.95)
    strokes = np.maximum(
        _strokes(shape, generator, angle=0.9, period=2.6) * stepped(dark, 0.05, 1.0),
        _strokes(shape, generator, angle=2.3, period=2.9) * stepped(dark, 0.6, 1.1),
    )
    bare = 1 - 0.3 * dark - 0.6 * strokes
    for pressure in (0.6, 0.45):
        rim = displaced(cover, generator, spread=0.4)
        bare = bare * (1 - pressure * (widened(rim, 0.25) - rim))
    grain = clouds(shape, generator, grain=1.0)
    graphite = (1 - bare) * (1 + 0.1 * grain) + 0.025 * np.abs(grain)
    return mixed(filled(PAPER, shape), filled(GRAPHITE, shape), floats(graphite.clip(0, 0.95)))


def photocopied(image: Pixels, generator: np.random.Generator) -> Pixels:
    """Toner on office paper: hard contrast, insides that have faded, specks, and a streak of the drum."""
    light = tone(image, of_colour=0.4)
    shape, rough = light.shape, 0.09 * clouds(light.shape, generator, grain=1.0)
    dark = 1 - stepped(light + 1.1 * (light - blurred(light, 2.2)) + rough, 0.36, 0.62)
    faded = stepped(narrowed(dark, 1.0), 0.3, 0.9) * (0.16 + 0.5 * light + rough)
    x, _ = coordinates(shape)
    streak = np.exp(-(((x - generator.uniform(0.1, 0.9)) / 0.012) ** 2))
    specks = clouds(shape, generator, grain=1.0) > 2.6
    toner = np.maximum(dark * (1 - faded), 0.14 * streak + 0.75 * specks + 0.05)
    return mixed(filled(PAPER, shape), filled(TONER, shape), floats(toner.clip(0, 0.97)))


def _strokes(shape: tuple[int, int], generator: np.random.Generator, *, angle: float, period: float) -> Plane:
    """Parallel strokes from 0 to 1 that tremble a little and press unevenly; `period` in pixels of a 64-pixel image."""
    x, y = coordinates(shape)
    along = NATIVE / period * (np.cos(angle) * x + np.sin(angle) * y)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (along + 0.12 * clouds(shape, generator, grain=8.0)))
    return floats((wave * (1 + 0.25 * clouds(shape, generator, grain=3.0))).clip(0, 1))


SHADOW_BROWN: Final = floats([0.2, 0.11, 0.05])
LIGHT_CREAM: Final = floats([0.99, 0.93, 0.79])
SKY_NAVY: Final = floats([0.1, 0.13, 0.27])
COLOUR_LEFT: Final = 0.25  # of the colours in an old print


def sepia(image: Pixels, generator: np.random.Generator) -> Pixels:
    """An old print: brown tones with a trace of the colours, grain, and corners that have darkened."""
    light = tone(image, of_colour=0.18)
    brown = floats(SHADOW_BROWN + light[..., None] * (LIGHT_CREAM - SHADOW_BROWN))
    faded = mixed(brown, floats(image * LIGHT_CREAM), np.full_like(light, COLOUR_LEFT))
    grain = 1 + 0.03 * clouds(light.shape, generator, grain=1.0)
    return floats(faded * (grain * (1 - 0.33 * _corners(light.shape)))[..., None])


def night(image: Pixels, generator: np.random.Generator) -> Pixels:
    """After dark: the ground turns navy, objects glow in their colours, a few stars."""
    cover = coloured(image)
    ground = 1 - cover[..., None]
    sky = floats(SKY_NAVY * (0.5 + 0.8 * luminance(image)[..., None] ** 2))
    lamp = floats(0.13 + 0.84 * image)
    glow = 0.75 * blurred(floats(lamp * cover[..., None]), 3.0) * ground
    stars = 0.85 * stepped(clouds(cover.shape, generator, grain=1.0), 2.5, 3.4)[..., None] * ground
    return floats(1 - (1 - mixed(sky, lamp, cover)) * (1 - glow) * (1 - stars))


def blurred_view(image: Pixels, generator: np.random.Generator) -> Pixels:
    """A lens out of focus: a Gaussian of two pixels in 64."""
    return blurred(image, 2.0)


def noisy(image: Pixels, generator: np.random.Generator) -> Pixels:
    """A sensor short of light: normal noise, standard deviation 0.08 in brightness and 0.1 in every colour."""
    shape = image.shape[:2]
    colour = np.stack([clouds(shape, generator, grain=1.0) for _ in range(3)], axis=2)
    return floats(0.94 * image + 0.08 * clouds(shape, generator, grain=1.0)[..., None] + 0.1 * colour)


def _corners(shape: tuple[int, int]) -> Plane:
    """0 in the middle, 1 in the corners."""
    x, y = coordinates(shape)
    return stepped(floats(np.hypot(x - 0.5, y - 0.5)), 0.32, 0.75)


BLOCKS: Final = 32  # blocks across an image in pixel art
LEVELS: Final = 31  # steps of each colour channel in pixel art
BAYER: Final = floats([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16  # ordered dither


def watercolour(image: Pixels, generator: np.random.Generator) -> Pixels:
    """Washes on rough paper: trembling edges with a dark rim of pigment, blooms inside, paper showing through."""
    wet = blurred(displaced(image, generator, spread=0.6), 0.4)
    cover = coloured(wet)
    rim = stepped(cover - blurred(cover, 1.6), 0.08, 0.5)
    bloom = 0.24 + 0.17 * clouds(cover.shape, generator, grain=7.0)
    bare = 0.5 + 0.3 * clouds(cover.shape, generator, grain=14.0)
    water = bloom.clip(0, 0.65) * cover + bare.clip(0, 1) * (1 - cover)
    pale = mixed(wet, np.ones_like(image), floats(water))
    bled = mixed(pale, blurred(pale, 3.0), floats(0.35 * (1 - cover)))
    grain = 1 + 0.022 * clouds(cover.shape, generator, grain=1.0)
    return floats(bled * ((1 - 0.3 * rim) * grain)[..., None])


def pixel_art(image: Pixels, generator: np.random.Generator) -> Pixels:
    """Thirty-two blocks across, few values per channel, a dithered ground and a dark rim around every object."""
    height, width = image.shape[:2]
    down = max(1, round(BLOCKS * height / width))
    blocks = from_picture(to_picture(image).resize((BLOCKS, down), Image.Resampling.BOX))
    share = from_picture(to_picture(coloured(image)).resize((BLOCKS, down), Image.Resampling.BOX))
    inside = floats(share > 0.5)
    rim = floats(widened(inside, 1.0) - inside)
    ink = spread(blocks, share, 2.0)
    pattern = np.tile(BAYER, (down // len(BAYER) + 1, BLOCKS // len(BAYER)))[:down]
    ground = floats(np.floor(blocks * LEVELS + pattern[..., None]) / LEVELS)
    drawn = mixed(mixed(ground, floats(np.rint(ink * LEVELS) / LEVELS), inside), floats(0.4 * ink), rim)
    return from_picture(to_picture(drawn).resize((width, height), Image.Resampling.NEAREST))


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
