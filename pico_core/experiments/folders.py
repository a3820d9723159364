"""Folders that fill cell by cell while they are read: who may fill one, and how its files stay whole at any moment."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl

from pico_core.common.errors import DataError, PicoError
from pico_core.storage.atomic import atomic_file, check_ours, remove_drafts
from pico_core.storage.headers import reading
from pico_core.storage.locks import exclusive_lock, lock_inside

EVERY: Final = 5.0  # seconds between two writings of the table while cells go on


@dataclass(frozen=True)
class FolderKind:
    """What a folder of cells is: an experiment, a comparison of trainings, or a list of them.

    Attributes:
        kind: The same in words, with its article.
        writer: What writes it, as a refusal calls it.
        about: The file that says what it holds.
        error: Raised where something else lies there.
        ours: Names that may lie in it before.
        fixed: Whether it is refused to everything but the very same data and settings.
    """

    kind: str
    writer: str
    about: str
    error: type[PicoError]
    ours: tuple[str, ...] = ()
    fixed: bool = False

    @contextmanager
    def filling(self, folder: Path) -> Iterator[None]:
        """Make the folder where it is missing; nobody else fills it while the block runs.

        Raises:
            PicoError: of `error`: it holds something else.
            SettingError: another process fills it.
        """
        self._make(folder)
        with exclusive_lock(lock_inside(folder), folder):
            remove_drafts(folder)
            yield

    def claim(self, folder: Path, about: Mapping[str, Any]) -> None:
        """Write down what the folder holds from now on.

        Raises:
            PicoError: it holds something else; where it is fixed, other data or settings.
        """
        self._make(folder)
        file = folder / self.about
        # What is fixed is compared, and no number that is none equals itself.
        text = json.dumps(about, indent=1, default=str, allow_nan=not self.fixed)
        if not self.fixed or not file.is_file():
            with atomic_file(file) as draft:
                draft.write_text(text, encoding="utf-8")
            return
        with reading(file, self.kind):
            held = json.loads(file.read_text(encoding="utf-8"))
        if held != json.loads(text):  # in whatever order
            raise DataError(
                f"{folder.name}: it holds trainings of other data or settings; choose another folder, or remove it"
            )

    def _make(self, folder: Path) -> None:
        if not (folder / self.about).is_file():
            mend = "choose another place"
            check_ours(folder, self.ours, kind=self.kind, writer=self.writer, mend=mend, error=self.error)
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def growing(write: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Tables that grow with the cells: written now and then while cells go on, and at the end, whatever ends it.

    Args:
        write: Writes them.

    Yields:
        What is called whenever they have grown.
    """
    written, grown = time.monotonic(), False

    def grow() -> None:
        nonlocal written, grown
        grown = True
        if time.monotonic() - written > EVERY:
            write()
            written, grown = time.monotonic(), False

    try:
        yield grow
    finally:
        if grown:
            write()


def write_table(path: Path, table: pl.DataFrame, *, level: int = 3) -> None:
    """Write a table as zstd parquet.

    Args:
        path: Its file.
        table: What to write.
        level: Of compression; tables that are kept in the repository take the highest.
    """
    with atomic_file(path) as draft:
        table.write_parquet(draft, compression_level=level)
