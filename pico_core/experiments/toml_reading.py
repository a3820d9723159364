"""Files of settings, read: every complaint begins with the name of the file and the field, and says the mend."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pico_core.common.errors import SettingError
from pico_core.demo.catalogue import DEMOS

MAX_BYTES = 1_000_000
MAX_SEEDS = 10_000


def toml_values(path: Path) -> dict[str, Any]:
    """What a TOML file says.

    Raises:
        SettingError: it cannot be read, or is not TOML.
    """
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited for
            raise SettingError(f"{path.name}: is no file; name a TOML file")
        if path.stat().st_size > MAX_BYTES:
            raise SettingError(
                f"{path.name}: takes {path.stat().st_size} bytes; a file of settings has at most {MAX_BYTES}"
            )
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{path.name}: cannot be read ({error.strerror or error}); name a TOML file") from None
    except RecursionError:
        raise SettingError(f"{path.name}: is nested too deeply; settings are plain values and lists of them") from None
    except SettingError:
        raise
    except ValueError as error:  # no TOML, no UTF-8, or a number of thousands of digits
        raise SettingError(f"{path.name}: is not TOML ({error}); correct it there") from None


Changed = TypeVar("Changed")


class TomlReader:
    """Opens one file, and reads the fields that experiments and lists of trainings have in common.

    Attributes:
        path: Of the file.
        values: What it says.

    Raises:
        SettingError: it cannot be read, or is not TOML.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.values = toml_values(self.path)

    def wrong(self, field: str, value: object, expected: str) -> SettingError:
        """The complaint about a value."""
        return SettingError(f"{self.path.name}: {field} is {value!r}; expected {expected}")

    def known(self, field: str, values: Mapping[str, Any], keys: tuple[str, ...]) -> None:
        """Refuse keys that mean nothing."""
        for name in values:
            if name not in keys:
                key = f"{field}.{name}" if field else name
                raise SettingError(f"{self.path.name}: {key} is unknown; the keys are {', '.join(keys)}: correct it")

    @contextmanager
    def at(self, field: str) -> Iterator[None]:
        """Complaints within the block begin with the name of the file and this field."""
        try:
            yield
        except SettingError as error:
            raise SettingError(f"{self.path.name}: {field}: {error}") from None

    def settings_of(
        self, change: Callable[[dict[str, Any]], Changed], field: str, table: object, *, decided: Mapping[str, str]
    ) -> Changed:
        """Settings with those of a table changed.

        Args:
            change: Settings by name to the changed settings; texts are parsed.
            field: Where the table stands.
            table: The table.
            decided: Settings that are decided elsewhere, and where.
        """
        if not isinstance(table, dict):
            raise self.wrong(field, table, "a table of settings, such as { basis = 'cross' }")
        for name, instead in decided.items():
            if name in table:
                raise SettingError(f"{self.path.name}: {field}.{name} cannot be set here; use {instead} instead")
        with self.at(field):
            return change({name: typed(value) for name, value in table.items()})

    def text(self, field: str, values: Mapping[str, Any]) -> str:
        """Some text that has to be there."""
        value = values.get(field)
        if not isinstance(value, str) or not value.strip():
            raise self.wrong(field, value, f'some text: write {field} = "..."')
        return value.strip()

    def names(self, field: str, value: object, expected: str) -> list[str]:
        """A list of names, at least one."""
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value) or not value:
            raise self.wrong(field, value, expected)
        return value

    def tables(self, key: str) -> list[tuple[str, object]]:
        """The tables of this key, at least one, each with what a complaint calls it."""
        tables = self.values.get(key)
        if not isinstance(tables, list) or not tables:
            raise self.wrong(key, tables, f"at least one: write a [[{key}]] table with data = '...'")
        return [(f"{key}[{index}]", values) for index, values in enumerate(tables)]

    def named_apart(self, kind: str, names: list[str], *, marks: list[str] | None = None, but: str = "") -> None:
        """Refuse two of the same name.

        Args:
            kind: What they are.
            names: Of all of them.
            marks: What has to differ, where that is not the name.
            but: What does not tell names apart, in words.
        """
        marks = marks or names
        twice = [name for name, mark in zip(names, marks, strict=True) if marks.count(mark) > 1]
        if twice:
            raise SettingError(
                f"{self.path.name}: two {kind} are called {twice[0]!r}{but}; give one of them a name = '...' of its own"
            )

    def seeds(self, value: object) -> tuple[int, ...]:
        """How many seeds from 0 on, or which."""
        mend = (
            f"a number of seeds of at least 1 and at most {MAX_SEEDS}, or a list of different ones: write seeds = 5 or "
            "seeds = [0, 1, 2]"
        )
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_SEEDS:
            return tuple(range(value))
        if not isinstance(value, list) or not value or not all(type(seed) is int for seed in value):
            raise self.wrong("seeds", value, mend)
        if len(set(value)) < len(value) or not all(0 <= seed < 2**32 for seed in value):
            raise self.wrong("seeds", value, mend)
        return tuple(value)

    def data(self, field: str, value: object) -> tuple[str, Path | None]:
        """A dataset as it was written, and where it lies; None for a built-in demo."""
        built_in = [demo.name for demo in DEMOS]
        if isinstance(value, str) and value in built_in:
            return value, None
        if not isinstance(value, str) or not value or not _exists(self.path.parent / value):
            raise self.wrong(field, value, f"one of {', '.join(built_in)}, or a path relative to this file")
        return value, self.path.parent / value


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # too long a name, or one that no file can have
        return False


def typed(value: object) -> str:
    """A value as it would be typed: 4.0 and 4 are the same setting.

    >>> typed(4.0), typed([0.25, 1]), typed("cross")
    ('4', '0.25,1', 'cross')
    """
    if isinstance(value, list):
        return ",".join(typed(element) for element in value)
    if isinstance(value, float):
        return f"{value:.12g}"
    return str(value)
