"""Say what a scene shows: the same colours, shapes, sizes, relation and count in five ways of speaking.

The phrases of every way stand in phrases.toml.
"""

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from pico_core.common.errors import SettingError
from pico_core.data.scenes.content import Scene, SceneObject
from pico_core.data.scenes.layout import INVERSE, MOST_OBJECTS

Choices = tuple[str, ...]


@dataclass(frozen=True)
class Register:
    """A way of speaking.

    Attributes:
        small: Words for a small object.
        large: Words for a large one. (A medium one has no word.)
        one: Sentences about one object.
        two: Sentences about two.
        many: Sentences about three or four.
        styled: Sentences around a {caption} that name the {style} of the image.
        numbers: The words for one to four.
        short: Whether relations are said as briefly as can be.
        capital: Whether a caption begins with a capital letter.
    """

    small: Choices
    large: Choices
    one: Choices
    two: Choices
    many: Choices
    styled: Choices
    numbers: Choices = ("one", "two", "three", "four")
    short: bool = False
    capital: bool = False


def _choices(table: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}


_PHRASES: Final = tomllib.loads(Path(__file__).with_name("phrases.toml").read_text(encoding="utf-8"))
REGISTERS: Final = {name: Register(**_choices(table)) for name, table in _PHRASES["registers"].items()}
WHERE: Final[dict[str, Choices]] = _choices(_PHRASES["where"])
WHERE_SHORT: Final[dict[str, Choices]] = _choices(_PHRASES["where_short"])
STYLE_WORDS: Final[dict[str, str]] = _PHRASES["style_words"]


ATTEMPTS: Final = 12  # draws before a caption may repeat another of its image


def write_captions(
    scene: Scene, generator: np.random.Generator, *, registers: tuple[str, ...], styles: tuple[str | None, ...]
) -> list[str]:
    """One caption for every register asked for, no two alike as far as a few draws allow.

    Args:
        scene: What to speak of.
        generator: Chooses sentences, synonyms and which of two objects comes first.
        registers: The way of speaking of each caption.
        styles: The image style that each caption names, or None.

    Raises:
        SettingError: There is no such register.
    """
    written: list[str] = []
    for register, style in zip(registers, styles, strict=True):
        for _ in range(ATTEMPTS):
            text = write_caption(scene, generator, register=register, style=style)
            if text not in written:
                break
        written.append(text)
    return written


def write_caption(scene: Scene, generator: np.random.Generator, *, register: str, style: str | None = None) -> str:
    """A caption that names every object and how they stand, in one register.

    Two objects may change places: "a above b" is "b below a".

    >>> from pico_core.data.scenes.content import SceneObject
    >>> from pico_core.data.scenes.layout import Cell
    >>> star = SceneObject("star", "orange", "large", Cell(1, 1), (0.5, 0.5), 0.0)
    >>> write_caption(Scene((star,), "centre"), np.random.default_rng(0), register="formal")
    'The composition contains a sizeable orange star in the centre.'
    """
    if register not in REGISTERS:
        raise SettingError(f"no register is called {register!r}; choose one of {', '.join(REGISTERS)}")
    words = REGISTERS[register]
    objects, relation = scene.objects, scene.relation
    if relation in INVERSE and generator.random() < 0.5:
        objects, relation = objects[::-1], INVERSE[relation]
    bare = [_named(thing, words, generator) for thing in objects]
    full = bare if words.short else [_with_article(name) for name in bare]
    sentence = _pick((words.one, words.two, words.many, words.many)[scene.count - 1], generator)
    text = sentence.format(
        a=full[0],
        b=full[-1],
        all=_listed(full if scene.count < MOST_OBJECTS else bare, words),
        bare=_listed(bare, words),
        n=words.numbers[scene.count - 1],
        where=_pick(WHERE_SHORT.get(relation, WHERE[relation]) if words.short else WHERE[relation], generator),
    )
    text = text[0].upper() + text[1:] if words.capital else text
    return _pick(words.styled, generator).format(caption=text, style=STYLE_WORDS[style]) if style else text


def _named(thing: SceneObject, words: Register, generator: np.random.Generator) -> str:
    sizes = {"small": words.small, "large": words.large}
    return f"{_pick(sizes[thing.size], generator)} {thing.name}" if thing.size in sizes else thing.name


def _with_article(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _listed(names: list[str], words: Register) -> str:
    """Names joined by commas, with "and" before the last unless the register is short."""
    if words.short or len(names) == 1:
        return ", ".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def _pick(choices: Choices, generator: np.random.Generator) -> str:
    return choices[generator.integers(len(choices))]
