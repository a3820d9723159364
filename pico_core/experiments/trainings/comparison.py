"""Train every variant with every seed, and say on the test split what the weighting in the loop was good for.

A comparison fills one folder: a training is a file, and what is finished is not done again. A list of comparisons
fills a folder of such folders, and gathers their tables in one.
"""

import json
from pathlib import Path
from typing import Any, Final

import polars as pl

from pico_core.common.axes import TextImage
from pico_core.common.errors import DataError, RunError
from pico_core.common.reporter import SILENT, Relay, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.experiments.datasets import open_choice
from pico_core.experiments.folders import write_text
from pico_core.experiments.training_list import TrainingList
from pico_core.experiments.trainings.heads import head_subject
from pico_core.experiments.trainings.results import Trained, load_trained, save_trained
from pico_core.experiments.trainings.scenes import SceneComparison, scene_subject
from pico_core.experiments.trainings.settings import ComparisonConfig
from pico_core.experiments.trainings.subjects import Subject, Trial
from pico_core.experiments.trainings.tables import (
    ALONE,
    CURVES,
    FAMILY,
    LEAD,
    LISTED,
    SCHEMA,
    TrainingTables,
    curve_rows,
    difference_row,
    upgraded,
)
from pico_core.storage.atomic import check_ours, remove_drafts
from pico_core.storage.headers import reading
from pico_core.storage.locks import exclusive_lock, lock_inside
from pico_core.storage.parquet import UNREADABLE, read_parquet
from pico_core.training.records import Training

FORMAT: Final = "pico-lens trainings 1"
LIST_FORMAT: Final = "pico-lens list of trainings 1"
CONTROLS: Final = ("after", "p_hat", "learned", "shuffled", "permuted")
ABOUT, LIST_ABOUT = "trainings.json", "training.json"
ELSEWHERE: Final = "choose another place"


def run_training_comparison(
    pairs: PairedEmbeddings,
    config: ComparisonConfig | None = None,
    folder: Path | str = "trainings",
    *,
    device: str = "cpu",
    reporter: Reporter = SILENT,
) -> TrainingTables:
    """Train heads with every weighting and seed; paired differences of test rSum to the heads trained with P = 1.

    The test split of a seed is scored once per finished training, after its epoch was chosen on
    the feedback split. What is finished stays in the folder and is not done again.

    Args:
        pairs: A whole dataset, as frozen tokens.
        config: What is compared.
        folder: Where trainings, tables and settings are kept; an older comparison of the same data and settings
            goes on, and may get more variants and seeds.
        device: Where heads are trained.
        reporter: Hears of every training as a stage, and of every epoch as a step; it may cancel there.

    Raises:
        DataError: the folder holds something else, or the data cannot be split or trained on.
        Cancelled: the reporter raised it.

    Source: the paper's claim comes from training with the weighting in the loop; the comparison is ours.
    """
    return run_comparison(head_subject(pairs, config or ComparisonConfig()), folder, device=device, reporter=reporter)


def run_comparison(
    subject: Subject, folder: Path | str, *, device: str = "cpu", reporter: Reporter = SILENT
) -> TrainingTables:
    """The same for whatever is trained: heads on a dataset, or the small encoder on scenes.

    Raises:
        DataError: as of `run_training_comparison`.
        SettingError: another process trains into this folder.
        Cancelled: the reporter raised it.
    """
    folder = Path(folder)
    subject.trial(subject.compared.seeds[0])  # what cannot be split is refused before anything is written
    _claim(folder, subject)
    with exclusive_lock(lock_inside(folder), folder):
        remove_drafts(folder)
        return _train_all(subject, folder, device, reporter)


