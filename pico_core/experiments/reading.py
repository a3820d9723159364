"""Results of an experiment from wherever they lie: a folder that may still be filling, or a table alone."""

import json
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import polars as pl

from pico_core.common.errors import RunError
from pico_core.experiments.config import BUILT_IN
from pico_core.experiments.grid import ABOUT, CELLS, RESULTS, read_about, results
from pico_core.experiments.tables import CELL, LARGEST, read_table
from pico_core.experiments.writing import recorded_toml
from pico_core.method.config import StudyConfig

BUILT_IN_RESULT: Final = BUILT_IN / "demo.parquet"
QUIET: Final = 120.0  # seconds without a new cell before an experiment counts as stopped
LONGEST: Final = 1_000_000  # bytes of a file of settings

State = Literal["finished", "going", "stopped"]


@dataclass(frozen=True)
class Reached:
    """How far the experiment of a folder is.

    Attributes:
        done: Cells on the disk.
        total: Cells of its plan.
        state: "going" as long as cells arrive.
        seconds_left: From the pace of the cells since it was started last; None before there is one.
    """

    done: int
    total: int
    state: State
    seconds_left: float | None = None

    @property
    def sentence(self) -> str:
        """How far, and how long still.

        >>> Reached(30, 120, "going", 200.0).sentence
        '30 of 120 cells, about 3 min left'
        """
        cells = f"{self.done:,} of {self.total:,} cells"
        if self.state == "finished":
            return f"All {self.total:,} cells are there"
        if self.state == "stopped":
            return f"{cells}, and none has come for a while: the same command goes on where it was"
        if self.seconds_left is None:
            return cells
        left = self.seconds_left
        return f"{cells}, about {f'{left:.0f} s' if left < 120 else f'{left / 60:.0f} min'} left"


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of an experiment.

    Attributes:
        name: Its own.
        sentence: What it asks; empty where only the table is there.
        table: One row per finished cell; see `cells.CellRow`.
        toml: The file that does it again; empty where nobody kept it.
        reached: How far it is; None of a table alone.
    """

    name: str
    sentence: str
    table: pl.DataFrame
    toml: str
    reached: Reached | None

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets in the order of the table."""
        return tuple(self.table["dataset"].unique(maintain_order=True).to_list())


def read_outcome(path: Path | str) -> Outcome:
    """Read the folder that `pico-lens experiment` writes, or a table of results.

    Raises:
        RunError: nothing there, or something else; says what was expected.
    """
    path = Path(path)
    if not path.is_dir():
        if not path.exists():
            raise RunError(f"{path.name or path}: nothing there; name the folder of an experiment or its {RESULTS}")
        table = sound(read_table(path), path.name)
        return Outcome(_name(table, path.stem), "", table, _beside(path), None)
    about, table = read_about(path), sound(results(path), path.name)
    try:
        toml = recorded_toml(about)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        toml = ""
    return Outcome(str(about["name"]), str(about.get("sentence", "")), table, toml, reached(path))


def reached(folder: Path | str) -> Reached:
    """How far the experiment of a folder is, without reading its cells.

    Raises:
        RunError: no experiment there.
    """
    folder = Path(folder)
    about = read_about(folder)
    keys = {cell["key"] for cell in about["cells"]}
    times = [file.stat().st_mtime for file in (folder / CELLS).glob("*.parquet") if file.stem in keys]
    total, done = len(about["cells"]), sum((folder / CELLS / f"{c['key']}.parquet").exists() for c in about["cells"])
    if done >= total:
        return Reached(done, total, "finished")
    began = _moment(about.get("started"), (folder / ABOUT).stat().st_mtime)
    fresh = [moment for moment in times if moment >= began]
    pace = (max(fresh) - began) / len(fresh) if fresh else None
    quiet = time.time() - max([began, *fresh])
    if quiet > max(QUIET, 5 * (pace or 0.0)):
        return Reached(done, total, "stopped")
    return Reached(done, total, "going", None if pace is None else pace * (total - done))


def sound(table: pl.DataFrame, name: str) -> pl.DataFrame:
    """The table, if every row can be reckoned with: a file may come from anywhere.

    Args:
        table: With the columns of `cells.CellRow`.
        name: Of its file, for the complaint.

    Raises:
        RunError: a row that no experiment writes.
    """
    numbers = pl.col("rsum", "difference", "low", "high")
    checks = {
        "the same cell twice": pl.struct(CELL).is_duplicated(),
        "a cell without a name": pl.any_horizontal(pl.col(*CELL, "digest", "label", "family", "settings").is_null()),
        "a baseline or a time that is no number": pl.any_horizontal(~_sized(pl.col("baseline", "seconds"))),
        "a number that is none": pl.any_horizontal(~_sized(numbers)),
        "a result without its interval": pl.col("rsum").is_not_null() & pl.any_horizontal(numbers.is_null()),
        "a split without images": (pl.col("n_images") < 1) | (pl.col("n_train") < 1),
        "gains without their weights": pl.col("gains").list.len() != pl.col("feedback_weights").list.len(),
    }
    for words, wrong in checks.items():
        if table.select(wrong.fill_null(False).any()).item():
            raise RunError(f"{name}: holds {words}; run the experiment again")
    for settings in table["settings"].unique():
        try:
            StudyConfig.from_dict(json.loads(settings))
        except (ValueError, TypeError, AttributeError, RecursionError):
            raise RunError(f"{name}: holds settings that this version does not know; run it again") from None
    return table


def _sized(numbers: pl.Expr) -> pl.Expr:
    return numbers.is_finite() & (numbers.abs() <= LARGEST)


def _name(table: pl.DataFrame, otherwise: str) -> str:
    return otherwise if table.is_empty() else str(table["experiment"][0] or otherwise)


def _beside(path: Path) -> str:
    """The file of settings that lies beside a table under the same name."""
    file = path.with_suffix(".toml")
    try:
        return file.read_text(encoding="utf-8") if file.stat().st_size <= LONGEST else ""
    except (OSError, UnicodeDecodeError):
        return ""


def _moment(text: object, otherwise: float) -> float:
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return otherwise
