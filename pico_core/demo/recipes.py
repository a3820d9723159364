"""Ways to make the training pictures of the small encoder, compared so that a demo holds style or none.

An encoder keeps style only if its training data reward that; see `Recipe.sentence`.
"""

from dataclasses import dataclass
from functools import cache
from typing import Final

from pico_core.data.scenes import ScenesConfig, render_scenes
from pico_core.encoders import SmallClipConfig, vocabulary_of
from pico_core.training.settings import TrainingConfig

N_TRAINING: Final = 12_000
TRAINING_SEED: Final = 1
MODEL: Final = SmallClipConfig(vision_width=128, text_width=128, embed_dim=48)
TRAINING: Final = TrainingConfig(model=MODEL, n_epochs=10)


@dataclass(frozen=True)
class Recipe:
    """One kind of training data.

    Attributes:
        name: Short and stable.
        sentence: What is special about it.
        scenes: The pictures and captions.
    """

    name: str
    sentence: str
    scenes: ScenesConfig


RECIPES: Final = (
    Recipe(
        "shortcut",
        "Style and register tied: 95 of 100 captions are in the register of their picture's style.",
        ScenesConfig(n_images=N_TRAINING, tie=0.95),
    ),
    Recipe(
        "mixed",
        "Style and register mixed at random: style says nothing about the caption.",
        ScenesConfig(n_images=N_TRAINING),
    ),
    Recipe(
        "named",
        "Mixed at random, but half of the captions name the style of their picture.",
        ScenesConfig(n_images=N_TRAINING, name_style=0.5),
    ),
    Recipe(
        "plain",
        "Plain pictures only: other styles are seen for the first time in the demo.",
        ScenesConfig(n_images=N_TRAINING, styles=("flat",)),
    ),
)


@cache
def scene_vocabulary() -> tuple[int, ...]:
    """The words of all captions that scenes can have, those that name styles included."""
    return vocabulary_of(render_scenes(ScenesConfig(n_images=4000, size=32, name_style=0.5), seed=9).captions)