def run_training_list(
    listed: TrainingList, folder: Path | str, *, device: str = "cpu", reporter: Reporter = SILENT
) -> TrainingTables:
    """Train every comparison of a list in a folder of its own; what is finished is not done again.

    The tables of all are written after every comparison, and when something ends the run before.

    Args:
        listed: The list.
        folder: Where the folders and both tables lie; an older run of the same list goes on.
        device: Where heads or encoders are trained.
        reporter: Hears of every training as a stage, and of every epoch as a step; it may cancel there.

    Returns:
        Rows and curves of all comparisons: `dataset` is the name of the comparison, `experiment` that of the list.

    Raises:
        RunError: the folder holds something that no list of trainings wrote.
        DataError: data that cannot be read, split or trained on; a comparison was run with other data or settings.
        SettingError: another process trains into this folder.
        Cancelled: the reporter raised it.

    Source: beyond the paper; see `run_training_comparison`.
    """
    folder = Path(folder)
    subjects = subjects_of(listed)
    for one, subject in zip(listed.comparisons, subjects, strict=True):
        try:  # whatever cannot be done is refused before hours of training
            subject.trial(one.config.seeds[0])
        except DataError as error:
            raise DataError(f"{one.name}: {error}") from None
    if not (folder / LIST_ABOUT).is_file():
        ours = (*LISTED, *(one.folder for one in listed.comparisons))
        kind, writer = "a list of trainings", "list of trainings"
        check_ours(folder, ours, kind=kind, writer=writer, mend=ELSEWHERE, error=RunError)
    folder.mkdir(parents=True, exist_ok=True)
    comparisons = [{"name": one.name, "data": one.data, "folder": one.folder} for one in listed.comparisons]
    about = {"format": LIST_FORMAT, "name": listed.name, "sentence": listed.sentence, "comparisons": comparisons}
    write_text(folder / LIST_ABOUT, json.dumps(about, indent=1))
    for one, subject in zip(listed.comparisons, subjects, strict=True):
        _claim(folder / one.folder, subject)
    with exclusive_lock(lock_inside(folder), folder):
        before, total = 0, sum(one.n_epochs for one in listed.comparisons)
        try:
            for one, subject in zip(listed.comparisons, subjects, strict=True):
                part = _Epochs(reporter, before, total, stage=f"{one.name}: ")
                run_comparison(subject, folder / one.folder, device=device, reporter=part)
                before += one.n_epochs
                gathered(listed, folder).write(folder, LISTED, level=19)
        finally:
            tables = gathered(listed, folder)
            tables.write(folder, LISTED, level=19)
    return tables


def gathered(listed: TrainingList, folder: Path | str) -> TrainingTables:
    """Whatever trainings of a list are finished, in its order; at any moment.

    Raises:
        RunError: a table of a comparison is damaged.
    """
    tables, curves = [pl.DataFrame(schema=SCHEMA)], [pl.DataFrame(schema=CURVES)]
    for one in listed.comparisons:
        place = Path(folder) / one.folder
        if not (place / ALONE[0]).is_file() or not (place / ALONE[1]).is_file():
            continue
        # An earlier run may have trained more than the list now asks for.
        asked = pl.col("variant").is_in(["frozen", *one.config.ordered]) & pl.col("seed").is_in(one.config.seeds)
        led = pl.lit("pico" in one.config.ordered) | (pl.col("family") != LEAD)
        name = pl.lit(one.name).alias("dataset")
        try:
            rows = upgraded(read_parquet(place / ALONE[0])).filter(asked & led)
            lines = read_parquet(place / ALONE[1]).filter(asked)
            tables.append(rows.with_columns(name, pl.lit(listed.name).alias("experiment")).match_to_schema(SCHEMA))
            curves.append(lines.with_columns(name).match_to_schema(CURVES))
        except (DataError, *UNREADABLE) as error:
            raise RunError(
                f"{one.folder}: {ALONE[0]} or {ALONE[1]} cannot be read ({error}); remove both and go on"
            ) from None
    return TrainingTables(pl.concat(tables), pl.concat(curves))


def subjects_of(listed: TrainingList) -> list[Subject]:
    """What every comparison trains; each dataset is opened once."""
    opened: dict[tuple[str, Path | None], PairedEmbeddings] = {}
    subjects = []
    for one in listed.comparisons:
        if isinstance(one.config, SceneComparison):
            subjects.append(scene_subject(one.config))
            continue
        if (one.data, one.place) not in opened:
            opened[one.data, one.place] = open_choice(one.data, one.place)
        subjects.append(head_subject(opened[one.data, one.place], one.config))
    return subjects


