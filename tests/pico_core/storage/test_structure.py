"""Records from JSON that anybody may have changed: each field is of the type that it declares, or refused by name."""

from dataclasses import dataclass
from typing import Literal

import pytest

from pico_core.common.errors import DataError
from pico_core.storage.structure import structure


@dataclass(frozen=True)
class Inner:
    n: int


@dataclass(frozen=True)
class Outer:
    kind: Literal["image", "text"]
    share: float = 1.0
    inner: Inner | None = None
    sizes: tuple[int, ...] = ()


def test_every_kind_of_field_is_taken():
    found = structure(Outer, {"kind": "text", "share": 2, "inner": {"n": 3}, "sizes": [1, 2]})
    assert found == Outer("text", 2.0, Inner(3), (1, 2))
    assert structure(Outer, {"kind": "image", "inner": None}) == Outer("image")


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"kind": "sound"}, "kind"),
        ({"kind": "text", "share": "2"}, "share"),
        ({"kind": "text", "share": float("nan")}, "share"),
        ({"kind": "text", "inner": {"n": 1.5}}, "n"),
        ({"kind": "text", "inner": {}}, "n"),
        ({"kind": "text", "sizes": [1, "2"]}, "sizes"),
        ({"kind": "text", "size": 1}, "size"),
        ({}, "kind"),
        ([], "it"),
    ],
)
def test_what_is_of_another_kind_is_refused_by_name(values, name):
    with pytest.raises(DataError, match=rf"\b{name}\b"):
        structure(Outer, values)
