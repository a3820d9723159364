"""Pictures of items, small enough for a list."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import streamlit as st
from PIL import Image


@st.cache_data(max_entries=2000, show_spinner=False)
def _thumbnail(path: str, size: int, changed: float) -> str:
    with Image.open(path) as picture:
        small = picture.convert("RGB")
        small.thumbnail((size, size))
        held = BytesIO()
        small.save(held, format="JPEG", quality=82)
    return f"data:image/jpeg;base64,{b64encode(held.getvalue()).decode()}"


def thumbnail(path: str | None, *, size: int = 96) -> str | None:
    """A small picture as a data address; None where there is no picture that can be read."""
    if path is None or not Path(path).is_file():
        return None
    try:
        return _thumbnail(path, size, Path(path).stat().st_mtime)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