def _train_all(subject: Subject, folder: Path, device: str, reporter: Reporter) -> TrainingTables:
    config = subject.compared
    about = {"experiment": config.experiment, "dataset": subject.name, "digest": subject.digest, "basis": config.basis}
    rows: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    tables = TrainingTables(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=CURVES))
    before, total = 0, len(config.seeds) * len(config.ordered) * (config.n_epochs + 1)
    for seed in config.seeds:
        trial, own = subject.trial(seed), folder / f"seed-{seed}"
        finished = {"frozen": _tested(trial, None, own / "frozen.ranks.safetensors", "frozen", seed)}
        earlier = list(rows)
        for variant in config.ordered:
            place = own / f"{variant}.safetensors"
            epochs = _Epochs(reporter, before + 1, total, begun=f"{variant}, seed {seed}")  # the state before is one
            made = trial.train(variant, checkpoint=place, device=device, reporter=epochs)
            finished[variant] = _tested(trial, made, place.with_suffix(".ranks.safetensors"), variant, seed)
            curves += curve_rows(made.epochs, variant=variant, seed=seed)
            before += config.n_epochs + 1
            more = about | {"n_train": trial.n_train, "fresh": subject.fresh}
            rows = earlier + [more | row for row in _rows(finished, trial.text_image, subject)]
            tables = TrainingTables(
                pl.DataFrame(rows, schema=SCHEMA),
                pl.DataFrame([{"dataset": subject.name, **row} for row in curves], schema=CURVES),
            )
            tables.write(folder, ALONE)
    return tables


class _Epochs(Relay):
    """Counts the epochs of a part among those of the whole."""

    def __init__(self, whole: Reporter, before: int, total: int, *, stage: str = "", begun: str = "") -> None:
        super().__init__(whole)
        self._before, self._total, self._stage, self._begun = before, total, stage, begun

    def share(self, done: float) -> None:
        """It follows from the epochs."""

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        if self._begun:  # what was trained by an earlier run is no stage
            self.whole.stage(self._begun)
        self.whole.share((self._before + done) / self._total)
        self.whole.step(self._before + done, self._total, name="epochs", record=record)

    def stage(self, words: str) -> None:
        if not self._begun:
            self.whole.stage(f"{self._stage}{words}")


def _claim(folder: Path, subject: Subject) -> None:
    """Take a folder for a comparison, or refuse it if it holds anything else than the same one."""
    settings = subject.compared.to_dict()
    about = {"format": FORMAT, "dataset": subject.name, "digest": subject.digest, "config": settings}
    told = json.dumps(about, indent=1, allow_nan=False)
    if (folder / ABOUT).is_file():
        with reading(folder / ABOUT, "a comparison of trainings"):
            before = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if before != json.loads(told):  # in whatever order
            raise DataError(
                f"{folder.name}: it holds trainings of other data or settings; choose another folder, or remove it"
            )
        return
    kind = "a comparison of trainings"
    check_ours(folder, (), kind=kind, writer="training", mend=ELSEWHERE, error=DataError)
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / ABOUT, told)


def _rows(finished: dict[str, Trained], text_image: TextImage, subject: Subject) -> list[dict[str, object]]:
    """Everything of one seed against P = 1, and PICO against every control that is there."""
    plain, strength = finished["none"], subject.compared.loop.strength
    weighted = {"pico", "after", "p_hat", "shuffled", "permuted"}
    rows = [
        difference_row(one, plain, text_image, family=FAMILY, strength=strength if name in weighted else None)
        for name, one in finished.items()
    ]
    pico = finished.get("pico")
    if pico is not None:
        controls = [one for name, one in finished.items() if name in CONTROLS]
        rows += [difference_row(pico, one, text_image, family=LEAD, strength=strength) for one in controls]
    return rows


def _tested(trial: Trial, made: Training | None, place: Path, variant: str, seed: int) -> Trained:
    """The ranks on the test split of a training, or of everything as it is before any; scored once."""
    if place.is_file():
        return load_trained(place)
    ranks = trial.ranks(made)
    tested = Trained(variant, seed, ranks, 0, 0, 0.0, 0.0, 0.0)
    if made is not None:
        tested = Trained(
            variant=variant,
            seed=seed,
            ranks=ranks,
            best_epoch=made.best_epoch,
            n_epochs=len(made.epochs) - 1,
            feedback_rsum=made.epochs[made.best_epoch].feedback_rsum,
            spread=float(made.weights.std(correction=0)),
            seconds=made.seconds,
        )
    save_trained(tested, place)
    return tested
