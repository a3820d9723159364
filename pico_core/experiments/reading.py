"""Results of experiments and trainings from wherever they lie: a folder that may still be filling, or a table alone."""

import time
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import polars as pl

from pico_core.common.errors import RunError
from pico_core.experiments.config import BUILT_IN
from pico_core.experiments.grid import ABOUT, CELLS, RESULTS, read_about, results
from pico_core.experiments.rows import CURVES, SCORED_SCHEMA, current_rows, is_trained
from pico_core.experiments.tables import ALONE, BESIDE, check_rows, read_curves, read_table
from pico_core.experiments.writing import recorded_toml

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


@dataclass(frozen=True, eq=False)
class Outcome:
    """What is known of an experiment, of trainings, or of both.

    Attributes:
        name: Its own.
        sentence: What it asks; empty where only the table is there.
        table: One row per finished cell, scored or trained; see `rows.CellRow`.
        toml: The file that does it again; empty where nobody kept it.
        reached: How far it is; None of a table alone, and of trainings.
        curves: Learning curves of its trainings; see `rows.CURVES`.
    """

    name: str
    sentence: str
    table: pl.DataFrame
    toml: str = ""
    reached: Reached | None = None
    curves: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=CURVES))

    @cached_property
    def scored(self) -> pl.DataFrame:
        """The cells of an experiment, as its own table has them."""
        return self.table.filter(~is_trained()).select(SCORED_SCHEMA.names())

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets of the experiment, in the order of the table."""
        return tuple(self.scored["dataset"].unique(maintain_order=True).to_list())

    def beside(self, trained: "Outcome | None") -> "Outcome":
        """The same with trainings that lie beside it."""
        if trained is None:
            return self
        return replace(self, table=pl.concat([self.table, trained.table]), curves=trained.curves)


def read_outcome(path: Path | str) -> Outcome:
    """Read the folder that `pico-lens experiment` or `pico-lens train` writes, or a table of either.

    Raises:
        RunError: nothing there, or something else; says what was expected.
    """
    path = Path(path)
    if not path.is_dir():
        if not path.exists():
            raise RunError(f"{path.name or path}: nothing there; name the folder of an experiment or its {RESULTS}")
        table = read_table(path)
        return Outcome(_name(table, path.stem), "", table, _toml_beside(path))
    trained = read_trained(path)
    if trained is not None and not (path / ABOUT).exists():
        return trained
    about, table = read_about(path), check_rows(current_rows(results(path)), path.name)
    try:
        toml = recorded_toml(about)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError):
        toml = ""
    outcome = Outcome(str(about["name"]), str(about.get("sentence", "")), table, toml, reached(path))
    return outcome.beside(trained)


def read_trained(folder: Path | str) -> Outcome | None:
    """The trainings in a folder, of heads and of the encoder; None where there are none.

    Raises:
        RunError: they are there, and something else than that.
    """
    files = [[Path(folder) / name for name in names] for names in (*BESIDE, ALONE)]
    held = [(table, curves) for table, curves in files if table.is_file() and curves.is_file()]
    if len(held) > 1:  # a list goes before a comparison of its own
        held = [(table, curves) for table, curves in held if table.name != ALONE[0]]
    if not held:
        return None
    table = pl.concat([read_table(table) for table, _ in held])
    return Outcome("trainings", "", table, curves=pl.concat([read_curves(curves) for _, curves in held]))


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


def _name(table: pl.DataFrame, otherwise: str) -> str:
    return otherwise if table.is_empty() else str(table["experiment"][0] or otherwise)


def _toml_beside(path: Path) -> str:
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
