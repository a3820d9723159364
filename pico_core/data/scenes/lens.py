"""Styles of the camera: an old print, a night, a lens out of focus, a sensor short of light."""

from typing import Final

import numpy as np

from pico_core.data.scenes.pixels import (
    Pixels,
    Plane,
    blurred,
    clouds,
    coloured,
    coordinates,
    floats,
    luminance,
    mixed,
    stepped,
    tone,
)

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
