"""Captions in another style: the case, a prefix, the punctuation, a way of speaking. What is said stays.

The frames of the ways of speaking use common words. An encoder with a small vocabulary leaves words
that it does not know out, and one that ignores case sees no difference: such variants have no effect,
and the probe says so.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from pico_core.errors import SettingError

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
