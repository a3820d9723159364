"""Styles of line: felt pen, pencil, and the office photocopier."""

from typing import Final

import numpy as np

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
    mixed,
    narrowed,
    spread,
    stepped,
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
        rim = displaced(cover, generator, reach=0.4)
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
