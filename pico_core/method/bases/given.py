"""The columns as the encoder gives them."""

from typing import Final

from pico_core.method.basis import BasisSpec

GIVEN: Final = BasisSpec(
    name="given",
    title="columns as given",
    sentence="The encoder's own columns, as in the paper.",
    source="the paper's",
    axes=lambda _pairs, _options: None,
)
