"""What a parquet file declares: its footer, read here, since the accessors of libraries end the process on odd ones.

The footer is one structure in Thrift's compact protocol (github.com/apache/thrift, thrift-compact-protocol.md); the
numbers of its fields are those of parquet.thrift (github.com/apache/parquet-format).
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

MAX_FOOTER: Final = 2**24  # bytes
DEEPEST: Final = 24  # structures within each other; parquet needs 7
MAGIC: Final = b"PAR1"
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 9, 10, 11, 12
_NUMBERS: Final = (4, 5, 6)  # of 16, 32 and 64 bits


@dataclass(frozen=True)
class Chunk:
    """A column of a row group.

    Attributes:
        column: Name of the column, without the fields inside it.
        n_values: Values, those in lists counted.
        unpacked: Bytes without compression.
    """

    column: bytes
    n_values: int
    unpacked: int


@dataclass(frozen=True)
class Declared:
    """Rows and chunks of a file."""

    n_rows: int
    chunks: tuple[Chunk, ...]


def read_footer(path: Path) -> Declared:
    """Read what a file declares.

    Raises:
        OSError: no parquet, or a damaged one.

    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> with TemporaryDirectory() as place:
    ...     pl.DataFrame({"a": [1, 2]}).write_parquet(Path(place) / "x.parquet")
    ...     declared = read_footer(Path(place) / "x.parquet")
    >>> declared.n_rows, declared.chunks[0].column, declared.chunks[0].n_values
    (2, b'a', 2)
    """
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - 8))
        end = file.read(8)
        length = int.from_bytes(end[:4], "little")
        if end[4:] != MAGIC or length > min(size - 12, MAX_FOOTER):
            raise OSError("it has no footer of a parquet file")
        file.seek(size - 8 - length)
        content = file.read(length)
    try:
        footer = _Reader(content).structure(0)
        columns = (column[3] for group in footer[4] for column in group[1])
        declared = Declared(footer[3], tuple(Chunk(bytes(about[3][0]), about[5], about[6]) for about in columns))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise OSError(f"its footer is damaged ({error})") from None
    numbers = (declared.n_rows, *(n for chunk in declared.chunks for n in (chunk.n_values, chunk.unpacked)))
    if not all(isinstance(n, int) and n >= 0 for n in numbers):
        raise OSError("its footer is damaged (it counts rows or bytes in no natural numbers)")
    return declared


class _Reader:
    """Values of the compact protocol, one after the other; an `IndexError` where they end too early."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def structure(self, depth: int) -> dict[int, Any]:
        """Fields by their numbers."""
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) & 15 != _STOP:
            number = number + (head >> 4) if head >> 4 else self._signed()
            kind = head & 15
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, depth)
        return fields

    def _value(self, kind: int, depth: int) -> Any:  # noqa: PLR0911  one per kind
        if depth > DEEPEST:  # a list of lists is as deep as a structure of structures
            raise ValueError("values lie too deep")
        if kind in _NUMBERS:
            return self._signed()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind == _STRUCT:
            return self.structure(depth + 1)
        if kind in (_LIST, _SET):
            head = self._byte()
            n = self._varint() if head >> 4 == 15 else head >> 4
            return [self._value(head & 15, depth + 1) for _ in range(self._possible(n))]
        if kind in (_BYTE, _TRUE, _FALSE):
            return self._byte()
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _MAP:
            n = self._possible(self._varint())
            kinds = self._byte() if n else 0
            return [(self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)) for _ in range(n)]
        raise ValueError(f"a value is of kind {kind}")

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _bytes(self, n: int) -> bytes:
        self._at += self._possible(n)
        return self._content[self._at - n : self._at]

    def _possible(self, n: int) -> int:
        if n > len(self._content) - self._at:
            raise ValueError("it ends too early")
        return n

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("a number is too long")

    def _signed(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
