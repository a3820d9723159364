"""What all cells of one dataset and one seed share, made once and only when it is asked for."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch

from pico_core.analysis.controls import column_correlation
from pico_core.analysis.evaluation import image_rsum, retrieval_feedback
from pico_core.analysis.repairs import Transform
from pico_core.analysis.scoring import score_pairs
from pico_core.axes import Columns, PerImage
from pico_core.data.pairs import PairedEmbeddings, Splits
from pico_core.errors import DataError
from pico_core.experiments.datasets import OpenDataset
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.method.basis import fit_basis
from pico_core.method.config import BasisName, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction
from pico_core.method.probabilities import pseudo_semantic_probabilities, weights_from


@dataclass(frozen=True, eq=False)
class Built:
    """A construction, and how long it took when it was made."""

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
        self.building = 0.0  # seconds spent on constructions so far
        self._splits: dict[BasisName, Splits] = {}
        self._feedback: dict[BasisName, Feedback] = {}
        self._built: dict[StudyConfig, Built] = {}

    @cached_property
    def parts(self) -> Splits:
        """The three parts in the given columns."""
        return self.dataset.pairs.split(seed=self.config.seed, fit=self.config.fit, feedback=self.config.feedback)

    def splits(self, basis: BasisName | None = None) -> Splits:
        """The three parts in a basis (default that of the dataset), fitted on fit."""
        name = basis or self.config.basis
        if name not in self._splits:
            axes = fit_basis(self.parts.fit, name)
            self._splits[name] = Splits(*(axes.apply(part) for part in _each(self.parts)))
        return self._splits[name]

    @cached_property
    def unweighted(self) -> QueryRanks:
        """Ranks of the test split at P = 1, in the basis of the dataset; no rotation would change them."""
        return ranked(self.splits().test)

    def feedback(self, basis: BasisName | None = None) -> Feedback:
        """Feedback that scores the same weights once only."""
        name = basis or self.config.basis
        if name not in self._feedback:
            self._feedback[name] = remembered(retrieval_feedback(self.splits(name).feedback))
        return self._feedback[name]

    def built(self, config: StudyConfig) -> Built:
        """The construction of these settings, made once.

        Raises:
            DataError: feedback is impossible on this split.
            SettingError: the settings do not fit the data, such as more prototypes than columns.
        """
        if config not in self._built:
            began = time.perf_counter()
            try:
                construction = construct(
                    self.splits(config.basis).fit,
                    feedback=self.feedback(config.basis),
                    config=config.construction,
                    generator=torch.Generator().manual_seed(config.seed),
                )
            except ValueError as error:
                raise DataError(str(error)) from error
            finally:
                seconds = time.perf_counter() - began
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


def remembered(feedback: Feedback) -> Feedback:
    """The same feedback, asked once only about the same weights, to the bit."""
    known: dict[bytes, PerImage] = {}

    def performance(weights: Columns) -> PerImage:
        key = weights.detach().contiguous().numpy().tobytes()
        if key not in known:
            known[key] = feedback(weights)
        return known[key]

    return performance


def seeded(config: StudyConfig, seed: int) -> StudyConfig:
    """These settings under another seed.

    >>> seeded(StudyConfig(), 3).seed
    3
    """
    return replace(config, seed=seed)


def _each(parts: Splits) -> tuple[PairedEmbeddings, PairedEmbeddings, PairedEmbeddings]:
    return parts.fit, parts.feedback, parts.test
