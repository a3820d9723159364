"""Which switch a reader asks for: plain choices, as an address writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from pico_core.retrieval.switching.setting import SwitchSetting

Which = Literal["column", "lowest", "image-cluster", "text-cluster", "own"]
Base = Literal["unweighted", "weighted"]
WHICH: tuple[Which, ...] = get_args(Which)
SETTINGS: tuple[SwitchSetting, ...] = get_args(SwitchSetting)
BASES: tuple[Base, ...] = get_args(Base)
MOST = 9999  # of "the n lowest"; the page bounds it by the number of columns
STEPS = 50  # that undo remembers
_LIST = re.compile(r"[0-9]{1,6}(-[0-9]{1,6})?(,[0-9]{1,6}(-[0-9]{1,6})?)*")
_LOWEST = re.compile(r"lowest-([0-9]{1,4})")
LONGEST = 2000  # letters of a list in an address


@dataclass(frozen=True)
class Switching:
    """One choice of the column switch.

    Attributes:
        which: Where the columns come from: the column looked at, the lowest by probability, the cluster
            of its prototype on either side, or the reader's own list.
        lowest: How many of the lowest.
        typed: The reader's own list, as it was typed.
        name: What the own list is called, if it has a name.
        setting: What the columns are set to.
        base: What everything is compared with.
    """

    which: Which = "column"
    lowest: int = 10
    typed: str = ""
    name: str = ""
    setting: SwitchSetting = "off"
    base: Base = "unweighted"

    @property
    def address(self) -> dict[str, str | None]:
        """Query parameters of a link to this choice; None for what need not be said.

        >>> Switching("own", typed="3, 7, 12 - 15", setting="mean").address
        {'set': '3,7,12-15', 'to': 'mean', 'base': None}
        """
        listed = re.sub(r"\s*-\s*", "-", self.typed.strip())
        listed = re.sub(r"[,;\s]+", ",", listed).strip(",")
        own = listed if _LIST.fullmatch(listed) and len(listed) <= LONGEST else None
        named: dict[Which, str | None] = {"column": None, "lowest": f"lowest-{self.lowest}", "own": own}
        return {
            "set": named.get(self.which, self.which),
            "to": None if self.setting == "off" else self.setting,
            "base": None if self.base == "unweighted" else self.base,
        }


def from_address(values: Mapping[str, str]) -> Switching:
    """What a link asks for; anything that is no such choice is dropped without a word.

    >>> from_address({"set": "lowest-5", "to": "nonsense"})
    Switching(which='lowest', lowest=5, typed='', name='', setting='off', base='unweighted')
    """
    choice, wanted = Switching(), values.get("set", "")
    number = _LOWEST.fullmatch(wanted)
    if number is not None and int(number[1]) > 0:
        choice = replace(choice, which="lowest", lowest=int(number[1]))
    elif wanted in ("image-cluster", "text-cluster"):
        choice = replace(choice, which="image-cluster" if wanted == "image-cluster" else "text-cluster")
    elif len(wanted) <= LONGEST and _LIST.fullmatch(wanted):
        choice = replace(choice, which="own", typed=wanted.replace(",", ", "))
    setting: SwitchSetting = next((name for name in SETTINGS if name == values.get("to")), "off")
    base: Base = next((name for name in BASES if name == values.get("base")), "unweighted")
    return replace(choice, setting=setting, base=base)
