"""Results of experiments: the built-in ones, those at a path, and a small one over the open dataset."""

import functools
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import polars as pl

from pico_app.answers.datasets import changed_on_disk
from pico_app.documents.reproduce import shell
from pico_app.server.answer import answer
from pico_app.server.places import opened_place
from pico_app.server.queue import Job, visit
from pico_app.server.scratch import scratch
from pico_app.workspace import Dataset
from pico_core.common.errors import PicoError, RunError
from pico_core.experiments.cells import SCHEMA
from pico_core.experiments.config import ExperimentConfig
from pico_core.experiments.datasets import OpenDataset
from pico_core.experiments.grid import ABOUT, run_experiment
from pico_core.experiments.order import FeedbackOrder, RecordedRun, feedback_orders, recorded_runs
from pico_core.experiments.reading import BUILT_IN_RESULT, Outcome, Reached, reached, read_outcome
from pico_core.experiments.small import small_experiment
from pico_core.experiments.summary import VariantSummary, summarise, summary_frame
from pico_core.experiments.sweeps import Sweeps, sweeps_on
from pico_core.experiments.tables import BESIDE, read_training
from pico_core.experiments.trainings.summary import TrainingSummary, training_summaries
from pico_core.experiments.verdicts import ExperimentAnswer, Leads, answer_on, leads_on
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.catalogue import METHOD, SCHEMES
from pico_core.retrieval.schemes.scheme import Family


@dataclass(frozen=True, eq=False)
class Results:
    """Results as the page looks at them.

    Attributes:
        outcome: Of the experiment; its table is empty where only trainings lie there.
        summaries: One per dataset and variant.
        training: Comparisons of trainings that lie beside it.
        folder: Of an experiment that may still be filling; None of a table alone.
        built_in: Whether they came with the program.
        beside: Other experiments that came with it; they change other settings on the same datasets.
    """

    outcome: Outcome
    summaries: tuple[VariantSummary, ...]
    training: tuple[TrainingSummary, ...]
    folder: Path | None
    built_in: bool = False
    beside: tuple["Results", ...] = ()

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets with at least one cell."""
        return self.outcome.datasets

    def on(self, dataset: str) -> "Slice":
        """What is known on one of its datasets."""
        return Slice(
            dataset=dataset,
            table=self.outcome.table.filter(pl.col("dataset") == dataset),
            summaries=tuple(one for one in self.summaries if one.dataset == dataset),
            beside=tuple(other.on(dataset) for other in self.beside if dataset in other.datasets),
        )

    @cached_property
    def runs(self) -> tuple[RecordedRun, ...]:
        """Every construction that was recorded."""
        return recorded_runs(pl.concat([self.outcome.table, *(other.outcome.table for other in self.beside)]))

    @cached_property
    def orders(self) -> tuple[FeedbackOrder, ...]:
        """How often every feedback rule kept the order of the gains."""
        return feedback_orders(self.runs)


@dataclass(frozen=True, eq=False)
class Slice:
    """One dataset of an experiment.

    Attributes:
        dataset: What the experiment calls it.
        table: Its cells.
        summaries: Its variants.
        beside: The same dataset in other experiments.
    """

    dataset: str
    table: pl.DataFrame
    summaries: tuple[VariantSummary, ...]
    beside: tuple["Slice", ...] = ()

    @cached_property
    def answer(self) -> ExperimentAnswer:
        """The answer on it."""
        return answer_on(self.summaries, self.dataset)

    @cached_property
    def leads(self) -> Leads:
        """The method against everything else."""
        return leads_on(self.summaries, self.dataset)

    @cached_property
    def sweeps(self) -> Sweeps:
        """Its settings, one at a time, of whichever experiment; of one that two changed, those of the first."""
        found = sweeps_on(self.table, self.summaries, self.dataset).sweeps
        for other in self.beside:
            known = {sweep.setting for sweep in found}
            found += tuple(sweep for sweep in other.sweeps.sweeps if sweep.setting not in known)
        return Sweeps(found)

    @property
    def names(self) -> tuple[str, ...]:
        """Its variants."""
        return tuple(one.variant for one in self.summaries)

    def summary(self, variant: str) -> VariantSummary:
        """One of its variants."""
        return next(one for one in self.summaries if one.variant == variant)

    @property
    def default_row(self) -> str:
        """The row that is looked at first: the simpler idea to beat, else the first there is."""
        rival = self.answer.rival
        if rival is not None:
            return rival.variant
        return METHOD if METHOD in self.names else self.names[0]

    @property
    def frame(self) -> pl.DataFrame:
        """The summary as a table."""
        return summary_frame(self.summaries)


def of_family(found: Slice, family: str) -> pl.DataFrame:
    """The summaries of one family as a table; "all" of every one."""
    return found.frame if family == "all" else found.frame.filter(pl.col("family") == family)


def command(results: Results) -> str:
    """The command that makes results again, one line per experiment."""
    if not results.built_in:
        return shell(["experiment", "experiment.toml", "--out", "FOLDER"])
    names = [BUILT_IN_RESULT.stem, *(other.outcome.name for other in results.beside)]
    return "\n".join(shell(["experiment", name, "--out", name.upper()]) for name in names)


def whose(variant: str) -> str:
    """Whose idea a variant is, as the catalogue says it; empty where the catalogue does not know it."""
    if variant in SCHEMES:
        return SCHEMES[variant].source
    return "reconstruction" if "=" in variant else ""


@answer(entries=6, spinner="Reading the results")
def _read(path: str, changed: str) -> Results:
    place = Path(path)
    beside = place if place.is_dir() else BUILT_IN_RESULT.parent if place == BUILT_IN_RESULT else None
    training = None if beside is None else read_training(beside)
    groups = () if training is None else training_summaries(training.table, training.curves)
    try:
        outcome = read_outcome(place)
    except RunError:
        if not groups or not place.is_dir() or (place / ABOUT).exists():
            raise
        return _trained_only(groups)
    folder = place if place.is_dir() and outcome.reached is not None else None
    own = place == BUILT_IN_RESULT
    others = tuple(_alone(file) for file in sorted(place.parent.glob("*.parquet")) if _is_other(file)) if own else ()
    return Results(outcome, summarise(outcome.table), groups, folder, built_in=own, beside=others)


def _is_other(file: Path) -> bool:
    """Whether a file beside the built-in result is the table of another built-in experiment, not that of trainings."""
    trainings = {name for names in BESIDE for name in names}
    return file != BUILT_IN_RESULT and file.name not in trainings and file.with_suffix(".toml").is_file()


def _alone(file: Path) -> Results:
    outcome = read_outcome(file)
    return Results(outcome, summarise(outcome.table), (), None, built_in=True)


def _trained_only(groups: tuple[TrainingSummary, ...]) -> Results:
    """Trainings without an experiment beside them."""
    return Results(Outcome("trainings", "", pl.DataFrame(schema=SCHEMA), "", None), (), groups, None)


def results_at(path: str) -> Results:
    """Results that lie at a path of this machine; read anew where something changed there.

    Raises:
        PicoError: nothing there, or something else; says what was expected.
    """
    place = opened_place(path)
    return _read(str(place), changed_on_disk(place))


def built_in_results() -> Results | None:
    """The results that come with the program; None where they were not made yet.

    Raises:
        PicoError: they are there, and damaged.
    """
    if BUILT_IN_RESULT.is_file():
        return results_at(str(BUILT_IN_RESULT))
    training = read_training(BUILT_IN_RESULT.parent)
    return None if training is None else _trained_only(training_summaries(training.table, training.curves))


def how_far(folder: Path) -> Reached | None:
    """How far the experiment of a folder is by now; None where it is none any more."""
    try:
        return reached(folder)
    except (PicoError, OSError):
        return None


def nearest(names: Sequence[str], dataset: Dataset | None, config: StudyConfig) -> str:
    """Which dataset of an experiment the open study is nearest to: the same demo and axes, the same demo, the first.

    Args:
        names: What the experiment calls its datasets, at least one; the built-in one names demo and axes.
        dataset: The open one.
        config: Its settings.
    """
    demo = None if dataset is None or dataset.demo is None else dataset.demo.name
    same = [name for name in names if name.split(",")[0] == demo]
    return next((name for name in same if name == f"{demo}, {config.basis}"), (same or list(names))[0])


# A small experiment over the open dataset


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Where small experiments lie while the server runs."""
    return scratch("experiments")


