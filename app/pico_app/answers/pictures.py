"""Pictures of items, small enough for a list."""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

from PIL import Image

from pico_app.server.answer import answer
from pico_app.server.places import is_open
from pico_app.workspace import Dataset
from pico_core.encoders.pictures import read_picture


@answer(entries=2000, max_bytes=64_000_000)
def _thumbnail(path: str, size: int, changed: float) -> str:
    return data_address(read_picture(Path(path)), size=size)


def data_address(picture: Image.Image, *, size: int) -> str:
    """A picture made small, as an address that holds it whole."""
    scale = size / max(picture.size)
    width, height = (max(1, round(scale * side)) for side in picture.size)  # a very narrow one keeps a line
    small = picture.resize((width, height), Image.Resampling.LANCZOS)
    held = BytesIO()
    small.save(held, format="JPEG", quality=82)
    return f"data:image/jpeg;base64,{b64encode(held.getvalue()).decode()}"


def thumbnail(dataset: Dataset, path: str | None, *, size: int = 96) -> str | None:
    """A small picture as a data address; None where there is no picture that can be read.

    A relative path is looked for beside the dataset's tables; one that leads out of the folders that the app opens
    is not followed, whoever wrote the dataset.
    """
    if path is None:
        return None
    file = Path(path) if dataset.folder is None else dataset.folder / path
    if not is_open(file):
        return None
    try:
        return _thumbnail(str(file), size, file.stat().st_mtime)
    except (OSError, ValueError):  # a picture that is refused is a DataError, which is a ValueError
        return None
