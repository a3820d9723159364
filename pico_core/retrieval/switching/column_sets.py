"""A named set of columns: written as people write it, kept as a file, refused where it would mean other columns."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pico_core.common.errors import DataError
from pico_core.method.bases import BASES
from pico_core.method.config import StudyConfig

FORMAT = "pico-lens column set 1"
FIELDS = ("format", "name", "columns", "axes", "dataset", "n_columns")
MAX_BYTES = 1_000_000  # a file of a million columns' worth of digits is no set that a person chose
MAX_LETTERS = 20_000  # of a typed list
MAX_NAME = 80
MAX_COLUMNS = 100_000  # d of the widest encoder, many times over
_PART = re.compile(r"([0-9]{1,9})(?:\s*[-–]\s*([0-9]{1,9}))?")


@dataclass(frozen=True)
class ColumnSet:
    """Some columns of one dataset, read in one basis.

    Attributes:
        name: What people call it.
        columns: Sorted, each once.
        axes: Which axes the numbers count (see `axes_name`).
        dataset: Content digest of the dataset.
        n_columns: d.

    >>> ColumnSet("two", (1, 3), "given", "0123456789abcdef", 4).text
    '1, 3'
    """

    name: str
    columns: tuple[int, ...]
    axes: str
    dataset: str
    n_columns: int

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= MAX_NAME or not self.name.isprintable() or self.name != self.name.strip():
            raise DataError(
                f"a column set needs a name of 1 to {MAX_NAME} printable letters; {self.name[:90]!r} is none"
            )
        if not self.columns:
            raise DataError("a column set needs at least one column; choose one")
        if not 1 <= self.n_columns <= MAX_COLUMNS:
            raise DataError(f"n_columns is {self.n_columns}; expected 1 to {MAX_COLUMNS}")
        _check_range(self.columns, self.n_columns)
        object.__setattr__(self, "columns", tuple(sorted(set(self.columns))))

    @property
    def text(self) -> str:
        """The columns as one types them."""
        return columns_text(self.columns)

    def to_json(self) -> str:
        """The set as a file; the inverse of `from_json`."""
        values = (FORMAT, self.name, list(self.columns), self.axes, self.dataset, self.n_columns)
        return json.dumps(dict(zip(FIELDS, values, strict=True)), ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, data: bytes) -> "ColumnSet":
        """Read what `to_json` wrote.

        Raises:
            DataError: too large, no JSON, unknown or missing entries, wrong kinds, columns out of range.
        """
        if len(data) > MAX_BYTES:
            raise DataError(f"the file has {len(data):,} bytes; a column set has at most {MAX_BYTES:,}")
        try:
            record: Any = json.loads(data.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DataError(f"the file is no JSON ({str(error)[:120]}); download the set again") from None
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise DataError(f"the file is no column set; expected a JSON object whose format is {FORMAT!r}")
        odd = sorted(str(key)[:40] for key in set(record) ^ set(FIELDS))
        if odd:
            what = "is unknown" if odd[0] in record else "is missing"
            raise DataError(f"column set: the entry {odd[0]!r} {what}; the entries are {', '.join(FIELDS)}")
        for key in ("name", "axes", "dataset"):
            if not isinstance(record[key], str):
                raise DataError(f"column set: {key} is no text")
        columns = record["columns"]
        if not isinstance(columns, list) or not all(type(c) is int for c in columns):  # True is an int to Python
            raise DataError("column set: columns is no list of whole numbers")
        if type(record["n_columns"]) is not int:
            raise DataError("column set: n_columns is no whole number")
        basis, of, fitted = record["axes"].partition(" axes of ")  # such as "cross axes of seed 0, fit share 0.45"
        axes = f"{BASES.current_name(basis)}{of}{fitted}"
        return cls(record["name"], tuple(columns), axes, record["dataset"], record["n_columns"])

    def check_belongs(self, *, axes: str, dataset: str, n_columns: int) -> None:
        """Refuse a set whose numbers would name other columns here.

        Raises:
            DataError: of another dataset, or counted in other axes. The message says the mend.
        """
        if self.dataset != dataset or self.n_columns != n_columns:
            raise DataError(
                f"the set {self.name!r} is of another dataset (digest {self.dataset[:16]}, {self.n_columns} columns; "
                f"open here: {dataset}, {n_columns} columns); open that dataset, or type the numbers to use them here"
            )
        if self.axes != axes:
            raise DataError(
                f"the set {self.name!r} counts {self.axes[:80]}, the columns here are {axes}; choose that basis "
                "and seed in the settings"
            )


def axes_name(config: StudyConfig) -> str:
    """Which axes column numbers count: the given columns, or axes fitted on the fit split of a seed.

    >>> axes_name(StudyConfig()), axes_name(StudyConfig(basis="cross"))
    ('given columns', 'cross axes of seed 0, fit share 0.45')
    """
    if config.basis == "given":
        return "given columns"
    shrunk = f", shrinkage {config.shrinkage:g}" if config.shrinkage and BASES[config.basis].takes_shrinkage else ""
    return f"{config.basis} axes of seed {config.seed}, fit share {config.fit:g}{shrunk}"


def parse_columns(text: str, n_columns: int) -> tuple[int, ...]:
    """Read columns as people write them: numbers and ranges, by commas or spaces.

    Args:
        text: Such as "3, 7, 12-15".
        n_columns: d; columns run from 0 to d - 1.

    Raises:
        DataError: not such a list, or a column that does not exist. Nothing at all is the empty set.

    >>> parse_columns("7, 3 12-14", 20)
    (3, 7, 12, 13, 14)
    """
    if len(text) > MAX_LETTERS:
        raise DataError(f"the list of columns has {len(text):,} letters; at most {MAX_LETTERS:,} are read")
    chosen: set[int] = set()
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*([-–])\s*", r"\1", text.strip()))):
        match = _PART.fullmatch(part)
        if match is None:
            raise DataError(f"{part[:40]!r} is no column; write numbers and ranges such as 3, 7, 12-15")
        first, last = int(match[1]), int(match[2] or match[1])
        _check_range((first, last), n_columns)
        if first > last:
            raise DataError(f"the range {part} runs backwards; write {last}-{first}")
        chosen.update(range(first, last + 1))
    return tuple(sorted(chosen))


def columns_text(columns: Iterable[int]) -> str:
    """Columns as people write them, runs of three and more as ranges; the inverse of `parse_columns`.

    >>> columns_text((3, 7, 12, 13, 14))
    '3, 7, 12-14'
    """
    runs: list[list[int]] = []
    for column in sorted(set(columns)):
        if runs and column == runs[-1][-1] + 1:
            runs[-1].append(column)
        else:
            runs.append([column])
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(map(str, run)) for run in runs)


def _check_range(columns: tuple[int, ...], n_columns: int) -> None:
    wrong = [column for column in columns if not 0 <= column < n_columns]
    if wrong:
        raise DataError(f"there is no column {wrong[0]}; columns run from 0 to {n_columns - 1}")
