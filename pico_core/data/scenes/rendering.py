"""Draw a scene: cut paper on a pale ground, at any size, with smooth edges.

An edge is smooth because a shape is drawn four times too large and averaged: the share of the
small pixels that it covers is its share of the large one.
"""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from pico_core.data.scenes.content import COLOURS, SIZES, Scene, SceneObject
from pico_core.data.scenes.pixels import Pixels, Plane, blurred, coordinates, filled, floats, from_picture, mixed
from pico_core.data.scenes.shapes import outline

# Colour at the top and at the bottom. All so pale that any object stands out.
PAPERS: Final[tuple[tuple[tuple[int, int, int], tuple[int, int, int]], ...]] = (
    ((255, 246, 234), (252, 226, 206)),  # dawn
    ((240, 246, 252), (212, 228, 244)),  # mist
    ((246, 250, 236), (222, 237, 206)),  # meadow
    ((247, 242, 252), (226, 216, 242)),  # lilac
    ((254, 249, 236), (242, 229, 202)),  # sand
    ((254, 243, 244), (246, 219, 226)),  # shell
    ((250, 250, 248), (226, 229, 232)),  # pearl
    ((238, 250, 249), (206, 234, 234)),  # lagoon
)
MOST_HILLS: Final = 2
DISC_SHARE: Final = 0.4  # of scenes with a pale sun


def paint_backdrop(size: int, generator: np.random.Generator) -> Pixels:
    """A pale gradient of a random tint with up to two soft hills and perhaps a pale disc; `size` pixels a side.

    >>> bool(paint_backdrop(16, np.random.default_rng(0)).min() > 0.7)
    True
    """
    top, bottom = floats(PAPERS[generator.integers(len(PAPERS))]) / 255
    shape = size, size
    x, y = coordinates(shape)
    lean = float(generator.uniform(-0.3, 0.3))
    paper = mixed(filled(top, shape), filled(bottom, shape), floats((y + lean * (x - 0.5)).clip(0, 1)))
    if generator.random() < DISC_SHARE:
        centre_x, centre_y, radius = generator.uniform((0.15, 0.12, 0.1), (0.85, 0.4, 0.22)).tolist()
        disc = _covered(radius - np.hypot(x - centre_x, y - centre_y), size)
        paper = mixed(paper, filled(0.35 + 0.65 * top, shape), disc)
    for hill in range(int(generator.integers(MOST_HILLS + 1))):
        height, waves, start = generator.uniform((0.62 + 0.14 * hill, 0.8, 0), (0.74 + 0.14 * hill, 1.6, 1)).tolist()
        slope = _covered(y - height - 0.06 * np.sin(2 * np.pi * (waves * x + start)), size)
        paper = mixed(paper, filled(bottom * (0.975 - 0.035 * hill), shape), slope)
    return paper


def _covered(inside: Plane, size: int) -> Plane:
    """How much of a pixel a region covers, from the signed distance to its rim."""
    return floats((inside * size + 0.5).clip(0, 1))


OVERSAMPLING: Final = 4
SHADOW: Final = 0.3  # how much a shadow takes from the ground
SHADOW_DROP: Final = 0.012  # how far below its object, as a share of the image
LIGHT: Final = 0.16  # change of an object's colour from its upper to its lower rim


def render_scene(scene: Scene, generator: np.random.Generator, *, size: int) -> Pixels:
    """Objects in their colours with soft shadows on a backdrop by chance, `size` pixels a side.

    >>> from pico_core.data.scenes.content import compose_scene
    >>> generator = np.random.default_rng(0)
    >>> render_scene(compose_scene(generator), generator, size=32).shape
    (32, 32, 3)
    """
    image = paint_backdrop(size, generator)
    covers = [coverage(thing, size=size) for thing in scene.objects]
    image = floats(image * (1 - SHADOW * _shadow(floats(np.sum(covers, axis=0))))[..., None])
    for thing, cover in zip(scene.objects, covers, strict=True):
        image = mixed(image, _paint(thing, size), cover)
    return image


def coverage(thing: SceneObject, *, size: int) -> Plane:
    """The share of every pixel that an object covers, from 0 to 1."""
    fine = Image.new("L", (OVERSAMPLING * size, OVERSAMPLING * size))
    pen = ImageDraw.Draw(fine)
    for hole, curve in enumerate(outline(thing.shape, angle=thing.angle)):
        points = (np.array(thing.centre) + SIZES[thing.size] * curve) * OVERSAMPLING * size - 0.5
        pen.polygon(points.ravel().tolist(), fill=0 if hole else 255)
    return from_picture(fine.reduce(OVERSAMPLING))


def _shadow(cover: Plane) -> Plane:
    drop = max(1, round(SHADOW_DROP * len(cover)))
    lowered = np.pad(cover, ((drop, 0), (0, 0)))[: len(cover)]
    return blurred(lowered, 1.1)


def _paint(thing: SceneObject, size: int) -> Pixels:
    """The object's colour, a little lighter above and a little darker below."""
    _, y = coordinates((size, 1))
    up = ((thing.centre[1] - y) / SIZES[thing.size]).clip(-0.5, 0.5)
    colour, light = floats(COLOURS[thing.colour]) / 255, LIGHT * up[..., None]
    column = np.where(light > 0, colour + light * (1 - colour), colour * (1 + light))
    return floats(np.broadcast_to(column, (size, size, 3)))
