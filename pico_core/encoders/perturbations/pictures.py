"""Pictures in another style. Each function changes pixels; shapes, places and counts stay.

Lengths are shares of the shorter side, so a perturbation looks alike at every size. `grayscale` and
`sketch` take the colour away: where captions speak of colours, that is content as well as style.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from pico_core.encoders.pictures import upright_rgb
from pico_core.errors import SettingError

PicturePerturbation = Callable[[Image.Image, int], Image.Image]

BLUR = 0.02  # radius, of the shorter side
BLOCKS = 24  # pixelated blocks along the shorter side
NOISE = 28.0  # standard deviation, of 255
LEVELS = 3  # bits that remain of each colour; with two, blue turns purple


def _grayscale(picture: Image.Image, _seed: int) -> Image.Image:
    return ImageOps.grayscale(picture).convert("RGB")


def _scaled(picture: Image.Image, red: float, green: float, blue: float) -> Image.Image:
    values = np.asarray(picture, dtype=np.float32) * np.array([red, green, blue], dtype=np.float32)
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8))


# Tints are so weak that colours keep their names.
def _warm(picture: Image.Image, _seed: int) -> Image.Image:
    return _scaled(picture, 1.06, 0.98, 0.8)


def _cold(picture: Image.Image, _seed: int) -> Image.Image:
    return _scaled(picture, 0.8, 0.98, 1.06)


def _blur(picture: Image.Image, _seed: int) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(max(0.7, BLUR * min(picture.size))))


def _sketch(picture: Image.Image, _seed: int) -> Image.Image:
    """Grey over a blurred negative (colour dodge): dark lines where brightness changes, white elsewhere."""
    grey = ImageOps.grayscale(picture)
    soft = grey.filter(ImageFilter.GaussianBlur(max(1.0, 1.5 * BLUR * min(picture.size))))
    values = 255.0 * (np.asarray(grey, dtype=np.float32) + 1) / (np.asarray(soft, dtype=np.float32) + 1)
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8)).convert("RGB")


def _posterise(picture: Image.Image, _seed: int) -> Image.Image:
    return ImageOps.posterize(picture, LEVELS)


def _pixelate(picture: Image.Image, _seed: int) -> Image.Image:
    step = max(2.0, min(picture.size) / BLOCKS)
    width, height = (max(1, round(side / step)) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def _darken(picture: Image.Image, _seed: int) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(0.45)


def _low_contrast(picture: Image.Image, _seed: int) -> Image.Image:
    return ImageEnhance.Contrast(picture).enhance(0.4)


def _noise(picture: Image.Image, seed: int) -> Image.Image:
    values = np.asarray(picture, dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0.0, NOISE, size=values.shape)
    return Image.fromarray((values + noise).clip(0, 255).round().astype(np.uint8))


PICTURE_PERTURBATIONS: Final[Mapping[str, PicturePerturbation]] = MappingProxyType(
    {
        "grayscale": _grayscale,
        "warm tint": _warm,
        "cold tint": _cold,
        "blur": _blur,
        "sketch": _sketch,
        "posterise": _posterise,
        "pixelate": _pixelate,
        "darken": _darken,
        "low contrast": _low_contrast,
        "noise": _noise,
    }
)
COLOURLESS: Final = ("grayscale", "sketch")


def perturb_picture(picture: Image.Image, name: str, *, seed: int = 0) -> Image.Image:
    """The picture in another style, of the same size, in RGB; the picture that came in stays as it was.

    Args:
        picture: Of any size and mode; turned upright and into RGB first.
        name: One of `PICTURE_PERTURBATIONS`.
        seed: Decides the noise; nothing else is random.

    Raises:
        SettingError: there is no such perturbation.

    >>> perturb_picture(Image.new("RGB", (2, 1), (100, 100, 100)), "cold tint").getpixel((0, 0))
    (80, 98, 106)
    """
    if name not in PICTURE_PERTURBATIONS:
        raise SettingError(
            f"no picture perturbation is called {name!r}; choose one of {', '.join(PICTURE_PERTURBATIONS)}"
        )
    return PICTURE_PERTURBATIONS[name](upright_rgb(picture), seed)
