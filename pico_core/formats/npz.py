"""A zip of NumPy arrays."""

import zipfile
from pathlib import Path

import numpy as np

from pico_core.formats.format import Format, NamedArrays, Values, numpy_values
from pico_core.storage.headers import check_total, npy_header, zip_members

MEMBER = ".npy"  # ends the name of an array in the archive


def _sniff(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(MEMBER) for name in archive.namelist())


def _inspect(path: Path) -> NamedArrays:
    headers, members = [], zip_members(path)
    with zipfile.ZipFile(path) as archive:
        for member in members:
            if member.filename.endswith(MEMBER):
                name = member.filename.removesuffix(MEMBER)
                with archive.open(member) as stream:
                    headers.append(npy_header(stream.read, name=name, size=member.file_size))

    def load(name: str) -> Values:
        with zipfile.ZipFile(path) as archive, archive.open(f"{name}{MEMBER}") as stream:
            values = np.lib.format.read_array(stream, allow_pickle=False)
            stream.read(1)  # at the end the archive's checksum is compared
        return numpy_values(values)

    return NamedArrays(path, check_total(tuple(headers)), load)


NPZ = Format(
    name="npz",
    title="NumPy archive",
    sentence="Arrays by name, as np.savez and np.savez_compressed write them.",
    suffixes=(".npz",),
    sniff=_sniff,
    inspect=_inspect,
)