def own_folder(dataset: Dataset, config: StudyConfig) -> Path:
    """Where the cells of a dataset under some settings lie: the same for every choice of variants and seeds."""
    told = json.dumps([dataset.mark, replace(config, seed=0).to_dict()], sort_keys=True)
    return Path(_folder().name) / hashlib.sha256(told.encode()).hexdigest()[:16]


def own_experiment(
    dataset: Dataset, config: StudyConfig, *, path: str, families: Sequence[Family], n_seeds: int
) -> ExperimentConfig:
    """The experiment that a choice of the page means.

    Args:
        dataset: The open one.
        config: Its settings.
        path: Where it lies.
        families: What stands beside the method.
        n_seeds: How often everything is repeated.

    Raises:
        SettingError: no family is chosen.
    """
    demo, name = dataset.demo, dataset.pairs.name.strip() or "dataset"
    return small_experiment(
        name if demo is None else demo.name,
        config,
        families=families,
        n_seeds=n_seeds,
        place=None if demo is not None else opened_place(path),
    )


def own_results(dataset: Dataset, config: StudyConfig) -> Results | None:
    """What is finished of it; None before the first cell.

    Raises:
        PicoError: what lies there is damaged.
    """
    folder = own_folder(dataset, config)
    if not (folder / ABOUT).is_file():
        return None
    found = results_at(str(folder))
    return found if found.datasets else None


def own_job() -> Job[int] | None:
    """The small experiment that this visit asked for last, however far it is."""
    return visit().jobs.get("experiment")


def ask_own(dataset: Dataset, config: StudyConfig, *, path: str, families: Sequence[Family], n_seeds: int) -> None:
    """Run a small experiment over a dataset in the background; cells that are there are not computed again."""
    experiment = own_experiment(dataset, config, path=path, families=families, n_seeds=n_seeds)
    folder = own_folder(dataset, config)
    opened = [OpenDataset(experiment.datasets[0], dataset.pairs, dataset.truth)]

    def work(job: Job[int]) -> int:
        return run_experiment(experiment, folder, opened=opened, reporter=job).total

    job = Job(folder, f"Experiment on {dataset.pairs.name[:60]}", work, doing="Dividing the data")
    visit().start("experiment", job, queue="experiments")
