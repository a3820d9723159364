"""Small tools on images as arrays: red, green and blue from 0 to 1, in 32-bit floats.

Every radius is in pixels of an image 64 pixels wide and grows with the image, so that what is
drawn with these tools looks alike at every size.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from jaxtyping import Float32
from PIL import Image, ImageFilter

Pixels = Float32[np.ndarray, "h w 3"]
Plane = Float32[np.ndarray, "h w"]
Field = Float32[np.ndarray, "h w *channels"]  # an image or one plane of it

NATIVE: Final = 64
LUMINANCE: Final = np.array([0.299, 0.587, 0.114], dtype=np.float32)


def floats(values: object) -> Float32[np.ndarray, "..."]:
    """The values as 32-bit floats, without a copy where they are so already.

    >>> floats([0.5, 1]).dtype
    dtype('float32')
    """
    return np.asarray(values, dtype=np.float32)


def to_picture(image: Field) -> Image.Image:
    """The image as Pillow has it, values clipped to 0 to 1 and rounded to 8 bits.

    >>> to_picture(floats(np.ones((2, 3, 3)))).size
    (3, 2)
    """
    return Image.fromarray(np.rint(image.clip(0, 1) * 255).astype(np.uint8))


def from_picture(picture: Image.Image) -> Field:
    """Values from 0 to 1 of a Pillow image of 8 bits.

    >>> float(from_picture(Image.new("L", (2, 2), 255)).mean())
    1.0
    """
    return floats(np.asarray(picture, dtype=np.float32) / 255)


def blurred(image: Field, radius: float) -> Field:
    """Gaussian blur with `radius` as its standard deviation.

    >>> round(float(blurred(floats(np.full((8, 8, 3), 0.2)), 1.0)[4, 4, 0]), 2)
    0.2
    """
    return from_picture(to_picture(image).filter(ImageFilter.GaussianBlur(radius * image.shape[1] / NATIVE)))


def widened(plane: Plane, radius: float) -> Plane:
    """The largest value within `radius`, at least one real pixel.

    >>> widened(floats([[0, 0, 0, 1, 0, 0]]), 1.0).tolist()
    [[0.0, 0.0, 1.0, 1.0, 1.0, 0.0]]
    """
    window = 2 * max(1, round(radius * plane.shape[1] / NATIVE)) + 1
    return from_picture(to_picture(plane).filter(ImageFilter.MaxFilter(window)))


def narrowed(plane: Plane, radius: float) -> Plane:
    """The smallest value within `radius`, at least one real pixel.

    >>> narrowed(floats([[0, 1, 1, 1, 0, 0]]), 1.0).tolist()
    [[0.0, 0.0, 1.0, 0.0, 0.0, 0.0]]
    """
    return floats(1 - widened(1 - plane, radius))


def luminance(image: Pixels) -> Plane:
    """How light a pixel is: 0.299 red + 0.587 green + 0.114 blue.

    >>> float(luminance(floats([[[1, 1, 1]]]))[0, 0])
    1.0
    """
    return floats(image @ LUMINANCE)


def saturation(image: Pixels) -> Plane:
    """How coloured a pixel is: its largest channel less its smallest, 0 for grey.

    >>> float(saturation(floats([[[1.0, 0.5, 0.25]]]))[0, 0])
    0.75
    """
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    return floats(np.maximum(np.maximum(red, green), blue) - np.minimum(np.minimum(red, green), blue))


def coloured(image: Pixels) -> Plane:
    """1 on the objects, 0 on the pale ground: the objects are the only things with much colour.

    >>> red, paper = [0.8, 0.2, 0.2], [0.95, 0.9, 0.8]
    >>> coloured(floats([[red, paper]])).tolist()
    [[1.0, 0.0]]
    """
    return stepped(saturation(image), 0.2, 0.42)


def spread(image: Pixels, cover: Plane, radius: float) -> Pixels:
    """The colour of what is covered, carried about `radius` beyond it: blurred(cover image) / blurred(cover)."""
    return floats((blurred(image * cover[..., None], radius) / (blurred(cover, radius)[..., None] + 1e-3)).clip(0, 1))


def tone(image: Pixels, *, of_colour: float) -> Plane:
    """Grey that keeps light colours visible: luminance less a share of the saturation, from 0 to 1.

    Yellow on white paper has hardly any contrast in luminance; a pencil would still draw it.

    >>> yellow = floats([[[1.0, 0.75, 0.0]]])
    >>> round(float(tone(yellow, of_colour=0.4)[0, 0]), 3)
    0.339
    """
    return floats((luminance(image) - of_colour * saturation(image)).clip(0, 1))


def stepped(plane: Plane, low: float, high: float) -> Plane:
    """0 up to `low`, 1 from `high` on, a smooth step s^2 (3 - 2 s) in between.

    >>> stepped(floats([[0.0, 0.5, 1.0]]), 0.0, 1.0).tolist()
    [[0.0, 0.5, 1.0]]
    """
    s = ((plane - low) / (high - low)).clip(0, 1)
    return floats(s * s * (3 - 2 * s))


def mixed(first: Pixels, second: Pixels, share: Plane) -> Pixels:
    """(1 - share) first + share second, pixel by pixel.

    >>> black, white = floats(np.zeros((1, 1, 3))), floats(np.ones((1, 1, 3)))
    >>> mixed(black, white, floats([[0.25]])).tolist()
    [[[0.25, 0.25, 0.25]]]
    """
    return floats(first + share[..., None] * (second - first))


def filled(colour: Float32[np.ndarray, "3"], shape: tuple[int, int]) -> Pixels:
    """One colour everywhere.

    >>> filled(floats([1, 0, 0]), (2, 5)).shape
    (2, 5, 3)
    """
    return floats(np.broadcast_to(colour, (*shape, 3)))


def clouds(shape: tuple[int, int], generator: np.random.Generator, *, grain: float) -> Plane:
    """Smooth noise with mean about 0: standard normal values `grain` pixels (of 64) apart, interpolated.

    >>> clouds((64, 64), np.random.default_rng(0), grain=8.0).shape
    (64, 64)
    """
    height, width = shape
    step = grain * width / NATIVE
    coarse = generator.standard_normal((max(2, round(height / step)), max(2, round(width / step))), dtype=np.float32)
    if coarse.shape == shape:
        return coarse
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), dtype=np.float32)


@lru_cache(maxsize=8)
def coordinates(shape: tuple[int, int]) -> tuple[Plane, Plane]:
    """Where the middle of every pixel lies: to the right and down, both from 0 to 1.

    >>> x, y = coordinates((1, 2))
    >>> x.tolist(), y.tolist()
    ([[0.25, 0.75]], [[0.5, 0.5]])
    """
    height, width = shape
    x, y = np.meshgrid(floats((np.arange(width) + 0.5) / width), floats((np.arange(height) + 0.5) / height))
    x.flags.writeable = y.flags.writeable = False  # every caller gets the same two arrays
    return x, y


def displaced(image: Field, generator: np.random.Generator, *, spread: float) -> Field:
    """Every pixel fetched from a little further along a smooth random flow, `spread` its standard deviation."""
    height, width = image.shape[:2]
    rows, columns = np.mgrid[:height, :width]
    flow = spread * width / NATIVE
    down = rows + np.rint(flow * clouds((height, width), generator, grain=5.0)).astype(int)
    right = columns + np.rint(flow * clouds((height, width), generator, grain=5.0)).astype(int)
    return floats(image[down.clip(0, height - 1), right.clip(0, width - 1)])
