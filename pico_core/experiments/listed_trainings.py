"""Train a list of comparisons one after the other into one folder, and gather them in one table."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError, RunError
from pico_core.experiments.datasets import open_choice
from pico_core.experiments.training_list import ListedComparison, TrainingList
from pico_core.experiments.trainings.comparison import (
    CURVE_TABLE,
    TABLE,
    ComparisonProgress,
    TrainingComparison,
    claim,
    run_comparison,
)
from pico_core.experiments.trainings.heads import HeadSubject
from pico_core.experiments.trainings.scenes import SceneComparison, SceneSubject
from pico_core.experiments.trainings.subjects import Subject
from pico_core.experiments.trainings.tables import CURVES, LEAD, SCHEMA, upgraded
from pico_core.storage.atomic import atomic_file, strangers
from pico_core.storage.locks import exclusive_lock, lock_inside
from pico_core.storage.parquet import UNREADABLE, read_parquet

FORMAT: Final = "pico-lens list of trainings 1"
ABOUT, TRAININGS, TRAINING_CURVES = "training.json", "training.parquet", "training_curves.parquet"


@dataclass(frozen=True)
class ListProgress:
    """How far a list is.

    Attributes:
        comparison: The name of what is trained now.
        now: How far that is.
        done: Epochs behind us, of all comparisons.
        total: Epochs in all, at most.
    """

    comparison: str
    now: ComparisonProgress
    done: int
    total: int


def run_training_list(
    listed: TrainingList,
    folder: Path | str,
    *,
    device: str = "cpu",
    on_progress: Callable[[ListProgress], bool | None] | None = None,
) -> TrainingComparison:
    """Train every comparison of a list in a folder of its own; what is finished is not done again.

    The tables of all are written after every comparison, and when something ends the run before.

    Args:
        listed: The list.
        folder: Where the folders and both tables lie; an older run of the same list goes on.
        device: Where heads or encoders are trained.
        on_progress: Told after every epoch; returning False stops.

    Returns:
        Rows and curves of all comparisons: `dataset` is the name of the comparison, `experiment` that of the list.

    Raises:
        RunError: the folder holds something that no list of trainings wrote.
        DataError: data that cannot be read, split or trained on; a comparison was run with other data or settings.
        SettingError: another process trains into this folder.
        Cancelled: `on_progress` returned False.

    Source: beyond the paper; see `run_training_comparison`.
    """
    folder = Path(folder)
    subjects = subjects_of(listed)
    for one, subject in zip(listed.comparisons, subjects, strict=True):
        try:  # whatever cannot be done is refused before hours of training
            subject.trial(one.config.seeds[0])
        except DataError as error:
            raise DataError(f"{one.name}: {error}") from None
    _claim_all(folder, listed)
    for one, subject in zip(listed.comparisons, subjects, strict=True):
        claim(folder / one.folder, subject)
    with exclusive_lock(lock_inside(folder), folder):
        before, total = 0, sum(one.n_epochs for one in listed.comparisons)
        try:
            for one, subject in zip(listed.comparisons, subjects, strict=True):

                def tell(now: ComparisonProgress, one: ListedComparison = one, before: int = before) -> bool:
                    reached = ListProgress(one.name, now, before + now.done, total)
                    return on_progress is None or on_progress(reached) is not False

                run_comparison(subject, folder / one.folder, device=device, on_progress=tell)
                before += one.n_epochs
                _write(folder, gathered(listed, folder))
        finally:
            _write(folder, gathered(listed, folder))
    return gathered(listed, folder)


def gathered(listed: TrainingList, folder: Path | str) -> TrainingComparison:
    """Whatever trainings of a list are finished, in its order; at any moment.

    Raises:
        RunError: a table of a comparison is damaged.
    """
    tables, curves = [pl.DataFrame(schema=SCHEMA)], [pl.DataFrame(schema=CURVES)]
    for one in listed.comparisons:
        place = Path(folder) / one.folder
        if not (place / TABLE).is_file() or not (place / CURVE_TABLE).is_file():
            continue
        # An earlier run may have trained more than the list now asks for.
        asked = pl.col("variant").is_in(["frozen", *one.config.ordered]) & pl.col("seed").is_in(one.config.seeds)
        led = pl.lit("pico" in one.config.ordered) | (pl.col("family") != LEAD)
        name = pl.lit(one.name).alias("dataset")
        try:
            rows = upgraded(read_parquet(place / TABLE)).filter(asked & led)
            lines = read_parquet(place / CURVE_TABLE).filter(asked)
            tables.append(rows.with_columns(name, pl.lit(listed.name).alias("experiment")).match_to_schema(SCHEMA))
            curves.append(lines.with_columns(name).match_to_schema(CURVES))
        except (DataError, *UNREADABLE) as error:
            raise RunError(
                f"{one.folder}: {TABLE} or {CURVE_TABLE} cannot be read ({error}); remove both and go on"
            ) from None
    return TrainingComparison(pl.concat(tables), pl.concat(curves))


def subjects_of(listed: TrainingList) -> list[Subject]:
    """What every comparison trains; each dataset is opened once."""
    opened: dict[tuple[str, Path | None], PairedEmbeddings] = {}
    made: list[Subject] = []
    for one in listed.comparisons:
        if isinstance(one.config, SceneComparison):
            made.append(SceneSubject(one.config))
            continue
        if (one.data, one.place) not in opened:
            opened[one.data, one.place] = open_choice(one.data, one.place)
        made.append(HeadSubject(opened[one.data, one.place], one.config))
    return made


def _claim_all(folder: Path, listed: TrainingList) -> None:
    """Take the folder, or refuse it if something else lies in it; a changed list may go on in it."""
    if folder.exists() and not folder.is_dir():
        raise RunError(f"{folder.name}: is a file; trainings are a folder: choose another place")
    if not (folder / ABOUT).is_file():
        ours = (TRAININGS, TRAINING_CURVES, *(one.folder for one in listed.comparisons))
        others = strangers(folder, ours) if folder.exists() else ""
        if others:
            raise RunError(
                f"{folder.name}: the folder holds {others}, which no list of trainings wrote; choose another place"
            )
    folder.mkdir(parents=True, exist_ok=True)
    comparisons = [{"name": one.name, "data": one.data, "folder": one.folder} for one in listed.comparisons]
    about = {"format": FORMAT, "name": listed.name, "sentence": listed.sentence, "comparisons": comparisons}
    with atomic_file(folder / ABOUT) as draft:
        draft.write_text(json.dumps(about, indent=1), encoding="utf-8")


def _write(folder: Path, found: TrainingComparison) -> None:
    for frame, name in ((found.table, TRAININGS), (found.curves, TRAINING_CURVES)):
        with atomic_file(folder / name) as draft:
            frame.write_parquet(draft, compression="zstd", compression_level=19)
