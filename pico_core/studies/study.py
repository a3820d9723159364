"""A whole study: one dataset and one setting, from the split to the report on the test split."""

import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.axes import Columns, PerImage
from pico_core.cluster import Cluster
from pico_core.columns.summary import column_table
from pico_core.data.distributed_statistics import distributed_statistics
from pico_core.data.labels import has_style_labels
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.data.samples import Sample, draw_images
from pico_core.errors import DataError
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.method.bases import fit_basis
from pico_core.method.basis import Basis
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction, Iteration
from pico_core.retrieval.evaluation import retrieval_feedback, retrieval_report
from pico_core.retrieval.rank_files import RankFiles
from pico_core.retrieval.records import RetrievalReport
from pico_core.retrieval.schemes.beside_a_study import report_controls
from pico_core.storage.retry_in_halves import noting

PACKAGES = ("pico-lens", "torch", "scikit-learn", "scipy", "numpy", "polars")
REPORTED = 8  # scorings of the test split without an oracle: unweighted, weighted, six controls


@dataclass(frozen=True, eq=False)
class Study:
    """What a study found, and everything that is needed to do it again.

    Attributes:
        config: The settings.
        digest: Content digest of the dataset.
        dataset: Its name.
        basis: The axes, fitted on the fit split.
        construction: Fitted on fit, weighed on feedback.
        report: On the test split, which nothing before has seen.
        columns: One row per column (see `column_table`), from the fit split.
        seconds: How long it took.
        versions: Packages that did it, such as "torch 2.9.0".
        feedback_sample: How many images of the feedback split gave feedback; None where all did.
        notes: What was told while it was done, such as that memory ended and blocks were halved.
    """

    config: StudyConfig
    digest: str
    dataset: str
    basis: Basis
    construction: Construction
    report: RetrievalReport
    columns: pl.DataFrame
    seconds: float
    versions: tuple[str, ...]
    feedback_sample: Sample | None = None
    notes: tuple[str, ...] = ()


def study_basis(fit: PairedEmbeddings, config: StudyConfig) -> Basis:
    """Fit the axes that the settings ask for on the fit split.

    Raises:
        DataError: `labels`, and no label speaks of style.
    """
    return fit_basis(fit, config.basis, shrinkage=config.shrinkage, seed=config.seed)


def study_splits(pairs: PairedEmbeddings, config: StudyConfig, basis: Basis | None = None) -> Splits:
    """Split as the settings say, and read all three parts in the basis (fitted on fit if not given).

    Of a large feedback split the sample that the settings allow is kept, and `feedback_sample` says so.
    """
    parts = pairs.split(seed=config.seed, fit=config.fit, feedback=config.feedback)
    axes = basis or study_basis(parts.fit, config)
    feedback, sample = parts.feedback, None
    drawn = draw_images(feedback.n_images, most=config.feedback_images, seed=config.seed)
    if drawn is not None:
        feedback, sample = feedback.select(drawn), Sample(len(drawn), feedback.n_images)
    return Splits(axes.apply(parts.fit), axes.apply(feedback), axes.apply(parts.test), sample)


def report_queries(test: PairedEmbeddings, config: StudyConfig) -> Int[Tensor, " q"] | None:
    """The images of the test split that ask in the report of a study; None where all do."""
    return draw_images(test.n_images, most=config.report_images, seed=config.seed)


def run_study(
    pairs: PairedEmbeddings,
    config: StudyConfig | None = None,
    *,
    truth: Columns | None = None,
    on_iteration: Callable[[Iteration], bool | None] | None = None,
    on_progress: Callable[[float], None] | None = None,
    cluster: Cluster | None = None,
) -> Study:
    """Split, fit the basis, construct, and report on the test split with all controls.

    Args:
        pairs: A whole dataset.
        config: Settings; the seed decides everything random.
        truth: Planted semantic share of the given columns: adds the oracle (basis "given" only).
        on_iteration: Told of every iteration; returning False stops the construction after it.
        on_progress: Told after every scoring which share of the work is done; what it raises ends the study.
        cluster: Whose workers read the tokens and score; what is left here is small. Default this process does all.

    Raises:
        DataError: the dataset is too small to be divided, or feedback is impossible on it.
    """
    began = time.perf_counter()
    with noting() as notes:
        study = _run(
            pairs, config or StudyConfig(), truth, on_iteration=on_iteration, on_progress=on_progress, cluster=cluster
        )
    return replace(study, seconds=time.perf_counter() - began, notes=tuple(notes))


