"""Numbers made short: five digits, long arrays summarised, and values that stand in many places kept once."""

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np

MOST = 400  # numbers of an array that is kept whole
FIRST = 20  # numbers of a longer one that are kept
POOLED = 160  # letters of a value that is kept once
REFERENCE = "$kept"
DTYPES = {"i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"}


def short(number: float) -> float | int | str:
    """A number of five significant digits; what is no number becomes a word.

    >>> short(0.123456789), short(3), short(float("nan"))
    (0.12346, 3, 'nan')
    """
    if isinstance(number, bool | int):
        return number
    return float(f"{number:.5g}") if isfinite(number) else str(number)


def array(values: Sequence[Any] | np.ndarray) -> Any:
    """Numbers as they are kept: all of them, or a summary where there are many.

    >>> array(np.array([[1.0, 2.123456789]]))
    {'shape': [1, 2], 'values': [1.0, 2.1235]}
    """
    found = np.asarray(values)
    flat = found.ravel()
    if flat.size <= MOST:
        kept = [short(one) for one in flat.tolist()]
        return kept if found.ndim == 1 else {"shape": list(found.shape), "values": kept}
    wide = flat.astype(float)
    finite = wide[np.isfinite(wide)]
    size = {"shape": list(found.shape), "kind": found.dtype.kind, "missing": int(flat.size - finite.size)}
    if finite.size:
        told = {"min": finite.min(), "max": finite.max(), "mean": finite.mean(), "std": finite.std()}
        size |= {name: short(float(value)) for name, value in told.items()}
    return size | {"first": [short(one) for one in flat[:FIRST].tolist()]}


def compact(value: Any, scrub: Callable[[str], str] = str) -> Any:
    """JSON as it is kept.

    Args:
        value: Dictionaries, lists, text and numbers.
        scrub: Takes out of a text what differs from one run to the next.

    >>> compact({"x": {"dtype": "f8", "bdata": "AAAAAAAA8D8="}, "y": [1.23456789, "a"]})
    {'x': [1.0], 'y': [1.2346, 'a']}
    """
    if isinstance(value, dict):
        if set(value) <= {"dtype", "bdata", "shape"} and value.get("dtype") in DTYPES:
            found = np.frombuffer(base64.b64decode(value["bdata"]), dtype=value["dtype"])
            shape = [int(one) for one in str(value["shape"]).split(",")] if "shape" in value else [found.size]
            return array(found.reshape(shape))
        return {scrub(str(key)): compact(one, scrub) for key, one in value.items()}
    if isinstance(value, list | tuple):
        if value and all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
            return array(value)
        kept = [compact(one, scrub) for one in value[:MOST]]
        if len(value) <= MOST:
            return kept
        told = json.dumps([compact(one, scrub) for one in value], sort_keys=True)
        return {"n": len(value), "digest": digest(told), "first": kept[:FIRST]}
    if isinstance(value, str):
        return scrub(value)
    return value if value is None or isinstance(value, bool) else short(value)


def digest(text: str | bytes) -> str:
    """A short name of a content."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:12]


def packed(value: Any, kept: dict[str, Any]) -> Any:
    """The same with every long part kept once; `unpacked` puts them back.

    >>> kept = {}
    >>> whole = [{"a": "x" * 200}, {"a": "x" * 200}]
    >>> unpacked(packed(whole, kept), kept) == whole, len(kept)
    (True, 1)
    """
    if isinstance(value, dict):
        value = {key: packed(one, kept) for key, one in value.items()}
    elif isinstance(value, list):
        value = [packed(one, kept) for one in value]
    if not isinstance(value, dict | list | str):
        return value
    told = json.dumps(value)
    if len(told) < POOLED:
        return value
    name = digest(told)
    kept[name] = value
    return {REFERENCE: name}


def unpacked(value: Any, kept: dict[str, Any]) -> Any:
    """The inverse of `packed`."""
    if isinstance(value, dict):
        if set(value) == {REFERENCE}:
            return unpacked(kept[value[REFERENCE]], kept)
        return {key: unpacked(one, kept) for key, one in value.items()}
    return [unpacked(one, kept) for one in value] if isinstance(value, list) else value
