"""The named alternatives of the construction's settings, in the words that every list of them uses.

What each computes stands with its formula: `column_points`, `style_similarity`, `combine_modalities`,
`feedback_weights`. The first of each list is the default; all are reconstructions.
"""

from dataclasses import dataclass
from typing import Final

from pico_core.registry import Registry


@dataclass(frozen=True)
class Choice:
    """One alternative of a setting: its name in settings, and what people call it."""

    name: str
    title: str


RULES: Final = Registry(
    "feedback rule",
    (
        Choice("softmax", "softmax of the gains"),
        Choice("uniform", "uniform, no feedback"),
        Choice("ema", "moving average"),
        Choice("best", "best candidate only"),
        Choice("last", "last candidate only"),
        Choice("accept", "accept if better"),
        Choice("shuffled", "shuffled feedback"),
    ),
)
SIMILARITIES: Final = Registry(
    "similarity",
    (
        Choice("cosine", "|cosine|"),
        Choice("signed_cosine", "signed cosine"),
        Choice("distance", "distance"),
        Choice("cluster", "soft groups"),
    ),
)
COMBINATIONS: Final = Registry(
    "combination",
    (
        Choice("product", "product"),
        Choice("mean", "mean"),
        Choice("minimum", "minimum"),
        Choice("geometric", "geometric mean"),
    ),
)
