"""What differs between two recordings, as a list that people read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

RELATIVE, ABSOLUTE = 1e-4, 1e-6  # of numbers that count as the same
AROUND = 40  # letters shown on both sides of a change
SHOWN = 3  # numbers of one array that are shown


@dataclass(frozen=True)
class Difference:
    """One thing that is not what it was.

    Attributes:
        path: Where, from outside to inside.
        old: What it was; None where it was not there.
        new: What it is; None where it is gone.
    """

    path: tuple[str, ...]
    old: str | None
    new: str | None

    def __str__(self) -> str:
        where = " > ".join(self.path)
        if self.new is None:
            return f"{where}\n    missing: {self.old}"
        if self.old is None:
            return f"{where}\n    added:   {self.new}"
        return f"{where}\n    old: {self.old}\n    new: {self.new}"


def differences(old: Any, new: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Everything in which two values differ; numbers may differ a little.

    >>> [str(one) for one in differences({"a": 1.0, "b": [1, 2]}, {"a": 1.00001, "b": [1, 3]})]
    ['b > 1\\n    old: 2\\n    new: 3']
    """
    if _number(old) and _number(new):
        if not alike(old, new):
            yield Difference(path, _shown(old), _shown(new))
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = (*path, str(key))
            if key not in new:
                yield Difference(inner, _shown(old[key]), None)
            elif key not in old:
                yield Difference(inner, None, _shown(new[key]))
            else:
                yield from differences(old[key], new[key], inner)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, path)
    elif isinstance(old, str) and isinstance(new, str):
        if old != new:
            yield Difference(path, *_words(old, new))
    elif old != new or type(old) is not type(new):
        yield Difference(path, _shown(old), _shown(new))


def alike(old: float, new: float) -> bool:
    """Whether two numbers are the same but for rounding."""
    return abs(old - new) <= max(ABSOLUTE, RELATIVE * max(abs(old), abs(new)))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_lists(old: list[Any], new: list[Any], path: tuple[str, ...]) -> Iterator[Difference]:
    if all(map(_number, old)) and all(map(_number, new)) and len(old) == len(new):
        wrong = [index for index, (one, other) in enumerate(zip(old, new, strict=True)) if not alike(one, other)]
        for index in wrong[:SHOWN]:
            yield Difference((*path, str(index)), _shown(old[index]), _shown(new[index]))
        if len(wrong) > SHOWN:
            yield Difference((*path, f"and {len(wrong) - SHOWN} more of {len(old)} numbers"), "they differ", "too")
        return
    if len(old) == len(new) and all(_name(one) == _name(other) for one, other in zip(old, new, strict=True)):
        matched = [("equal", 0, len(old), 0, len(new))]
    else:
        names = [[_name(one) for one in side] for side in (old, new)]
        matched = SequenceMatcher(None, *names, autojunk=False).get_opcodes()
    for what, start, end, begin, stop in matched:
        if what == "equal" or end - start == stop - begin:
            for index in range(end - start):
                inner = (*path, _place(old[start + index], start + index))
                yield from differences(old[start + index], new[begin + index], inner)
            continue
        for index in range(start, end):
            yield Difference((*path, _place(old[index], index)), _shown(old[index]), None)
        for index in range(begin, stop):
            yield Difference((*path, _place(new[index], index)), None, _shown(new[index]))


def _name(value: Any) -> str:
    """What makes an entry of a list that entry: its kind and its words, without digits."""
    if isinstance(value, dict):
        value = [value.get(key) for key in ("is", "label", "body", "name", "type", "variant", "text")]
    return re.sub(r"[0-9]+", "0", json.dumps(value, sort_keys=True, ensure_ascii=False))[:400]


def _place(value: Any, index: int) -> str:
    return f"{index} {value['is']}" if isinstance(value, dict) and "is" in value else str(index)


def _words(old: str, new: str) -> tuple[str, str]:
    """Two texts, cut to where they begin and end to differ."""
    start = next((i for i, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), None)
    start = min(len(old), len(new)) if start is None else start
    most = min(len(old), len(new)) - start
    end = next((i for i in range(most) if old[-1 - i] != new[-1 - i]), most)
    return _cut(old, start, len(old) - end), _cut(new, start, len(new) - end)


def _cut(text: str, start: int, end: int) -> str:
    first, last = max(0, start - AROUND), min(len(text), end + AROUND)
    shown = text[first:last]
    if len(shown) > 400:
        shown = f"{shown[:200]} [...] {shown[-200:]}"
    return repr(("..." if first else "") + shown + ("..." if last < len(text) else ""))


def _shown(value: Any) -> str:
    told = json.dumps(value, ensure_ascii=False)
    return told if len(told) <= 300 else f"{told[:220]} [...] {told[-60:]}"
