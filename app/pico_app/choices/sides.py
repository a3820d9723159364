"""Which two scorings a reader lays side by side: plain choices, as an address writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pico_core.method.bases import BASES
from pico_core.retrieval.schemes.catalogue import METHOD, PERMUTED, REFERENCE, SCHEMES

SideKind = Literal["scheme", "set", "axes", "run"]
WEIGHTED = "weighted"  # the weights of the study, as links of version 1.0.0 name them
LONGEST = 2000  # letters of a list in an address
MOST_DRAWS = 9999
_DRAWN = re.compile(r"([a-z0-9_]{1,40})-([0-9]{1,4})")
_SET = re.compile(r"without-([0-9]{1,6}(?:,[0-9]{1,6})*)")
_AXES = re.compile(r"axes-([a-z0-9_]{1,40})")


@dataclass(frozen=True)
class ChosenScheme:
    """One scoring, as it is chosen.

    Attributes:
        kind: A scheme of the catalogue on the open study, no weights but with a set of columns taken out, the study
            in other axes, or a run from a folder.
        name: Of the scheme, the set, or the axes.
        columns: Of a set.
        path: Of a run.
        draw: Of a permutation.
    """

    kind: SideKind
    name: str = ""
    columns: tuple[int, ...] = ()
    path: str = ""
    draw: int = 0

    @property
    def address(self) -> str | None:
        """As a link writes it; None for a run, whose path stays on this machine.

        >>> ChosenScheme("set", columns=(3, 7)).address, ChosenScheme("scheme", "permuted", draw=2).address
        ('without-3,7', 'permuted-2')
        """
        if self.kind == "run":
            return None
        if self.kind == "set":
            listed = ",".join(str(column) for column in self.columns)
            return f"without-{listed}" if len(listed) <= LONGEST else None
        if self.kind == "axes":
            return f"axes-{self.name}"
        return f"{self.name}-{self.draw}" if self.draw else self.name


@dataclass(frozen=True)
class Sides:
    """The two scorings of a comparison."""

    left: ChosenScheme = ChosenScheme("scheme", REFERENCE)
    right: ChosenScheme = ChosenScheme("scheme", METHOD)

    @property
    def address(self) -> dict[str, str | None]:
        """Query parameters of a link to them; None for what need not be said.

        >>> Sides(right=ChosenScheme("set", columns=(3, 7))).address
        {'left': None, 'right': 'without-3,7'}
        """
        usual = Sides()
        return {
            "left": None if self.left == usual.left else self.left.address,
            "right": None if self.right == usual.right else self.right.address,
        }

    @property
    def swapped(self) -> "Sides":
        """The same with the sides changed."""
        return Sides(self.right, self.left)


def from_address(text: str | None, default: ChosenScheme) -> ChosenScheme:
    """What a link asks for; anything that is no such choice is dropped without a word.

    >>> from_address("without-3,7", Sides().right).columns, from_address("random-2", Sides().right).name
    ((3, 7), 'permuted')
    """
    wanted = (text or "")[: LONGEST + 20]
    if match := _SET.fullmatch(wanted):
        return ChosenScheme("set", columns=tuple(sorted({int(number) for number in match[1].split(",")})))
    if match := _AXES.fullmatch(wanted):
        return ChosenScheme("axes", BASES[match[1]].name) if match[1] in BASES else default
    match = _DRAWN.fullmatch(wanted)
    name, draw = (wanted, 0) if match is None else (match[1], int(match[2]))
    name = METHOD if name == WEIGHTED else SCHEMES.current_name(name)
    known = name in SCHEMES and SCHEMES[name].on_side and (not draw or name == PERMUTED)
    return ChosenScheme("scheme", name, draw=draw) if known else default


def sides_in_address(parameters: Mapping[str, str]) -> Sides:
    """The two scorings that a link asks for."""
    usual = Sides()
    return Sides(from_address(parameters.get("left"), usual.left), from_address(parameters.get("right"), usual.right))
