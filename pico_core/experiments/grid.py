"""Run a grid cell by cell: every finished cell is a file of its own, so nothing that is finished is done again."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import polars as pl

from pico_core.common.errors import DataError, RunError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.experiments.bench import Workbench, warm_up
from pico_core.experiments.cells import PlannedCell, compute_cell, plan_cell
from pico_core.experiments.config import ExperimentConfig
from pico_core.experiments.datasets import OpenDataset, open_dataset
from pico_core.experiments.folders import FolderKind, growing, write_table
from pico_core.experiments.rows import SCORED_SCHEMA, CellRow, current_rows, rows_frame
from pico_core.retrieval.schemes.catalogue import TRUTH
from pico_core.storage.parquet import UNREADABLE, read_parquet
from pico_core.storage.structure import structure_value
from pico_core.studies.study import package_versions

FORMAT: Final = "pico-lens experiment 1"
CELLS, RESULTS, ABOUT = "cells", "results.parquet", "experiment.json"
FOLDER: Final = FolderKind("an experiment", "experiment", ABOUT, RunError, ours=(CELLS, RESULTS))
KEY: Final = re.compile(r"[0-9a-f]{24}")  # of a cell, and the name of its file


@dataclass(frozen=True)
class GridRun:
    """What a run did.

    Attributes:
        total: Cells of the grid.
        kept: Found finished.
        computed: Done now.
    """

    total: int
    kept: int
    computed: int


def run_experiment(
    config: ExperimentConfig,
    folder: Path | str,
    *,
    opened: Sequence[OpenDataset] | None = None,
    reporter: Reporter = SILENT,
) -> GridRun:
    """Compute every cell that the folder does not hold yet, seed by seed.

    Whatever ends it (a raised exception, a killed process), a later call with the same folder goes on after the last
    finished cell. A cell's file is found by what decides its numbers, so a changed file of the experiment computes
    what is new and keeps the rest.

    Args:
        config: The experiment.
        folder: Where cells and table lie; made where it is missing.
        opened: The datasets of the experiment, in its order, where they are open already; read anew otherwise.
        reporter: Hears how many cells are there before the first, then of every cell what it is and, once it is on
            the disk, its `CellRow` as the record of a step.

    Raises:
        RunError: the folder holds something that no experiment wrote.
        DataError: a dataset is missing, or too small to be divided.
        SettingError: another process fills this folder.
        Cancelled: the reporter raised it; what is finished is kept.
    """
    with FOLDER.filling(Path(folder)):
        return _run(config, Path(folder), opened, reporter)


def _run(config: ExperimentConfig, folder: Path, opened: Sequence[OpenDataset] | None, reporter: Reporter) -> GridRun:
    datasets = [open_dataset(choice) for choice in config.datasets] if opened is None else opened
    plan = [(dataset, _planned(config, dataset, seed)) for seed in config.seeds for dataset in datasets]
    keys = [cell.key for _, cells in plan for cell in cells]
    about = _about(config, [cell for _, cells in plan for cell in cells])
    FOLDER.claim(folder, about)
    (folder / CELLS).mkdir(exist_ok=True)
    finished = _read_cells(folder, about)
    before = len(finished)
    done = kept = sum(key in finished for key in keys)

    def tell(row: CellRow | None) -> None:
        reporter.share(done / len(keys))
        reporter.step(done, len(keys), name="cells", record=row)

    with growing(lambda: write_table(folder / RESULTS, _assembled(about, finished))) as grow:
        grow()
        tell(None)
        if done < len(keys):
            warm_up()
        for dataset, cells in plan:
            bench: Workbench | None = None
            for cell in cells:
                if cell.key in finished:
                    continue
                reporter.stage(cell.title)
                bench = bench or Workbench(dataset, replace(dataset.choice.config, seed=cell.config.seed))
                row = compute_cell(bench, cell, experiment=config.name)
                finished[cell.key] = rows_frame([row])
                write_table(folder / CELLS / f"{cell.key}.parquet", finished[cell.key])
                done += keys.count(cell.key)
                grow()
                tell(row)
    return GridRun(len(keys), kept, len(finished) - before)


def results(folder: Path | str) -> pl.DataFrame:
    """All finished cells of the experiment in a folder as one table, in the order of its plan; at any moment.

    Raises:
        RunError: no experiment there.
    """
    about = read_about(folder)
    return _assembled(about, _read_cells(Path(folder), about))


def read_about(folder: Path | str) -> dict[str, Any]:
    """What `experiment.json` says: name, sentence, settings, versions, and the key of every cell.

    Raises:
        RunError: missing, damaged, or of another format.
    """
    path = Path(folder) / ABOUT
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        structure_value(str, about["name"], "name")
        cells = structure_value(tuple[_Noted, ...], about["cells"], "cells")
        known = about["format"] == FORMAT and all(KEY.fullmatch(cell.key) for cell in cells)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        known = False
    if not known:
        raise RunError(f"{Path(folder).name}: no {ABOUT} of a PICO Lens experiment there; run the experiment into it")
    return about


@dataclass(frozen=True)
class _Noted:
    """A cell as `experiment.json` notes it."""

    key: str
    dataset: str
    variant: str
    seed: int


def _planned(config: ExperimentConfig, dataset: OpenDataset, seed: int) -> list[PlannedCell]:
    settings = replace(dataset.choice.config, seed=seed)
    truth = "" if dataset.truth is None else hashlib.sha256(dataset.truth.numpy().tobytes()).hexdigest()
    return [
        plan_cell(
            dataset.choice.name, dataset.pairs.digest, variant, settings, truth=truth if variant.name == TRUTH else ""
        )
        for variant in config.variants_on(dataset.choice)
    ]


def _about(config: ExperimentConfig, cells: list[PlannedCell]) -> dict[str, Any]:
    plain = asdict(replace(config, variants=()))
    for dataset in plain["datasets"]:
        del dataset["path"]  # where it lay on one machine
    plain["variants"] = [
        {name: getattr(scheme, name) for name in ("name", "label", "family", "source")}
        | {"changes": [asdict(change) for change in scheme.changes]}
        for scheme in config.variants
    ]
    return {
        "format": FORMAT,
        **plain,
        "digests": {cell.dataset: cell.digest for cell in cells},
        "versions": list(package_versions()),
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "cells": [
            {"key": cell.key, "dataset": cell.dataset, "variant": cell.variant.name, "seed": cell.config.seed}
            for cell in cells
        ],
    }


def _assembled(about: Mapping[str, Any], finished: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Finished cells in the order of the plan, under the names of this experiment: a name is no part of a cell."""
    frames = [pl.DataFrame(schema=SCORED_SCHEMA)]
    for planned in about["cells"]:
        if planned["key"] in finished:
            names = pl.lit(about["name"]).alias("experiment"), pl.lit(planned["dataset"]).alias("dataset")
            frames.append(finished[planned["key"]].with_columns(*names))
    return pl.concat(frames)


def _read_cells(folder: Path, about: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    """Rows of all finished cells of a plan, by key."""
    read = {planned["key"]: _read_cell(folder, planned["key"]) for planned in about["cells"]}
    return {key: frame for key, frame in read.items() if frame is not None}


def _read_cell(folder: Path, key: str) -> pl.DataFrame | None:
    """The row of a finished cell; None where there is none, or what is there cannot be read."""
    path = folder / CELLS / f"{key}.parquet"
    try:
        frame = read_parquet(path, rows=1)
    except (DataError, *UNREADABLE):
        return None
    fits = frame.schema == SCORED_SCHEMA and frame.height == 1
    return current_rows(frame).select(SCORED_SCHEMA.names()) if fits else None
