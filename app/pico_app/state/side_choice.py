"""Which two scorings a reader lays side by side: plain choices, as an address writes them."""

import re
from dataclasses import dataclass
from typing import Literal, get_args

from pico_core.method.config import BasisName

SideKind = Literal["unweighted", "weighted", "p_hat", "random", "set", "axes", "run"]
PLAIN: tuple[SideKind, ...] = ("unweighted", "weighted", "p_hat")
KINDS: tuple[SideKind, ...] = get_args(SideKind)
AXES: tuple[BasisName, ...] = get_args(BasisName)
LONGEST = 2000  # letters of a list in an address
MOST_DRAWS = 9999
_RANDOM = re.compile(r"random(?:-([0-9]{1,4}))?")
_SET = re.compile(r"without-([0-9]{1,6}(?:,[0-9]{1,6})*)")
_AXES = re.compile(r"axes-([a-z]{1,10})")


@dataclass(frozen=True)
class SideChoice:
    """One scoring, as it is chosen.

    Attributes:
        kind: Which weights: none, those of the study, p^ in their place, the same permuted, none but with
            a set of columns taken out, the study in other axes, or a run from a folder.
        columns: Of a set.
        name: Of a set, or of the axes.
        path: Of a run.
        draw: Of a permutation.
    """

    kind: SideKind
    columns: tuple[int, ...] = ()
    name: str = ""
    path: str = ""
    draw: int = 0

    @property
    def address(self) -> str | None:
        """As a link writes it; None for a run, whose path stays on this machine.

        >>> SideChoice("set", columns=(3, 7)).address, SideChoice("random", draw=2).address
        ('without-3,7', 'random-2')
        """
        if self.kind == "run":
            return None
        if self.kind == "set":
            listed = ",".join(str(column) for column in self.columns)
            return f"without-{listed}" if len(listed) <= LONGEST else None
        if self.kind == "axes":
            return f"axes-{self.name}"
        return f"random-{self.draw}" if self.kind == "random" and self.draw else self.kind


@dataclass(frozen=True)
class Sides:
    """The two scorings of a comparison."""

    left: SideChoice = SideChoice("unweighted")
    right: SideChoice = SideChoice("weighted")

    @property
    def swapped(self) -> "Sides":
        """The same with the sides changed."""
        return Sides(self.right, self.left)


def from_address(text: str | None, default: SideChoice) -> SideChoice:
    """What a link asks for; anything that is no such choice is dropped without a word.

    >>> from_address("without-3,7", SideChoice("weighted")).columns, from_address("x", SideChoice("weighted")).kind
    ((3, 7), 'weighted')
    """
    wanted = (text or "")[: LONGEST + 20]
    plain = next((kind for kind in PLAIN if kind == wanted), None)
    if plain is not None:
        return SideChoice(plain)
    found = _RANDOM.fullmatch(wanted)
    if found is not None:
        return SideChoice("random", draw=int(found[1] or 0))
    found = _SET.fullmatch(wanted)
    if found is not None:
        return SideChoice("set", columns=tuple(sorted({int(number) for number in found[1].split(",")})))
    found = _AXES.fullmatch(wanted)
    if found is not None and found[1] in AXES:
        return SideChoice("axes", name=found[1])
    return default
