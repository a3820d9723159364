"""What all cells of one dataset and one seed share, made once and only when it is asked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import torch

from pico_core.common.axes import Columns, PerImage
from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.experiments.datasets import OpenDataset
from pico_core.kernels.metrics import QueryRanks
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction
from pico_core.method.probabilities import pseudo_semantic_probabilities, weights_from
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.metrics import image_rsum
from pico_core.retrieval.ranker import ranker_for
from pico_core.retrieval.schemes.learned import LearningConfig, learn_weights
from pico_core.retrieval.schemes.method import N_PERMUTATIONS
from pico_core.retrieval.schemes.scheme import Change, Fitted, NotApplicable, Transform
from pico_core.retrieval.uncertainty import mismatched_null
from pico_core.studies.study import study_basis

SHRINKAGES: Final = (0.01, 0.1, 0.5)  # as many to choose from as there are strengths by default


@dataclass(frozen=True, eq=False)
class Built:
    """A construction, and how long it takes where nothing of it is known before."""

    construction: Construction
    seconds: float


class Workbench:
    """One dataset under one seed: parts, axes, feedback, constructions and the unweighted scoring.

    It is the `SchemeContext` of experiments: feedback chooses strength and shrinkage, and no guard asks whether the
    best is good enough.

    Args:
        dataset: Opened, with its truth where that is known.
        config: The settings of the dataset; its seed decides the split.
    """

    n_permutations = N_PERMUTATIONS

    def __init__(self, dataset: OpenDataset, config: StudyConfig) -> None:
        self.dataset = dataset
        self.config = config
        self.building = 0.0  # seconds of constructions so far, by `clock`
        self._saved = 0.0
        self._splits: dict[tuple[str, float], Splits] = {}
        self._feedback: dict[tuple[str, float], Feedback] = {}
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
        return ranker_for(self.splits().test).ranks()

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

    @property
    def seed(self) -> int:
        """Of everything random."""
        return self.config.seed

    @property
    def fit(self) -> PairedEmbeddings:
        """The fit split in the axes of the dataset."""
        return self.splits().fit

    @cached_property
    def pseudo_semantic(self) -> Columns:
        """p̂ over all pairs of the fit split."""
        return pseudo_semantic_probabilities(self.fit)

    def construct(self, changes: tuple[Change, ...] = ()) -> Fitted:
        """The best candidate by feedback, whether the guard would let it through or not."""
        config = changed_config(self.config, changes)
        construction = self.built(config).construction
        return Fitted(
            weights=construction.unguarded_weights,
            strength=construction.guard.strength,
            construction=construction,
            config=config,
        )

    def at_strength(self, scores: Columns) -> Fitted:
        """Weights from scores of the columns, at the one of the dataset's strengths that feedback likes best.

        Every scheme has these same strengths to choose from.
        """
        feedback = self.feedback()
        tried = {strength: weights_from(scores, strength=strength) for strength in self.config.construction.strengths}
        best = max(tried, key=lambda strength: float(feedback(tried[strength]).double().mean()))
        return Fitted(weights=tried[best], strength=best)

    def at_shrinkage(self, repair: Callable[[PairedEmbeddings, float], Transform]) -> Fitted:
        """A repair of the fit split, at the shrinkage that the feedback split likes best."""
        held = self.splits().feedback
        ranker = ranker_for(held)
        tried = [Fitted(transform=repair(self.fit, s), note=f"shrinkage {s:g}") for s in SHRINKAGES]
        return max(tried, key=lambda fitted: image_rsum(ranker.ranks_of(fitted), held.text_image).double().mean())

    def truth(self) -> Columns:
        """The planted semantic share of the columns.

        Raises:
            NotApplicable: it is not known, or not in these axes.
        """
        if self.dataset.truth is None:
            raise NotApplicable("no planted truth")
        if self.config.basis != "given":
            raise NotApplicable("the truth is planted in the given columns")
        return self.dataset.truth


def changed_config(config: StudyConfig, changes: tuple[Change, ...]) -> StudyConfig:
    """These settings with some of them changed."""
    return config.with_settings({change.setting: change.value for change in changes})


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


def _axes_of(config: StudyConfig) -> tuple[str, float]:
    """What decides the axes under one seed."""
    return config.basis, config.shrinkage


def _each(parts: Splits) -> tuple[PairedEmbeddings, PairedEmbeddings, PairedEmbeddings]:
    return parts.fit, parts.feedback, parts.test
