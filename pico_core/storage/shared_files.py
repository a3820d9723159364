"""Whether two machines see the same file under one path, from its size and its ends."""

import hashlib
import os
from functools import lru_cache
from pathlib import Path

END_BYTES = 2**18  # looked at: the header, which tells all shapes, and the last array


def file_mark(path: Path) -> str:
    """16 hex digits over the size, the first and the last bytes; read again when the file changes.

    >>> file_mark(Path(__file__)) == file_mark(Path(__file__).resolve())
    True
    """
    found = path.stat()
    return _mark(path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=16)
def _mark(path: Path, size: int, _changed: int) -> str:
    told = hashlib.sha256(str(size).encode())
    with path.open("rb") as stream:
        told.update(stream.read(END_BYTES))
        stream.seek(-min(END_BYTES, size), os.SEEK_END)
        told.update(stream.read())
    return told.hexdigest()[:16]
