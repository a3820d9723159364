"""Tables of metadata beside the arrays: captions, names, pictures, pairing and labels."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.formats.roles import NAMES, canonical
from pico_core.storage.headers import check_file, reading
from pico_core.storage.parquet import check_letters, read_parquet

TABLE_EXTENSIONS = (".parquet", ".csv", ".tsv")
IMAGE_NAMES = ("image_id", "image", "image_name", "image_file", "filename", "file_name")


@dataclass(frozen=True, eq=False)
class Table:
    """A table of metadata.

    Attributes:
        path: Its file.
        frame: Its columns of text, numbers and flags; others are left out.
    """

    path: Path
    frame: pl.DataFrame

    def column(self, role: str) -> str | None:
        """The column that plays a role, by the same names as arrays."""
        return self._first((role, *NAMES[role]))

    def image_name_column(self) -> str | None:
        """The column of a table of texts that names the image of each."""
        return self._first(IMAGE_NAMES)

    def strings(self, role: str) -> list[str] | None:
        """The values of a role as text, "" where a row has none; None where no row has one."""
        name = self.column(role)
        if name is None or self.frame[name].null_count() == self.frame.height:
            return None
        column = self.frame[name].cast(pl.String)
        if role == "ids" and column.null_count():
            row = column.is_null().arg_max()
            raise DataError(f"{self.path.name}: column {name!r} is empty in row {row}; every image needs an id")
        return column.fill_null("").to_list()

    def labels(self, *roles: str) -> pl.DataFrame:
        """Every column that plays none of these roles and has no name that the dataset uses itself."""
        used = {self.column(role) for role in roles} | {"id", "path", "caption"}
        return self.frame.select([name for name in self.frame.columns if name not in used])

    def _first(self, names: tuple[str, ...]) -> str | None:
        known = {canonical(column): column for column in reversed(self.frame.columns)}
        return next((known[name] for name in names if name in known), None)


def read_table(path: Path, *, rows: int | None, of: str) -> Table:
    """Read a .parquet, .csv or .tsv table with one row per item.

    Args:
        path: The file.
        rows: How many rows it must have; None = any number.
        of: "images" or "texts", for the message.

    Raises:
        DataError: unreadable, or another number of rows.
    """
    check_file(path, TABLE_EXTENSIONS)
    with reading(path, path.suffix.lower()[1:]):
        if path.suffix.lower() != ".parquet":
            separator = "\t" if path.suffix.lower() == ".tsv" else ","
            frame = _guess_types(pl.read_csv(path, separator=separator, infer_schema=False, glob=False))
        else:
            frame = read_parquet(path, rows=rows, of=of)
        if rows is not None and frame.height != rows:
            raise DataError(
                f"the table has {frame.height} rows, but there are {rows} {of}; one row each is needed, in order"
            )
        plain = frame.select([column for column in map(_plain, frame.iter_columns()) if column is not None])
        check_letters(plain)
        return Table(path, plain)


def _plain(column: pl.Series) -> pl.Series | None:
    kind = column.dtype
    if kind.is_numeric() or kind in (pl.String, pl.Boolean):
        return column
    return column.cast(pl.String) if kind.is_temporal() or kind in (pl.Categorical, pl.Enum, pl.Null) else None


def _guess_types(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of numbers as numbers, but only where nothing is lost: "007" stays a name."""
    return frame.with_columns([_guess_type(column) for column in frame.iter_columns()])


def _guess_type(column: pl.Series) -> pl.Series:
    if column.null_count() == len(column):
        return column
    whole = column.cast(pl.Int64, strict=False)
    if whole.cast(pl.String).equals(column, null_equal=True):
        return whole
    real = column.cast(pl.Float64, strict=False)
    named = column.str.contains(r"^-?0\d").any()
    return column if named or real.null_count() > column.null_count() else real


def owners_from_table(texts: Table, ids: list[str]) -> Tensor | None:
    """The image of each text by the table's image_index, or by the names of images; None if it has neither.

    Raises:
        DataError: an index that is not a number, or a name that no image has.
    """
    name = texts.column("image_index")
    if name is not None:
        column = texts.frame[name]
        if column.null_count() or not column.dtype.is_numeric():
            raise DataError(f"column {name!r} must hold a whole number in every row: the row of each text's image")
        return torch.from_numpy(column.cast(pl.Float64 if column.dtype.is_float() else pl.Int64).to_numpy().copy())
    name = texts.image_name_column()
    if name is None:
        return None
    number_of = {image: number for number, image in enumerate(ids)}
    if len(number_of) != len(ids):
        raise DataError("two images have the same id, so texts cannot be paired by name; give image_index instead")
    owners = [number_of.get(value, -1) for value in texts.frame[name].cast(pl.String).to_list()]
    if -1 in owners:
        row = owners.index(-1)
        raise DataError(
            f"column {name!r} names {texts.frame[name][row]!r} in row {row}, but no image has that id; "
            f"ids look like {ids[0]!r}: correct the names, or give image_index"
        )
    return torch.tensor(owners)
