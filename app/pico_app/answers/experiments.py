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
from pico_core.common.errors import PicoError
from pico_core.experiments.config import ExperimentConfig
from pico_core.experiments.datasets import OpenDataset
from pico_core.experiments.grid import ABOUT, run_experiment
from pico_core.experiments.order import FeedbackOrder, RecordedRun, feedback_orders, recorded_runs
from pico_core.experiments.reading import BUILT_IN_RESULT, Outcome, Reached, reached, read_outcome, read_trained
from pico_core.experiments.small import small_experiment
from pico_core.experiments.summary import VariantSummary, summarise, summary_frame
from pico_core.experiments.sweeps import Sweeps, sweeps_on
from pico_core.experiments.tables import BESIDE
from pico_core.experiments.training_summary import TrainingSummary, training_summaries
from pico_core.experiments.verdicts import ExperimentAnswer, Leads, answer_on, leads_on
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.catalogue import METHOD, SCHEMES
from pico_core.retrieval.schemes.scheme import Family


@dataclass(frozen=True, eq=False)
class Results:
    """Results as the page looks at them.

    Attributes:
        outcome: Of the experiment, with the trainings that lie beside it, or of trainings alone.
        folder: Of an experiment that may still be filling; None of a table alone.
        built_in: Whether they came with the program.
        beside: Other experiments that came with it; they change other settings on the same datasets.
    """

    outcome: Outcome
    folder: Path | None = None
    built_in: bool = False
    beside: tuple["Results", ...] = ()

    @cached_property
    def summaries(self) -> tuple[VariantSummary, ...]:
        """One per dataset and variant of the experiment."""
        return summarise(self.outcome.scored)

    @cached_property
    def training(self) -> tuple[TrainingSummary, ...]:
        """Comparisons of trainings."""
        return training_summaries(self.outcome.table, self.outcome.curves)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Datasets with at least one cell."""
        return self.outcome.datasets

    def on(self, dataset: str) -> "Slice":
        """What is known on one of its datasets."""
        return Slice(
            dataset=dataset,
            table=self.outcome.scored.filter(pl.col("dataset") == dataset),
            summaries=tuple(summary for summary in self.summaries if summary.dataset == dataset),
            beside=tuple(other.on(dataset) for other in self.beside if dataset in other.datasets),
        )

    @cached_property
    def runs(self) -> tuple[RecordedRun, ...]:
        """Every construction that was recorded."""
        return recorded_runs(pl.concat([self.outcome.scored, *(other.outcome.scored for other in self.beside)]))

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
        sweeps = sweeps_on(self.table, self.summaries, self.dataset).sweeps
        for other in self.beside:
            known = {sweep.setting for sweep in sweeps}
            sweeps += tuple(sweep for sweep in other.sweeps.sweeps if sweep.setting not in known)
        return Sweeps(sweeps)

    @property
    def names(self) -> tuple[str, ...]:
        """Its variants."""
        return tuple(summary.variant for summary in self.summaries)

    def summary(self, variant: str) -> VariantSummary:
        """One of its variants."""
        return next(summary for summary in self.summaries if summary.variant == variant)

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


def of_family(results: Slice, family: str) -> pl.DataFrame:
    """The summaries of one family as a table; "all" of every one."""
    return results.frame if family == "all" else results.frame.filter(pl.col("family") == family)


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
    file = Path(path)
    outcome = read_outcome(file)
    if file != BUILT_IN_RESULT:
        return Results(outcome, file if outcome.reached is not None else None)
    others = [Results(read_outcome(table)) for table in sorted(file.parent.glob("*.parquet")) if _is_other(table)]
    return Results(outcome.beside(read_trained(file.parent)), built_in=True, beside=tuple(others))


def _is_other(file: Path) -> bool:
    """Whether a file beside the built-in result is the table of another built-in experiment, not that of trainings."""
    trainings = {name for names in BESIDE for name in names}
    return file != BUILT_IN_RESULT and file.name not in trainings and file.with_suffix(".toml").is_file()


def results_at(path: str) -> Results:
    """Results that lie at a path of this machine; read anew where something changed there.

    Raises:
        PicoError: nothing there, or something else; says what was expected.
    """
    file = opened_place(path)
    return _read(str(file), changed_on_disk(file))


def built_in_results() -> Results | None:
    """The results that come with the program; None where they were not made yet.

    Raises:
        PicoError: they are there, and damaged.
    """
    if BUILT_IN_RESULT.is_file():
        return results_at(str(BUILT_IN_RESULT))
    trained = read_trained(BUILT_IN_RESULT.parent)
    return None if trained is None else Results(trained)


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
    identity = json.dumps([dataset.mark, replace(config, seed=0).to_dict()], sort_keys=True)
    return Path(_folder().name) / hashlib.sha256(identity.encode()).hexdigest()[:16]


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
        path=None if demo is not None else opened_place(path),
    )


def own_results(dataset: Dataset, config: StudyConfig) -> Results | None:
    """What is finished of it; None before the first cell.

    Raises:
        PicoError: what lies there is damaged.
    """
    folder = own_folder(dataset, config)
    if not (folder / ABOUT).is_file():
        return None
    results = results_at(str(folder))
    return results if results.datasets else None


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
