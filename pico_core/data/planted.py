"""Pairs with a known truth: how much of every column is meaning, how much is style.

Reconstruction of nothing: our own generator, for tests and for the demo.

    x_d = sqrt(a_d) meaning_d + strength sqrt(1 - a_d) intensity style_d + noise (+ a constant in rogue columns)

with a_d the semantic share of column d. Meaning: every item shows a few concepts; a token is half
its own concept, half the sum of the item's (context, as attention gives it). Style: every style
has its own profile over the columns, different for images and for texts; an item has one style at
its own intensity. With `coupling` the style of the text follows that of the image.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError, SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.storage.atomic import atomic_file
from pico_core.storage.parquet import UNREADABLE, read_parquet


def write_truth(share: Columns, path: Path) -> None:
    """Write the planted semantic share, one row per column."""
    with atomic_file(path) as draft:
        pl.DataFrame({"column": list(range(len(share))), "semantic_share": share.tolist()}).write_parquet(draft)


def read_truth(path: Path, n_columns: int) -> Columns:
    """Read what `write_truth` wrote.

    Raises:
        DataError: damaged, or of another number of columns.
    """
    try:
        share = read_parquet(path)["semantic_share"].cast(pl.Float64)
    except (DataError, *UNREADABLE) as error:
        raise DataError(f"{path.name}: cannot be read ({error}); remove it or make the data again") from None
    if len(share) != n_columns or not share.is_finite().fill_null(False).all():
        raise DataError(f"{path.name}: {len(share)} rows; expected one number per column, {n_columns}")
    return torch.tensor(share.to_list(), dtype=torch.float32)


IMAGE_STYLES = ("flat", "sketch", "sepia", "night", "blur", "pixel", "noise", "outline")
MAX_VALUES = 500_000_000  # 2 GB while they are made
TEXT_STYLES = ("plain", "formal", "poetic", "terse", "chatty", "headline", "question", "archaic")


@dataclass(frozen=True)
class PlantedConfig:
    """What is planted.

    Attributes:
        n_images: Number of images.
        captions_per_image: Texts of each.
        n_columns: Feature columns d.
        n_patches: Tokens of an image.
        n_words: Most tokens of a text (at least 2 fewer in the shortest).
        n_concepts: Size of the vocabulary of meanings.
        concepts_per_image: How many an image shows.
        n_styles: Kinds of style per modality, at most 8.
        style_strength: Size of style beside meaning; 0 = none.
        coupling: Probability that a text's style is the image's (by number).
        noise: Standard deviation of independent noise per token and column.
        n_rogue: Last columns to which a constant is added, the same in images and texts: it says nothing, and it
            makes nearly every product positive.
        offset: That constant.
    """

    n_images: int = 800
    captions_per_image: int = 2
    n_columns: int = 96
    n_patches: int = 6
    n_words: int = 6
    n_concepts: int = 60
    concepts_per_image: int = 4
    n_styles: int = 4
    style_strength: float = 2.0
    coupling: float = 0.0
    noise: float = 0.8
    n_rogue: int = 0
    offset: float = 3.0

    def __post_init__(self) -> None:
        for name in ("n_images", "captions_per_image", "n_columns", "n_patches", "n_words", "n_concepts"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} is {getattr(self, name)}; expected at least 1")
        if not 1 <= self.concepts_per_image <= self.n_concepts:
            raise SettingError(f"concepts_per_image is {self.concepts_per_image}; expected 1 to {self.n_concepts}")
        if not 1 <= self.n_styles <= len(IMAGE_STYLES):
            raise SettingError(f"n_styles is {self.n_styles}; expected 1 to {len(IMAGE_STYLES)}")
        if not 0 <= self.coupling <= 1:
            raise SettingError(f"coupling is {self.coupling}; expected a probability, 0 to 1")
        if not 0 <= self.n_rogue <= self.n_columns:
            raise SettingError(f"n_rogue is {self.n_rogue}; expected 0 to {self.n_columns}, the number of columns")
        for name in ("style_strength", "noise", "offset"):
            if not 0 <= getattr(self, name) < math.inf:  # False for nan
                raise SettingError(f"{name} is {getattr(self, name)}; expected a finite number, 0 or more")
        values = self.n_images * self.n_columns * (self.n_patches + self.captions_per_image * self.n_words)
        if values > MAX_VALUES:
            raise SettingError(
                f"{self.n_images} images of {self.n_columns} columns make {values:.1e} values; the limit is "
                f"{MAX_VALUES:.0e}: plant fewer images, columns or tokens"
            )


@dataclass(frozen=True, eq=False)
class Planted:
    """Pairs and the truth about them.

    Attributes:
        pairs: float16 tokens; `style` labels images and texts, `concepts` is the content.
        semantic_share: a_d in [0, 1], the share of a column that is meaning.
        config: What was asked for.
    """

    pairs: PairedEmbeddings
    semantic_share: Columns
    config: PlantedConfig


def planted_pairs(config: PlantedConfig | None = None, *, seed: int = 0) -> Planted:
    """Make pairs whose columns have a known semantic share. The same seed gives the same pairs.

    >>> planted = planted_pairs(PlantedConfig(n_images=8, n_columns=16), seed=1)
    >>> planted.pairs.n_texts, planted.semantic_share.shape
    (16, torch.Size([16]))
    """
    config = config or PlantedConfig()
    generator = torch.Generator().manual_seed(seed)
    share = _semantic_share(config.n_columns, generator)
    concepts = torch.randn(config.n_concepts, config.n_columns, generator=generator)
    shown = torch.stack(
        [
            torch.randperm(config.n_concepts, generator=generator)[: config.concepts_per_image]
            for _ in range(config.n_images)
        ]
    )
    owner = torch.arange(config.n_images).repeat_interleave(config.captions_per_image)
    image_style = torch.randint(config.n_styles, (config.n_images,), generator=generator)
    text_style = torch.randint(config.n_styles, (len(owner),), generator=generator)
    follows = torch.rand(len(owner), generator=generator) < config.coupling
    text_style = torch.where(follows, image_style[owner], text_style)

    context = concepts[shown].sum(dim=1, keepdim=True) / config.concepts_per_image**0.5
    patch_concept = _tokens_of(shown, config.n_patches, generator)
    word_concept = _tokens_of(shown[owner], config.n_words, generator)
    shortest = max(1, config.n_words - 2)
    n_real = torch.randint(shortest, config.n_words + 1, (len(owner),), generator=generator)
    text_mask = torch.arange(config.n_words)[None, :] < n_real[:, None]
    pairs = PairedEmbeddings.from_arrays(
        _tokens(concepts[patch_concept] + context, image_style, share, config, generator).half(),
        _tokens(concepts[word_concept] + context[owner], text_style, share, config, generator).half(),
        text_mask=text_mask,
        text_image=owner,
        ids=[f"item {i}" for i in range(config.n_images)],
        captions=[
            f"{TEXT_STYLES[style]} words on concepts {', '.join(str(c) for c in sorted(set(row[:n].tolist())))}"
            for style, row, n in zip(text_style.tolist(), word_concept, n_real.tolist(), strict=True)
        ],
        image_labels=pl.DataFrame(
            {
                "style": [IMAGE_STYLES[s] for s in image_style.tolist()],
                "concepts": [" ".join(str(c) for c in sorted(row.tolist())) for row in shown],
                "first_concept": [f"concept {int(row.min())}" for row in shown],
            }
        ),
        text_labels=pl.DataFrame(
            {
                "style": [TEXT_STYLES[s] for s in text_style.tolist()],
                "first_concept": [f"concept {int(row.min())}" for row in shown[owner]],
            }
        ),
        name="Planted columns",
    )
    return Planted(pairs, share, config)


def _semantic_share(n_columns: int, generator: torch.Generator) -> Columns:
    """A third of the columns mostly style, a third mixed, a third mostly meaning, in random order."""
    even = (torch.arange(n_columns) + 0.5) / n_columns
    return even[torch.randperm(n_columns, generator=generator)]


def _tokens_of(shown: Int[Tensor, "items c"], n_tokens: int, generator: torch.Generator) -> Int[Tensor, "items t"]:
    """The concept of every token: all concepts of the item in turn, then random ones of it."""
    n_shown = shown.shape[1]
    first = torch.rand(shown.shape, generator=generator).argsort(dim=1)[:, :n_tokens]
    more = torch.randint(n_shown, (len(shown), max(0, n_tokens - n_shown)), generator=generator)
    return shown.gather(1, torch.cat([first, more], dim=1))


def _tokens(
    meaning: Float[Tensor, "items t d"],
    style: Int[Tensor, " items"],
    share: Columns,
    config: PlantedConfig,
    generator: torch.Generator,
) -> Float[Tensor, "items t d"]:
    profiles = torch.randn(config.n_styles, config.n_columns, generator=generator)
    if config.n_styles > 1:  # a column's mean over styles is no style: remove it, keep unit spread
        profiles = (profiles - profiles.mean(dim=0)) / profiles.std(dim=0, correction=0)
    intensity = 0.5 + torch.rand(len(style), 1, generator=generator)
    pattern = intensity * profiles[style]
    noise = torch.randn(meaning.shape, generator=generator)
    constant = torch.zeros(config.n_columns)
    constant[config.n_columns - config.n_rogue :] = config.offset
    return (
        constant
        + share.sqrt() * meaning / 2**0.5
        + config.style_strength * (1 - share).sqrt() * pattern[:, None, :]
        + config.noise * noise
    )
