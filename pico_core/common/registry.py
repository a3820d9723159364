"""Named members of one kind, in one order: bases, schemes, formats, instruments.

A member is one file, and one line in the list of its registry.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar, runtime_checkable

from pico_core.common.errors import SettingError


@runtime_checkable
class Named(Protocol):
    """What a registry holds."""

    @property
    def name(self) -> str:
        """Short and stable: it stands in files, links and commands."""


Member = TypeVar("Member", bound=Named)


class Registry(Generic[Member]):
    """Members by name, in the order in which they are listed.

    Args:
        kind: What a member is called in messages, in the singular.
        members: All of them.
        old_names: Names that files and links of earlier versions hold, and what they are called now.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Basis:
    ...     name: str
    >>> bases = Registry("basis", (Basis("given"), Basis("labels")), old_names={"probe": "labels"})
    >>> bases.names, bases["probe"].name, "probe" in bases
    (('given', 'labels'), 'labels', True)
    >>> bases["pca"]
    Traceback (most recent call last):
    pico_core.common.errors.SettingError: there is no basis 'pca'; choose one of given, labels
    """

    def __init__(self, kind: str, members: tuple[Member, ...], *, old_names: Mapping[str, str] | None = None) -> None:
        self.kind = kind
        self._members = {member.name: member for member in members}
        self._old_names = dict(old_names or {})
        if len(self._members) < len(members) or self._old_names.keys() & self._members.keys():
            raise ValueError(f"two members of one name: a {kind} needs a name of its own")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of today, in order."""
        return tuple(self._members)

    def current_name(self, name: str) -> str:
        """What a name, perhaps of an earlier version, is today; unknown names stay as they are."""
        return self._old_names.get(name, name)

    def __getitem__(self, name: str) -> Member:
        """The member of a name, old or new.

        Raises:
            SettingError: there is none; the message lists them.
        """
        try:
            return self._members[self.current_name(name)]
        except KeyError:
            raise SettingError(f"there is no {self.kind} {name!r}; choose one of {', '.join(self.names)}") from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.current_name(name) in self._members

    def __iter__(self) -> Iterator[Member]:
        return iter(tuple(self._members.values()))

    def __len__(self) -> int:
        return len(self._members)

    @property
    def old_names(self) -> Mapping[str, str]:
        """Names of earlier versions, and what they are today."""
        return self._old_names

    def first_name(self, name: str) -> str:
        """What a name of today was called at first: keys of files are made of it, so that they hold for ever.

        >>> from types import SimpleNamespace
        >>> Registry("basis", (SimpleNamespace(name="labels"),), old_names={"probe": "labels"}).first_name("labels")
        'probe'
        """
        return next((old for old, new in self._old_names.items() if new == name), name)

    @contextmanager
    def extended(self, member: Member) -> Iterator[None]:
        """Another member while the block runs, as a plug-in or a test brings it.

        >>> from types import SimpleNamespace
        >>> bases = Registry("basis", (SimpleNamespace(name="given"),))
        >>> with bases.extended(SimpleNamespace(name="toy")):
        ...     bases.names
        ('given', 'toy')
        >>> bases.names
        ('given',)
        """
        if member.name in self:
            raise ValueError(f"there is a {self.kind} {member.name!r} already")
        self._members[member.name] = member
        try:
            yield
        finally:
            del self._members[member.name]
