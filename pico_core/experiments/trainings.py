"""Train every variant with every seed, and say on the test split what the weighting in the loop was good for.

A comparison fills one folder: a training is a file, and what is finished is not done again. A list of comparisons
fills a folder of such folders, and gathers their tables in one.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import polars as pl

from pico_core.common.errors import DataError, RunError
from pico_core.common.reporter import SILENT, Relay, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.experiments.comparison import Subject
from pico_core.experiments.datasets import open_choice
from pico_core.experiments.folders import FolderKind, growing
from pico_core.experiments.heads import ComparisonConfig, head_subject
from pico_core.experiments.rows import CURVES, LEAD, TRAINED_SCHEMA, CellRow, rows_frame
from pico_core.experiments.scenes import SceneComparison, scene_subject
from pico_core.experiments.tables import ALONE, LISTED, read_curves, read_table
from pico_core.experiments.trained import TrainingTables, curve_rows, seed_rows, trained_cell
from pico_core.experiments.training_list import TrainingList
from pico_core.training.schemes import UNTRAINED

FORMAT: Final = "pico-lens trainings 1"
LIST_FORMAT: Final = "pico-lens list of trainings 1"
FOLDER: Final = FolderKind("a comparison of trainings", "training", "trainings.json", DataError, fixed=True)
LIST_FOLDER: Final = FolderKind("a list of trainings", "list of trainings", "training.json", RunError, ours=LISTED)


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
    with FOLDER.filling(folder):
        FOLDER.claim(folder, _about(subject))
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
    for comparison, subject in zip(listed.comparisons, subjects, strict=True):
        try:  # whatever cannot be done is refused before hours of training
            subject.trial(comparison.config.seeds[0])
        except DataError as error:
            raise DataError(f"{comparison.name}: {error}") from None
    comparisons = [
        {"name": comparison.name, "data": comparison.data, "folder": comparison.folder}
        for comparison in listed.comparisons
    ]
    about = {"format": LIST_FORMAT, "name": listed.name, "sentence": listed.sentence, "comparisons": comparisons}
    kind = replace(LIST_FOLDER, ours=(*LISTED, *(comparison.folder for comparison in listed.comparisons)))
    with kind.filling(folder):
        kind.claim(folder, about)
        for comparison, subject in zip(listed.comparisons, subjects, strict=True):
            FOLDER.claim(folder / comparison.folder, _about(subject))
        before, total = 0, sum(comparison.n_epochs for comparison in listed.comparisons)
        with growing(lambda: gathered(listed, folder).write(folder, LISTED, level=19)) as grow:
            grow()
            for comparison, subject in zip(listed.comparisons, subjects, strict=True):
                part = _Epochs(reporter, before, total, stage=f"{comparison.name}: ")
                run_comparison(subject, folder / comparison.folder, device=device, reporter=part)
                before += comparison.n_epochs
                grow()
    return gathered(listed, folder)


def gathered(listed: TrainingList, folder: Path | str) -> TrainingTables:
    """Whatever trainings of a list are finished, in its order; at any moment.

    Raises:
        RunError: a table of a comparison is damaged.
    """
    tables, curves = [pl.DataFrame(schema=TRAINED_SCHEMA)], [pl.DataFrame(schema=CURVES)]
    for compared in listed.comparisons:
        table, lines = (Path(folder) / compared.folder / name for name in ALONE)
        if not table.is_file() or not lines.is_file():
            continue
        # An earlier run may have trained more than the list now asks for.
        variants = compared.config.ordered
        listed_cells = pl.col("variant").is_in([UNTRAINED, *variants]) & pl.col("seed").is_in(compared.config.seeds)
        led = pl.lit("pico" in variants) | (pl.col("family") != LEAD)
        names = {"dataset": pl.lit(compared.name), "experiment": pl.lit(listed.name)}
        try:
            rows = read_table(table).filter(listed_cells & led).with_columns(**names)
            curves.append(read_curves(lines).filter(listed_cells).with_columns(dataset=names["dataset"]))
        except RunError as error:
            raise RunError(f"{compared.folder}: {error}; or remove {ALONE[0]} and {ALONE[1]} and go on") from None
        tables.append(rows.select(TRAINED_SCHEMA.names()))
    return TrainingTables(pl.concat(tables), pl.concat(curves))


def subjects_of(listed: TrainingList) -> list[Subject]:
    """What every comparison trains; each dataset is opened once."""
    opened: dict[tuple[str, Path | None], PairedEmbeddings] = {}
    subjects = []
    for comparison in listed.comparisons:
        if isinstance(comparison.config, SceneComparison):
            subjects.append(scene_subject(comparison.config))
            continue
        if (comparison.data, comparison.path) not in opened:
            opened[comparison.data, comparison.path] = open_choice(comparison.data, comparison.path)
        subjects.append(head_subject(opened[comparison.data, comparison.path], comparison.config))
    return subjects


def _train_all(subject: Subject, folder: Path, device: str, reporter: Reporter) -> TrainingTables:
    config = subject.compared
    rows: list[CellRow] = []
    curves: list[dict[str, Any]] = []
    done, total = 0, len(config.seeds) * len(config.ordered) * (config.n_epochs + 1)

    def tables() -> TrainingTables:
        return TrainingTables(rows_frame(rows, TRAINED_SCHEMA), pl.DataFrame(curves, schema=CURVES))

    with growing(lambda: tables().write(folder, ALONE)) as grow:
        for seed in config.seeds:
            trial, own, before = subject.trial(seed), folder / f"seed-{seed}", len(rows)
            cells = {UNTRAINED: trained_cell(trial, None, UNTRAINED, seed=seed, folder=own)}
            for variant in config.ordered:
                epochs = _Epochs(reporter, done + 1, total, begun=f"{variant}, seed {seed}")  # the state before is one
                checkpoint = own / f"{variant}.safetensors"
                training = trial.train(variant, checkpoint=checkpoint, device=device, reporter=epochs)
                cells[variant] = trained_cell(trial, training, variant, seed=seed, folder=own)
                curves += curve_rows(training.epochs, dataset=subject.name, variant=variant, seed=seed)
                rows[before:] = seed_rows(cells, trial, subject)
                done += config.n_epochs + 1
                grow()
    return tables()


def _about(subject: Subject) -> dict[str, Any]:
    settings = subject.compared.to_dict()
    return {"format": FORMAT, "dataset": subject.name, "digest": subject.digest, "config": settings}


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
