"""A whole study: one dataset and one setting, from the split to the report on the test split."""

import json
import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import polars as pl
import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.cluster import Cluster
from pico_core.columns.summary import column_table
from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Notes, Reporter
from pico_core.data.distributed_statistics import distributed_statistics
from pico_core.data.labels import has_style_labels
from pico_core.data.pairs import PairedEmbeddings, PartName, Splits
from pico_core.data.samples import Sample, draw_images
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.method.bases import fit_basis
from pico_core.method.basis import Basis
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct, most_questions
from pico_core.method.history import Construction
from pico_core.retrieval.evaluation import retrieval_feedback, retrieval_report
from pico_core.retrieval.rank_files import RankFiles
from pico_core.retrieval.ranker import ranker_for
from pico_core.retrieval.records import RetrievalReport
from pico_core.retrieval.schemes.beside_a_study import report_controls
from pico_core.retrieval.schemes.catalogue import SCHEMES

PACKAGES = ("pico-lens", "torch", "scikit-learn", "scipy", "numpy", "polars")
GIVEN = Basis("given")


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


@dataclass(frozen=True, eq=False)
class StudySplits(Splits):
    """The three parts of a dataset as a study reads them: in its basis, which was fitted on fit.

    Attributes:
        basis: The axes of all three.
    """

    basis: Basis = GIVEN


def study_images(pairs: PairedEmbeddings, config: StudyConfig) -> dict[PartName, Int[Tensor, " k"]]:
    """The images of every part of a dataset as a study divides it; of a large feedback split all of them."""
    return pairs.split_images(seed=config.seed, fit=config.fit, feedback=config.feedback)


def study_splits(
    pairs: PairedEmbeddings,
    config: StudyConfig,
    basis: Basis | None = None,
    *,
    cluster: Cluster | None = None,
    reporter: Reporter = SILENT,
) -> StudySplits:
    """Split as the settings say, and read all three parts in the basis (fitted on fit if not given).

    Of a large feedback split the sample that the settings allow is kept, and `feedback_sample` says so. A part is
    chosen, read in the basis and let go before the next one: what is held is the parts in the basis.

    Args:
        pairs: A whole dataset.
        config: Settings; the seed decides the division.
        basis: The axes.
        cluster: Whose workers make the statistics of the fit split; default it makes them when they are asked for.
        reporter: Hears of the share of those.
    """
    images = study_images(pairs, config)
    fit = pairs.select_part("fit", images["fit"])
    if basis is None:
        if cluster is not None and config.basis != "given":
            distributed_statistics(cluster, fit, reporter=reporter)
        basis = study_basis(fit, config)
    fit = basis.apply(fit)
    if cluster is not None:
        distributed_statistics(cluster, fit, reporter=reporter)
    drawn, sample = draw_images(len(images["feedback"]), most=config.feedback_images, seed=config.seed), None
    if drawn is not None:
        sample = Sample(len(drawn), len(images["feedback"]))
        images["feedback"] = images["feedback"][drawn]
    feedback, test = (basis.apply(pairs.select_part(name, images[name])) for name in ("feedback", "test"))
    return StudySplits(fit, feedback, test, sample, basis)


def study_part(pairs: PairedEmbeddings, config: StudyConfig, name: PartName, basis: Basis = GIVEN) -> PairedEmbeddings:
    """One part of a dataset as a study divides it, where the others are not needed.

    Args:
        pairs: A whole dataset.
        config: Settings; the seed decides the division.
        name: Which part; of a large feedback split all images are kept.
        basis: The axes to read it in.
    """
    return basis.apply(pairs.select_part(name, study_images(pairs, config)[name]))


def report_queries(test: PairedEmbeddings, config: StudyConfig) -> Int[Tensor, " q"] | None:
    """The images of the test split that ask in the report of a study; None where all do."""
    return draw_images(test.n_images, most=config.report_images, seed=config.seed)


