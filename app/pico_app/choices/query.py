"""What asks: an item of the test split, or a picture from outside."""

import re
from dataclasses import dataclass
from typing import Literal

QueryKind = Literal["image", "text"]
_QUERY = re.compile(r"(image|text)-([0-9]{1,9})")


@dataclass(frozen=True)
class Query:
    """One item of the test split."""

    kind: QueryKind
    index: int

    @property
    def key(self) -> str:
        """As an address writes it."""
        return f"{self.kind}-{self.index}"


@dataclass(frozen=True)
class Dropped:
    """A picture from outside the dataset.

    Attributes:
        name: Of its file.
        data: The bytes of the file; nobody has judged them yet.
    """

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Dropped({self.name!r}, {len(self.data)} bytes)"


def query_in_address(text: str) -> Query | None:
    """The item that a link names; None for anything that is none.

    >>> query_in_address("text-7"), query_in_address("text")
    (Query(kind='text', index=7), None)
    """
    match = _QUERY.fullmatch(text)
    return None if match is None else Query("image" if match[1] == "image" else "text", int(match[2]))
