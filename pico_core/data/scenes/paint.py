"""Styles of paint: watercolour, and the coarse palette of an old game."""

from typing import Final

import numpy as np
from PIL import Image

from pico_core.data.scenes.pixels import (
    Pixels,
    blurred,
    clouds,
    coloured,
    displaced,
    floats,
    from_picture,
    mixed,
    spread,
    stepped,
    to_picture,
    widened,
)

BLOCKS: Final = 32  # blocks across an image in pixel art
LEVELS: Final = 31  # steps of each colour channel in pixel art
BAYER: Final = floats([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16  # ordered dither


def watercolour(image: Pixels, generator: np.random.Generator) -> Pixels:
    """Washes on rough paper: trembling edges with a dark rim of pigment, blooms inside, paper showing through."""
    wet = blurred(displaced(image, generator, reach=0.6), 0.4)
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
