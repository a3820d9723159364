"""A single NumPy array: images in one file, texts in another."""

from pathlib import Path

import numpy as np

from pico_core.formats.format import Format, NamedArrays, Values, first_bytes, numpy_values
from pico_core.storage.headers import check_total, npy_header


def _inspect(path: Path) -> NamedArrays:
    with path.open("rb") as stream:
        header = npy_header(stream.read, name=path.stem, size=path.stat().st_size)

    def load(_name: str) -> Values:
        with path.open("rb") as stream:
            return numpy_values(np.lib.format.read_array(stream, allow_pickle=False))

    return NamedArrays(path, check_total((header,)), load)


NPY = Format(
    name="npy",
    title="NumPy array",
    sentence="One array per file, as np.save writes it: one file of images and one of texts.",
    suffixes=(".npy",),
    sniff=lambda path: first_bytes(path, 6) == b"\x93NUMPY",
    inspect=_inspect,
    one_array=True,
)
