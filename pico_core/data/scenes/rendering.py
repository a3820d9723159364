"""Draw a scene: cut paper on a pale ground, at any size, with smooth edges.

An edge is smooth because a shape is drawn four times too large and averaged: the share of the
small pixels that it covers is its share of the large one.
"""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from pico_core.data.scenes.backdrop import paint_backdrop
from pico_core.data.scenes.content import Scene, SceneObject
from pico_core.data.scenes.pixels import Pixels, Plane, blurred, coordinates, floats, from_picture, mixed
from pico_core.data.scenes.shapes import outline
from pico_core.data.scenes.vocabulary import COLOURS, SIZES

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
