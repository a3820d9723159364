"""What all cells of one dataset and one seed share, made once and only when it is asked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from pico_core.axes import Columns, PerImage
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.errors import DataError
from pico_core.experiments.datasets import OpenDataset
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.method.config import BasisName, ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction
from pico_core.method.probabilities import pseudo_semantic_probabilities, weights_from
from pico_core.retrieval.evaluation import image_rsum, retrieval_feedback
from pico_core.retrieval.schemes.controls import column_correlation
from pico_core.retrieval.schemes.repairs import Transform
from pico_core.retrieval.scoring import score_pairs
from pico_core.retrieval.uncertainty import mismatched_null
from pico_core.studies.study import study_basis
from pico_core.training.column_weights import LearningConfig, learn_weights


@dataclass(frozen=True, eq=False)
class Built:
    """A construction, and how long it takes where nothing of it is known before."""

    construction: Construction
    seconds: float


@dataclass(frozen=True, eq=False)
class Chosen:
    """Weights at the strength that the feedback split liked best."""

    weights: Columns
    strength: float


@dataclass(frozen=True, eq=False)
class Repaired:
    """A change of the tokens at the shrinkage that the feedback split liked best."""

    transform: Transform
    shrinkage: float


class Workbench:
    """One dataset under one seed: parts, axes, feedback, constructions and the unweighted scoring.

    Args:
        dataset: Opened, with its truth where that is known.
        config: The settings of the dataset; its seed decides the split.
    """

    def __init__(self, dataset: OpenDataset, config: StudyConfig) -> None:
        self.dataset = dataset
        self.config = config
        self.building = 0.0  # seconds of constructions so far, by `clock`
        self._saved = 0.0
        self._splits: dict[tuple[BasisName, float], Splits] = {}
        self._feedback: dict[tuple[BasisName, float], Feedback] = {}
        self._built: dict[StudyConfig, Built] = {}

    def clock(self) -> float:
        """Seconds of processor time, as if nothing had been remembered: feedback asked again counts as at first.

        So a variant's time depends neither on which others ran before it, nor on what else the machine does.
        """
        return time.process_time() + self._saved

    @cached_property
    def parts(self) -> Splits:
        """The three parts in the given columns."""
        return self.dataset.pairs.split(seed=self.config.seed, fit=self.config.fit, feedback=self.config.feedback)

    def splits(self, config: StudyConfig | None = None) -> Splits:
        """The three parts in the axes of these settings (default those of the dataset), fitted on fit."""
        config = config or self.config
        key = _axes_of(config)
        if key not in self._splits:
            axes = study_basis(self.parts.fit, config)
            fit, feedback, test = (axes.apply(part) for part in _each(self.parts))
            self._splits[key] = Splits(fit, feedback, test)
        return self._splits[key]

    @cached_property
    def unweighted(self) -> QueryRanks:
        """Ranks of the test split at P = 1, in the basis of the dataset; no rotation would change them."""
        return ranked(self.splits().test)

    def feedback(self, config: StudyConfig | None = None) -> Feedback:
        """Feedback that scores the same weights once only."""
        config = config or self.config
        key = _axes_of(config)
        if key not in self._feedback:
            self._feedback[key] = self._remembered(retrieval_feedback(self.splits(config).feedback))
        return self._feedback[key]

    def _remembered(self, feedback: Feedback) -> Feedback:
        """The same feedback, asked once only about the same weights, to the bit."""
        known: dict[bytes, PerImage] = {}
        took: dict[bytes, float] = {}

        def performance(weights: Columns) -> PerImage:
            key = weights.detach().contiguous().numpy().tobytes()
            if key in known:
                self._saved += took[key]
            else:
                began = time.process_time()
                known[key] = feedback(weights)
                took[key] = time.process_time() - began
            return known[key]

        return performance

    def built(self, config: StudyConfig) -> Built:
        """The construction of these settings, made once.

        Raises:
            DataError: feedback is impossible on this split, or the settings do not fit the data, such as more
                prototypes than columns.
        """
        if config not in self._built:
            began = self.clock()
            try:
                construction = construct(
                    self.splits(config).fit,
                    feedback=self.feedback(config),
                    config=config.construction,
                    generator=torch.Generator().manual_seed(config.seed),
                )
            except ValueError as error:
                raise DataError(str(error)) from error
            finally:
                seconds = self.clock() - began
                self.building += seconds
            self._built[config] = Built(construction, seconds)
        return self._built[config]

    def strongest(self, scores: Columns) -> Chosen:
        """Weights from scores of the columns, at the one of the dataset's strengths that feedback likes best.

        Every variant has these same strengths to choose from; no guard asks whether the best is good enough.
        """
        feedback = self.feedback()
        tried = [Chosen(weights_from(scores, strength=s), s) for s in self.config.construction.strengths]
        return max(tried, key=lambda one: float(feedback(one.weights).double().mean()))

    def best_shrinkage(
        self, repair: Callable[[PairedEmbeddings, float], Transform], shrinkages: tuple[float, ...]
    ) -> Repaired:
        """A repair of the fit split, at the shrinkage that the feedback split likes best."""
        held = self.splits().feedback

        def score(one: Repaired) -> float:
            return float(image_rsum(ranked(one.transform(held)), held.text_image).double().mean())

        return max((Repaired(repair(self.splits().fit, s), s) for s in shrinkages), key=score)

    @cached_property
    def pseudo_semantic(self) -> Columns:
        """p̂ over all pairs of the fit split."""
        return pseudo_semantic_probabilities(self.splits().fit)

    @cached_property
    def correlation(self) -> Columns:
        """Column correlation over matched pairs of the fit split, negative ones as 0."""
        return column_correlation(self.splits().fit).clamp_min(0.0)


def ranked(pairs: PairedEmbeddings, weights: Columns | None = None) -> QueryRanks:
    """Ranks of every query of a split."""
    return query_ranks(score_pairs(pairs, weights), pairs.text_image)


def warm_up() -> None:
    """Do everything once on almost nothing: else the first cell would be charged for loading libraries."""
    pairs = planted_pairs(PlantedConfig(n_images=12, n_columns=8)).pairs
    parts = pairs.split()
    feedback = retrieval_feedback(pairs)
    small = ConstructionConfig(n_prototypes=2, n_iterations=1, n_anchors=4)
    construct(parts.fit, feedback=feedback, config=small)
    mismatched_null(parts.fit, n_draws=2)
    learn_weights(
        parts.fit, feedback=feedback, generator=torch.Generator().manual_seed(0), config=LearningConfig(n_epochs=1)
    )


def seeded(config: StudyConfig, seed: int) -> StudyConfig:
    """These settings under another seed.

    >>> seeded(StudyConfig(), 3).seed
    3
    """
    return replace(config, seed=seed)


def _axes_of(config: StudyConfig) -> tuple[BasisName, float]:
    """What decides the axes under one seed."""
    return config.basis, config.shrinkage


def _each(parts: Splits) -> tuple[PairedEmbeddings, PairedEmbeddings, PairedEmbeddings]:
    return parts.fit, parts.feedback, parts.test
