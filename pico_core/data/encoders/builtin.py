"""The encoder that comes with the project."""

from pathlib import Path

BUILTIN = Path(__file__).resolve().parents[3] / "assets" / "scenes" / "shortcut" / "encoder.safetensors"


def builtin_encoder() -> Path | None:
    """The file of the small encoder that comes with the project; None where it was not brought along."""
    return BUILTIN if BUILTIN.is_file() else None
