"""The stock of phrases: for every register the sizes, the relations and the sentences that it prefers.

Colours and shapes keep one name in every register, so that a word means the same object
everywhere; all else is said in the register's own way. No phrase contains the name of a colour
or of a shape. In a sentence {a} and {b} are objects with their article, {bare} is all objects
without, {all} is all objects, with articles if there are three and without if there are four
(a caption stays near twenty words), {where} is the relation and {n} the count.
"""

from dataclasses import dataclass
from typing import Final

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


REGISTERS: Final[dict[str, Register]] = {
    "plain": Register(
        small=("small",),
        large=("large", "big"),
        one=(
            "{a} {where}",
            "there is {a} {where}",
            "a picture of {a} {where}",
            "this is {a} {where}",
            "one shape: {a} {where}",
        ),
        two=(
            "{a} {where} {b}",
            "{a} is {where} {b}",
            "there is {a} {where} {b}",
            "a picture of {a} {where} {b}",
            "two shapes: {a} {where} {b}",
        ),
        many=(
            "{all} {where}",
            "{n} shapes {where}: {bare}",
            "there are {n} shapes {where}: {bare}",
            "a picture of {all} {where}",
            "this shows {all} {where}",
        ),
        styled=("{caption}, {style} style", "{caption}, drawn in {style} style"),
    ),
    "terse": Register(
        small=("small", "sm"),
        large=("large", "lg"),
        one=("{bare} {where}", "{bare}, {where}", "{where}: {bare}", "1x {bare}, {where}", "{bare} / {where}"),
        two=("{a} {where} {b}", "{a}, {where} {b}", "2x: {a} {where} {b}", "{a} - {where} {b}", "[{a}] {where} [{b}]"),
        many=(
            "{where}: {bare}",
            "{bare}, {where}",
            "{n}x {where}: {bare}",
            "{bare} / {where}",
            "{n}x: {bare}, {where}",
        ),
        styled=("{style}: {caption}", "{caption} ({style})"),
        numbers=("1", "2", "3", "4"),
        short=True,
    ),
    "formal": Register(
        small=("small", "compact"),
        large=("large", "sizeable"),
        one=(
            "The image depicts {a} {where}.",
            "A single figure, {a}, is situated {where}.",
            "Situated {where} is {a}.",
            "The composition contains {a} {where}.",
            "Exhibited here is {a}, placed {where}.",
        ),
        two=(
            "The image depicts {a} {where} {b}.",
            "{a} is situated {where} {b}.",
            "Two figures are exhibited: {a} {where} {b}.",
            "The composition places {a} {where} {b}.",
            "Exhibited here is {a}, placed {where} {b}.",
        ),
        many=(
            "The image depicts {all} arranged {where}.",
            "{n} figures are arranged {where}: {bare}.",
            "Arranged {where} are {all}.",
            "The composition contains {all}, placed {where}.",
            "Exhibited {where}: {bare}.",
        ),
        styled=("{caption} It is rendered in {style} style.", "{caption} Technique: {style}."),
        capital=True,
    ),
    "poetic": Register(
        small=("tiny", "slender"),
        large=("great", "mighty"),
        one=(
            "alone {where} dreams {a}",
            "{a} sleeps {where}",
            "o lonely world, {a} whispers {where}",
            "in silence {a} lingers {where}",
            "{where}, softly, {a} sings",
        ),
        two=(
            "{a} dreams {where} {b}",
            "softly {a} drifts {where} {b}",
            "in silence {a} lingers {where} {b}",
            "{a} whispers {where} {b}",
            "o gentle hour, {a} sings {where} {b}",
        ),
        many=(
            "{all} dance {where}",
            "{n} dreamers {where}: {bare}",
            "softly {all} drift {where}",
            "{all} whisper {where}",
            "a song {where}: {bare}",
        ),
        styled=("{caption}, a {style} reverie", "{caption}, as in a {style} dream"),
    ),
    "chatty": Register(
        small=("little", "teeny"),
        large=("huge", "giant"),
        one=(
            "hey look, {a} right {where}",
            "so there's just {a} {where}",
            "ok so I see {a} {where}",
            "guess what, {a} hanging out {where}",
            "haha, only {a} {where}",
        ),
        two=(
            "hey look, {a} right {where} {b}",
            "so there's {a} {where} {b}",
            "ok so I see {a} {where} {b}",
            "guess what, {a} hanging out {where} {b}",
            "wow, {a} just {where} {b}",
        ),
        many=(
            "hey look, {all} {where}",
            "so we've got {all} {where}",
            "wow, {n} things {where}: {bare}",
            "ok so {all}, all {where}",
            "guess what, {all} hanging out {where}",
        ),
        styled=("{caption}, kinda {style} looking", "{caption}, love the {style} thing"),
    ),
}

# How a relation is said: at length in most registers, and as briefly as can be.
WHERE: Final[dict[str, Choices]] = {
    "centre": ("in the middle", "in the centre"),
    "top": ("at the top", "near the top"),
    "bottom": ("at the bottom", "near the bottom"),
    "left": ("on the left", "at the left side"),
    "right": ("on the right", "at the right side"),
    "above": ("above", "over"),
    "below": ("below", "under"),
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "above left of": ("above and left of", "up and to the left of"),
    "above right of": ("above and right of", "up and to the right of"),
    "below left of": ("below and left of", "down and to the left of"),
    "below right of": ("below and right of", "down and to the right of"),
    "row": ("in a row", "side by side"),
    "column": ("in a column", "one below the other"),
    "falling diagonal": ("on a falling diagonal", "diagonally downwards"),
    "rising diagonal": ("on a rising diagonal", "diagonally upwards"),
    "pyramid": ("in a pyramid", "like a pyramid"),
    "grid": ("in a grid", "two by two"),
    "round": ("around the middle", "around the centre"),
}
WHERE_SHORT: Final[dict[str, Choices]] = {
    "centre": ("centre", "middle"),
    "top": ("top",),
    "bottom": ("bottom",),
    "left": ("left",),
    "right": ("right",),
    "above left of": ("above left of",),
    "above right of": ("above right of",),
    "below left of": ("below left of",),
    "below right of": ("below right of",),
    "left of": ("left of",),
    "right of": ("right of",),
    "row": ("row",),
    "column": ("column",),
    "falling diagonal": ("falling diagonal",),
    "rising diagonal": ("rising diagonal",),
    "pyramid": ("pyramid",),
    "grid": ("grid", "2 by 2"),
    "round": ("around middle",),
}

STYLE_WORDS: Final[dict[str, str]] = {
    "flat": "flat",
    "outline": "outline",
    "pencil sketch": "pencil sketch",
    "watercolour": "watercolour",
    "sepia": "sepia",
    "night": "night",
    "pixel art": "pixel art",
    "blur": "blurred",
    "noise": "noisy",
    "photocopy": "photocopied",
}
