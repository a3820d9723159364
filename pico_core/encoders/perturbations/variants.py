"""Pictures and captions in another style: pixels, case, punctuation and ways of speaking change; what is shown stays.

Lengths are shares of the shorter side, so a perturbation looks alike at every size. `grayscale` and
`sketch` take the colour away: where captions speak of colours, that is content as well as style.
The frames of the ways of speaking use common words. An encoder with a small vocabulary leaves words
that it does not know out, and one that ignores case sees no difference: such variants have no effect,
and the probe says so.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from torch import Tensor

from pico_core.common.errors import DataError, SettingError
from pico_core.encoders.pictures import upright_rgb
from pico_core.encoders.protocol import BadItem

PicturePerturbation = Callable[[Image.Image, int], Image.Image]

BLUR = 0.02  # radius, of the shorter side
BLOCKS = 24  # pixelated blocks along the shorter side
NOISE = 28.0  # standard deviation, of 255
LEVELS = 3  # bits that remain of each colour; with two, blue turns purple


def _image(values: NDArray[np.floating[Any]]) -> Image.Image:
    return Image.fromarray(values.clip(0, 255).round().astype(np.uint8))


def _tinted(picture: Image.Image, *factors: float) -> Image.Image:
    return _image(np.asarray(picture, dtype=np.float32) * np.array(factors, dtype=np.float32))


def _sketch(picture: Image.Image, _seed: int) -> Image.Image:
    """Grey over a blurred negative (colour dodge): dark lines where brightness changes, white elsewhere."""
    grey = ImageOps.grayscale(picture)
    soft = grey.filter(ImageFilter.GaussianBlur(max(1.0, 1.5 * BLUR * min(picture.size))))
    values = 255.0 * (np.asarray(grey, dtype=np.float32) + 1) / (np.asarray(soft, dtype=np.float32) + 1)
    return _image(values).convert("RGB")


def _pixelate(picture: Image.Image, _seed: int) -> Image.Image:
    step = max(2.0, min(picture.size) / BLOCKS)
    width, height = (max(1, round(side / step)) for side in picture.size)
    small = picture.resize((width, height), Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def _noise(picture: Image.Image, seed: int) -> Image.Image:
    values = np.asarray(picture, dtype=np.float32)
    noise = np.random.default_rng(seed).normal(0.0, NOISE, size=values.shape)
    return _image(values + noise)


PICTURE_PERTURBATIONS: Final[Mapping[str, PicturePerturbation]] = MappingProxyType(
    {
        "grayscale": lambda picture, _seed: ImageOps.grayscale(picture).convert("RGB"),
        # Tints are so weak that colours keep their names.
        "warm tint": lambda picture, _seed: _tinted(picture, 1.06, 0.98, 0.8),
        "cold tint": lambda picture, _seed: _tinted(picture, 0.8, 0.98, 1.06),
        "blur": lambda picture, _seed: picture.filter(ImageFilter.GaussianBlur(max(0.7, BLUR * min(picture.size)))),
        "sketch": _sketch,
        "posterise": lambda picture, _seed: ImageOps.posterize(picture, LEVELS),
        "pixelate": _pixelate,
        "darken": lambda picture, _seed: ImageEnhance.Brightness(picture).enhance(0.45),
        "low contrast": lambda picture, _seed: ImageEnhance.Contrast(picture).enhance(0.4),
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


CaptionPerturbation = Callable[[str], str]

LITTLE_WORDS = re.compile(r"\b(?:a|an|the|is|are|there)\b\s*", re.IGNORECASE)
MARKS = re.compile(r"[.,;:!?()\[\]{}\"“”/…]")
COLOURS = re.compile(
    r"\b(?:black|white|gr[ae]y|red|orange|yellow|green|blue|purple|violet|pink|brown|golden|beige|turquoise)\b",
    re.IGNORECASE,
)


def _without_punctuation(caption: str) -> str:
    return " ".join(MARKS.sub(" ", caption).split())


def _bare(caption: str) -> str:
    """The sentence to be put into a frame: no full stop at its end."""
    return caption.strip().rstrip(".!? ")


def _inside(caption: str) -> str:
    """The same in the middle of a sentence: its first letter small, unless the word goes on in capitals."""
    bare = _bare(caption)
    return bare if bare[1:2].isupper() else bare[:1].lower() + bare[1:]


CAPTION_PERTURBATIONS: Final[Mapping[str, CaptionPerturbation]] = MappingProxyType(
    {
        "lower case": str.lower,
        "upper case": str.upper,
        "photo prefix": lambda caption: f"a photo of {_inside(caption)}",
        "picture prefix": lambda caption: f"this picture shows {_inside(caption)}",
        "no punctuation": _without_punctuation,
        "full stop": lambda caption: f"{_bare(caption)}.",
        "formal": lambda caption: f"The image depicts the following: {_inside(caption)}.",
        "poetic": lambda caption: f"softly, in silence, {_inside(caption)}",
        "chatty": lambda caption: f"hey look, ok so guess what, {_inside(caption)}, wow!",
        "terse": lambda caption: LITTLE_WORDS.sub("", _bare(caption)).strip() or _bare(caption),
    }
)


def perturb_caption(caption: str, name: str) -> str:
    """The caption in another style.

    Raises:
        SettingError: there is no such perturbation.

    >>> perturb_caption("A dog, asleep.", "no punctuation"), perturb_caption("A dog, asleep.", "photo prefix")
    ('A dog asleep', 'a photo of a dog, asleep')
    """
    if name not in CAPTION_PERTURBATIONS:
        raise SettingError(
            f"no caption perturbation is called {name!r}; choose one of {', '.join(CAPTION_PERTURBATIONS)}"
        )
    return CAPTION_PERTURBATIONS[name](caption)


def names_a_colour(caption: str) -> bool:
    """Whether a caption speaks of a colour: then taking the colour away changes content too.

    >>> names_a_colour("A red bus"), names_a_colour("A shredded paper")
    (True, False)
    """
    return COLOURS.search(caption) is not None


@dataclass(frozen=True, eq=False)
class Variants:
    """Items of one modality in every variant.

    Attributes:
        means: Mean of the item's tokens in every variant; variant 0 is the original.
        names: What was done in variants 1 and on.
        aside: Those of the names that may have changed content too; they are not counted in a sum over all.
        rows: The row of every item in what was sampled; empty where that is not known.
        styles: The style label of every item, for shares at fixed style; empty where there is none.
    """

    means: Float[Tensor, "items variants d"]
    names: tuple[str, ...]
    aside: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    styles: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n_variants = self.means.shape[1]
        if n_variants != len(self.names) + 1:
            raise DataError(
                f"variants: {len(self.names)} names for {n_variants} variants; expected the original, which has no "
                "name, and one name for each of the others"
            )
        if len(self.means) < 2:
            raise DataError(f"variants: {len(self.means)} items; a share of variance needs at least 2")
        for name, values in (("rows", self.rows), ("styles", self.styles)):
            if values and len(values) != len(self.means):
                raise DataError(f"variants: {len(values)} {name} for {len(self.means)} items; give one each, or none")


@dataclass(frozen=True, eq=False)
class StyleVariants:
    """A sample of a dataset in several styles.

    Attributes:
        images: Of the pictures; None where there was no picture.
        texts: Of the captions; None where there was no caption.
        encoder: Name of what encoded them.
        digest: Of the dataset that was sampled.
        part: Which part of it, "all" or the fit split of a study.
        seed: Drew the sample.
        skipped: Pictures and captions of the sample that are not among the items, with reasons.
        unknown_words: Words that the perturbations brought and the encoder left out.
        n_colour: Captions of the sample that name a colour.
    """

    images: Variants | None
    texts: Variants | None
    encoder: str
    digest: str
    seed: int
    part: str = "all"
    skipped: tuple[BadItem, ...] = ()
    unknown_words: tuple[str, ...] = ()
    n_colour: int = 0