def _run(
    pairs: PairedEmbeddings,
    config: StudyConfig,
    truth: Columns | None,
    *,
    on_iteration: Callable[[Iteration], bool | None] | None,
    on_progress: Callable[[float], None] | None,
    cluster: Cluster | None,
) -> Study:
    fit = pairs.split(seed=config.seed, fit=config.fit, feedback=config.feedback).fit
    meter = _Meter(tell=on_progress)
    if cluster is not None and config.basis != "given":
        distributed_statistics(cluster, fit, on_share=lambda _share: meter.breathe())
    basis = study_basis(fit, config)
    splits = study_splits(pairs, config, basis)
    if cluster is not None:
        distributed_statistics(cluster, splits.fit, on_share=lambda _share: meter.breathe())
    queries = report_queries(splits.test, config)
    arithmetic = Arithmetic(precision=config.precision)
    known = truth if config.basis == "given" else None
    oracles = (known is not None) + has_style_labels(splits.fit)
    cells = _report_cells(splits.test, queries)
    meter.planned = _planned_cells(splits, config.construction) + (REPORTED + oracles) * cells
    try:
        construction = construct(
            splits.fit,
            feedback=_metered(splits.feedback, meter, arithmetic, cluster),
            config=config.construction,
            generator=torch.Generator().manual_seed(config.seed),
            on_iteration=on_iteration,
        )
    except ValueError as error:
        raise DataError(f"{pairs.name}: {error}") from error
    controls = report_controls(splits.fit, construction, seed=config.seed, truth=known)
    report = retrieval_report(
        splits.test,
        weights=construction.weights,
        controls=controls,
        arithmetic=arithmetic,
        on_scored=lambda _name: meter.add(cells),
        queries=queries,
        on_share=lambda _share: meter.breathe(),
        cluster=cluster,
    )
    return Study(
        config=config,
        digest=pairs.digest,
        dataset=pairs.name,
        basis=basis,
        construction=construction,
        report=report,
        columns=column_table(
            splits.fit,
            construction,
            basis,
            seed=config.seed,
            semantic_share=known,
            on_progress=lambda _share: meter.breathe(),
        ),
        seconds=0.0,
        versions=package_versions(),
        feedback_sample=splits.feedback_sample,
    )


def evaluate_study(
    pairs: PairedEmbeddings,
    study: Study,
    *,
    truth: Columns | None = None,
    arithmetic: Arithmetic = DEFAULT,
    keep: Path | None = None,
    on_progress: Callable[[float], None] | None = None,
    cluster: Cluster | None = None,
) -> RetrievalReport:
    """Score the test split of a study again, with its weights and its controls.

    Args:
        pairs: The whole dataset.
        study: Made from it.
        truth: Planted semantic share of the given columns.
        arithmetic: How scores are computed.
        keep: A folder where what finished blocks counted is kept; the same evaluation goes on from there.
        on_progress: Told which share of the work is done; what it raises ends it.
        cluster: Whose workers read the tokens and score; default this process does all.
    """
    splits = study_splits(pairs, study.config, study.basis)
    if cluster is not None:
        distributed_statistics(
            cluster, splits.fit, on_share=None if on_progress is None else lambda _share: on_progress(0.0)
        )
    known = truth if study.config.basis == "given" else None
    controls = report_controls(splits.fit, study.construction, seed=study.config.seed, truth=known)
    planned, done = len(controls) + 2, 0

    def scored(_name: str) -> None:
        nonlocal done
        done += 1
        share(0.0)

    def share(of_one: float) -> None:
        if on_progress is not None:
            on_progress(min(1.0, (done + of_one) / planned))

    told = json.dumps([study.digest, study.config.identity(), arithmetic.precision], sort_keys=True)
    return retrieval_report(
        splits.test,
        weights=study.construction.weights,
        controls=controls,
        arithmetic=arithmetic,
        on_scored=scored,
        queries=report_queries(splits.test, study.config),
        files=None if keep is None else RankFiles(keep, told),
        on_share=share,
        cluster=cluster,
    )


@dataclass
class _Meter:
    """How much of the scoring is done, in cells of images by texts: scoring is nearly all of the work."""

    tell: Callable[[float], None] | None
    planned: int = 1
    done: int = 0

    def breathe(self) -> None:
        """Tell how far it is though no scoring was done: whoever listens may end the study."""
        if self.tell is not None:
            self.tell(min(1.0, self.done / self.planned))

    def add(self, cells: int) -> None:
        """Count one scoring, and tell."""
        self.done += cells
        self.breathe()


def _planned_cells(splits: Splits, config: ConstructionConfig) -> int:
    """Before the report, at most: the reference, every candidate and every average (the first is its only candidate).

    The guard asks at its strengths of every average; at 1 it has the answer already.
    """
    guarded = len(set(config.strengths) - {1.0})
    return config.n_iterations * (2 + guarded) * splits.feedback.n_images * splits.feedback.n_texts


def _report_cells(test: PairedEmbeddings, queries: Int[Tensor, " q"] | None) -> int:
    """Of one scoring of the report: the whole table, or rows of the sampled images and columns of their texts."""
    if queries is None:
        return test.n_images * test.n_texts
    return len(queries) * test.n_texts + test.n_images * int(torch.isin(test.text_image, queries).sum())


def _metered(pairs: PairedEmbeddings, meter: _Meter, arithmetic: Arithmetic, cluster: Cluster | None) -> Feedback:
    score = retrieval_feedback(pairs, arithmetic=arithmetic, cluster=cluster, on_share=lambda _share: meter.breathe())

    def performance(weights: Columns) -> PerImage:
        found = score(weights)
        meter.add(pairs.n_images * pairs.n_texts)
        return found

    return performance


def package_versions() -> tuple[str, ...]:
    """Python and the packages that decide numbers, such as "torch 2.9.0"."""
    return (f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES))