def run_study(
    pairs: PairedEmbeddings,
    config: StudyConfig | None = None,
    *,
    truth: Columns | None = None,
    reporter: Reporter = SILENT,
    cluster: Cluster | None = None,
    splits: StudySplits | None = None,
) -> Study:
    """Split, fit the basis, construct, and report on the test split with all controls.

    Args:
        pairs: A whole dataset.
        config: Settings; the seed decides everything random.
        truth: Planted semantic share of the given columns: adds the oracle (basis "given" only).
        reporter: Hears of the share after every scoring, and of every iteration as a step; one that raises
            `Cancelled` at a step ends the construction, and the study reports on what there is.
        cluster: Whose workers read the tokens and score; what is left here is small. Default this process does all.
        splits: Made of this dataset with these settings by whoever goes on with them; default they are made here.

    Raises:
        DataError: the dataset is too small to be divided, or feedback is impossible on it.
    """
    began = time.perf_counter()
    config, notes = config or StudyConfig(), Notes(reporter)
    digest, dataset = pairs.digest, pairs.name
    splits = splits or study_splits(pairs, config, cluster=cluster, reporter=notes.part(0.0, 0.0))
    fit, feedback, test, basis, sample = splits.fit, splits.feedback, splits.test, splits.basis, splits.feedback_sample
    queries = report_queries(test, config)
    arithmetic = Arithmetic(precision=config.precision)
    known = truth if config.basis == "given" else None
    n_scorings = 2 + sum(bool(scheme.in_report) for scheme in SCHEMES) - (known is None) - (not has_style_labels(fit))
    built = _share_of_construction(splits, config.construction, n_scorings, queries)
    building = notes.part(0.0, built, steps=True)
    del pairs, splits  # each part goes as soon as nothing more is asked of it, unless the caller holds it
    try:
        construction = construct(
            fit,
            feedback=retrieval_feedback(
                feedback, ranker=ranker_for(feedback, cluster=cluster, arithmetic=arithmetic), reporter=building
            ),
            config=config.construction,
            generator=torch.Generator().manual_seed(config.seed),
            reporter=building,
        )
    except ValueError as error:
        raise DataError(f"{dataset}: {error}") from error
    del feedback
    report = retrieval_report(
        test,
        weights=construction.weights,
        controls=report_controls(fit, construction, seed=config.seed, truth=known),
        ranker=ranker_for(test, queries=queries, cluster=cluster, arithmetic=arithmetic),
        reporter=notes.part(built, 1.0),
    )
    del test
    columns = column_table(
        fit, construction, basis, seed=config.seed, semantic_share=known, reporter=notes.part(1.0, 1.0)
    )
    return Study(
        config=config,
        digest=digest,
        dataset=dataset,
        basis=basis,
        construction=construction,
        report=report,
        columns=columns,
        seconds=time.perf_counter() - began,
        versions=package_versions(),
        feedback_sample=sample,
        notes=notes.sentences,
    )


def evaluate_study(
    pairs: PairedEmbeddings,
    study: Study,
    *,
    truth: Columns | None = None,
    arithmetic: Arithmetic = DEFAULT,
    keep: Path | None = None,
    reporter: Reporter = SILENT,
    cluster: Cluster | None = None,
) -> RetrievalReport:
    """Score the test split of a study again, with its weights and its controls.

    Args:
        pairs: The whole dataset.
        study: Made from it.
        truth: Planted semantic share of the given columns.
        arithmetic: How scores are computed.
        keep: A folder where what finished blocks counted is kept; the same evaluation goes on from there.
        reporter: Hears of the share of the scorings.
        cluster: Whose workers read the tokens and score; default this process does all.
    """
    fit, test = (study_part(pairs, study.config, name, study.basis) for name in ("fit", "test"))
    if cluster is not None:
        distributed_statistics(cluster, fit, reporter=reporter.part(0.0, 0.0))
    known = truth if study.config.basis == "given" else None
    identity = json.dumps([study.digest, study.config.identity(), arithmetic.precision], sort_keys=True)
    return retrieval_report(
        test,
        weights=study.construction.weights,
        controls=report_controls(fit, study.construction, seed=study.config.seed, truth=known),
        ranker=ranker_for(
            test,
            queries=report_queries(test, study.config),
            files=None if keep is None else RankFiles(keep, identity),
            cluster=cluster,
            arithmetic=arithmetic,
        ),
        reporter=reporter,
    )


def _share_of_construction(
    splits: Splits, config: ConstructionConfig, n_scorings: int, queries: Int[Tensor, " q"] | None
) -> float:
    """How much of a study's work the construction is, in cells of images by texts: scoring is nearly all of it."""
    test = splits.test
    if queries is None:
        reported = test.n_images * test.n_texts
    else:  # rows of the sampled images and columns of their texts
        reported = len(queries) * test.n_texts + test.n_images * int(torch.isin(test.text_image, queries).sum())
    built = most_questions(config) * splits.feedback.n_images * splits.feedback.n_texts
    return built / (built + n_scorings * reported)


def package_versions() -> tuple[str, ...]:
    """Python and the packages that decide numbers, such as "torch 2.9.0"."""
    return (f"python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES))
