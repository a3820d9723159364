"""Frozen records from JSON that anybody may have changed: every field is of the type that it declares, or refused."""

import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pico_core.common.errors import DataError

Record = TypeVar("Record")


def structure(kind: type[Record], values: object, name: str = "") -> Record:
    """A frozen dataclass from the plain values of JSON; records inside it are filled in the same way.

    Args:
        kind: The dataclass. Its fields are flags, numbers, texts, choices, tuples of these, mappings, or such records.
        values: What JSON holds.
        name: What the record is called in the complaint.

    Raises:
        DataError: a field is missing, unknown, of another type, or a number that is not finite.

    >>> from pico_core.data.samples import Sample
    >>> structure(Sample, {"n": 2, "of": 5})
    Sample(n=2, of=5)
    >>> structure(Sample, {"n": "2", "of": 5})
    Traceback (most recent call last):
    pico_core.common.errors.DataError: n is '2'; expected int
    """
    if not isinstance(values, Mapping):
        raise DataError(f"{name or 'it'} is {values!r:.60}; expected an object")
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    odd = sorted(str(key) for key in values if key not in known)
    if odd:
        raise DataError(f"{_inner(name, odd[0])} is unknown; expected {', '.join(known)}")
    needed = [field.name for field in known.values() if field.default is MISSING and field.default_factory is MISSING]
    missing = [entry for entry in needed if entry not in values]
    if missing:
        raise DataError(f"{_inner(name, missing[0])} is missing")
    hints = get_type_hints(kind)
    return kind(**{entry: structure_value(hints[entry], value, _inner(name, entry)) for entry, value in values.items()})


def structure_value(kind: Any, value: Any, name: str) -> Any:
    """A plain value of a type; lists become tuples and objects records, where the type says so.

    Raises:
        DataError: it is none.

    >>> structure_value(tuple[float, ...], [1, 2.5], "x")
    (1.0, 2.5)
    """
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        needed = next(part for part in parts if part is not NoneType)
        return None if value is None else structure_value(needed, value, name)
    if origin is tuple and isinstance(value, list | tuple):
        return _elements(parts, value, name)
    if is_dataclass(kind):
        return structure(kind, value, name)  # type: ignore[arg-type]
    if kind is float and type(value) in (int, float) and abs(value) <= sys.float_info.max:  # False for nan
        return float(value)
    plain = (
        (origin is Literal and value in parts)
        or (origin is dict and isinstance(value, dict))
        or (kind in (int, bool, str) and type(value) is kind)
    )
    if not plain:
        expected = ", ".join(map(repr, parts)) if origin is Literal else getattr(kind, "__name__", str(kind))
        raise DataError(f"{name} is {value!r:.60}; expected {expected}")
    return value


def _elements(kinds: tuple[Any, ...], values: list[Any] | tuple[Any, ...], name: str) -> tuple[Any, ...]:
    if kinds[1:] == (...,):
        if kinds[0] in (int, bool, str) and {*map(type, values)} <= {kinds[0]}:
            return tuple(values)  # hundreds of thousands of ranks
        kinds = (kinds[0],) * len(values)
    if len(kinds) != len(values):
        raise DataError(f"{name} holds {len(values)} values; expected {len(kinds)}")
    return tuple(structure_value(kind, value, name) for kind, value in zip(kinds, values, strict=True))


def _inner(name: str, field: str) -> str:
    return f"{name}.{field}" if name else field
