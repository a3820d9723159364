"""The encoder that comes with the project."""

from pathlib import Path

from pico_core.places import ASSETS

BUILTIN = ASSETS / "scenes" / "shortcut" / "encoder.safetensors"


def builtin_encoder() -> Path | None:
    """The file of the small encoder that comes with the project; None where it was not brought along."""
    return BUILTIN if BUILTIN.is_file() else None
