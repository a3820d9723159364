"""Many scenes at once: pictures, captions, and every factor that made them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
import torch
from jaxtyping import UInt8
from PIL import Image
from torch import Tensor

from pico_core.common.axes import TextImage
from pico_core.common.errors import SettingError
from pico_core.data.scenes.captions import REGISTERS, write_captions
from pico_core.data.scenes.content import Scene, compose_scene
from pico_core.data.scenes.pixels import Pixels
from pico_core.data.scenes.rendering import render_scene
from pico_core.data.scenes.styles import STYLES, apply_style

SMALLEST: Final = 32  # pixels a side
LARGEST: Final = 1024
ALL_STYLES: Final = tuple(STYLES)
ALL_REGISTERS: Final = tuple(REGISTERS)


@dataclass(frozen=True)
class ScenesConfig:
    """Which scenes to render.

    The partner of a style is the register in its place, counted round: of all ten styles and five
    registers flat and night are partners of plain, outline and pixel art of terse, pencil sketch
    and blur of formal, watercolour and noise of poetic, sepia and photocopy of chatty.

    Attributes:
        n_images: Number of scenes.
        size: Pixels a side, 32 to 1024.
        captions_per_image: Texts of each.
        styles: The image styles, each as likely as any other; ("flat",) renders plain scenes.
        registers: The caption registers. An image uses each once before it uses one again.
        tie: Probability that a caption's register is the partner of its image's style instead;
            0 = independent, 1 = the style decides.
        name_style: Share of captions that name the image's style.
    """

    n_images: int = 1000
    size: int = 64
    captions_per_image: int = 5
    styles: tuple[str, ...] = ALL_STYLES
    registers: tuple[str, ...] = ALL_REGISTERS
    tie: float = 0.0
    name_style: float = 0.0

    def __post_init__(self) -> None:
        for name in ("n_images", "captions_per_image"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} is {getattr(self, name)}; expected at least 1")
        if not SMALLEST <= self.size <= LARGEST:
            raise SettingError(f"size is {self.size}; expected {SMALLEST} to {LARGEST} pixels a side")
        _check_names("styles", self.styles, ALL_STYLES)
        _check_names("registers", self.registers, ALL_REGISTERS)
        for name in ("tie", "name_style"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"{name} is {getattr(self, name)}; expected a probability, 0 to 1")

    def partner(self, style: str) -> str:
        """The register that `tie` binds to a style.

        >>> ScenesConfig().partner("watercolour"), ScenesConfig().partner("noise")
        ('poetic', 'poetic')
        """
        return self.registers[self.styles.index(style) % len(self.registers)]


@dataclass(frozen=True, eq=False)
class SceneItem:
    """One scene with all that was made of it.

    Attributes:
        scene: What it shows.
        picture: Red, green and blue from 0 to 1.
        style: The image style.
        captions: What is said of it.
        registers: The register of each caption.
        style_named: Whether each caption names the style.
    """

    scene: Scene
    picture: Pixels
    style: str
    captions: tuple[str, ...]
    registers: tuple[str, ...]
    style_named: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Scenes:
    """Rendered scenes with captions and the truth about both.

    Attributes:
        pixels: The pictures, 8 bits per channel.
        text_image: The image of each caption.
        images: One row per image: `id`, `style`, `count`, `shapes`, `colours`, `sizes` (one word
            per object, in order), `relation`, `first_object` (colour and shape of the object named
            first, 64 values), `boxes` (left, top, right, bottom of each object, from 0 to 1).
        texts: One row per caption: `caption`, `register`, `style` and `first_object` of its image,
            and `style_named`.
        config: What was asked for.
        seed: The seed; with `config` it makes the same scenes again.
    """

    pixels: UInt8[Tensor, "n h w 3"]
    text_image: TextImage
    images: pl.DataFrame
    texts: pl.DataFrame
    config: ScenesConfig
    seed: int

    @property
    def captions(self) -> list[str]:
        """All captions, those of one image together."""
        return self.texts["caption"].to_list()

    def picture(self, image: int) -> Image.Image:
        """The picture with number `image`, as Pillow has it."""
        return Image.fromarray(self.pixels[image].numpy())


def render_scenes(
    config: ScenesConfig | None = None, *, seed: int = 0, on_image: Callable[[int, int], None] | None = None
) -> Scenes:
    """Render scenes and write their captions; scene i depends on the seed, i and the settings, never on n_images.

    Args:
        config: Which scenes.
        seed: 0 or more. Other seeds give other scenes.
        on_image: Called after every image with how many are done and how many there will be. An
            exception that it raises stops the rendering.

    Raises:
        SettingError: The seed is negative.

    >>> scenes = render_scenes(ScenesConfig(n_images=3, size=32), seed=1)
    >>> scenes.pixels.shape, len(scenes.captions), scenes.text_image[:6].tolist()
    (torch.Size([3, 32, 32, 3]), 15, [0, 0, 0, 0, 0, 1])
    """
    config = config or ScenesConfig()
    pixels = torch.empty(config.n_images, config.size, config.size, 3, dtype=torch.uint8)
    image_rows, text_rows = [], []
    for i in range(config.n_images):
        item = scene_item(config, seed=seed, index=i)
        pixels[i] = torch.from_numpy(np.rint(item.picture * 255).astype(np.uint8))
        image_rows.append(_image_row(item, i))
        text_rows += _text_rows(item)
        if on_image is not None:
            on_image(i + 1, config.n_images)
    owner = torch.arange(config.n_images).repeat_interleave(config.captions_per_image)
    return Scenes(pixels, owner, pl.DataFrame(image_rows), pl.DataFrame(text_rows), config, seed)


def scene_item(config: ScenesConfig, *, seed: int, index: int) -> SceneItem:
    """Scene number `index` of a seed, made from nothing else.

    Content, drawing, style and words have a source of chance each: with other styles, another
    size or other registers the same number still shows the same objects.

    >>> scene_item(ScenesConfig(styles=("night",)), seed=1, index=7).scene == scene_content(seed=1, index=7)
    True
    """
    content, drawing, styling, speaking = _generators(seed, index)
    scene = compose_scene(content)
    style = config.styles[styling.integers(len(config.styles))]
    picture = apply_style(render_scene(scene, drawing, size=config.size), styling, style=style)
    registers = _registers(config, style, speaking)
    named = tuple((speaking.random(config.captions_per_image) < config.name_style).tolist())
    styles = tuple(style if is_named else None for is_named in named)
    captions = write_captions(scene, speaking, registers=registers, styles=styles)
    return SceneItem(scene, picture, style, tuple(captions), registers, named)


def scene_content(*, seed: int, index: int) -> Scene:
    """What scene number `index` of a seed shows, without drawing it."""
    return compose_scene(_generators(seed, index)[0])


def _generators(seed: int, index: int) -> list[np.random.Generator]:
    """Four independent sources of chance that depend on the seed and the index alone."""
    if seed < 0:
        raise SettingError(f"the seed of the scenes is {seed}; expected 0 or more")
    return [np.random.default_rng([seed, index, part]) for part in range(4)]


def _registers(config: ScenesConfig, style: str, generator: np.random.Generator) -> tuple[str, ...]:
    """Shuffled registers, each once before any comes again; some of them replaced by the style's partner."""
    rounds = -(-config.captions_per_image // len(config.registers))
    order = np.concatenate([generator.permutation(len(config.registers)) for _ in range(rounds)])
    tied = generator.random(config.captions_per_image) < config.tie
    free = order[: config.captions_per_image].tolist()
    return tuple(
        config.partner(style) if bound else config.registers[k] for k, bound in zip(free, tied.tolist(), strict=True)
    )


def _image_row(item: SceneItem, index: int) -> dict[str, object]:
    objects = item.scene.objects
    return {
        "id": f"scene {index:06d}",
        "style": item.style,
        "count": item.scene.count,
        "shapes": " ".join(thing.shape for thing in objects),
        "colours": " ".join(thing.colour for thing in objects),
        "sizes": " ".join(thing.size for thing in objects),
        "relation": item.scene.relation,
        "first_object": objects[0].name,
        "boxes": [[thing.box.left, thing.box.top, thing.box.right, thing.box.bottom] for thing in objects],
    }


def _text_rows(item: SceneItem) -> list[dict[str, object]]:
    return [
        {
            "caption": caption,
            "register": register,
            "style": item.style,
            "first_object": item.scene.objects[0].name,
            "style_named": named,
        }
        for caption, register, named in zip(item.captions, item.registers, item.style_named, strict=True)
    ]


def _check_names(setting: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = [name for name in given if name not in known]
    if unknown:
        raise SettingError(f"{setting} has {unknown[0]!r}, which does not exist; choose among {', '.join(known)}")
    if not given:
        raise SettingError(f"{setting} is empty; choose at least one of {', '.join(known)}")
    if len(set(given)) < len(given):
        raise SettingError(f"{setting} names {max(given, key=given.count)!r} more than once; name it once")
