"""Where the weights of an epoch come from: a scheme on the items as the model sees them, or a trained vector."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import changed
from pico_core.method.construction import construct
from pico_core.method.feedback import Feedback
from pico_core.method.history import Construction, Iteration, ModalityPrototypes, StylePrototypes
from pico_core.method.probabilities import pseudo_semantic_probabilities, weights_from
from pico_core.retrieval.schemes.catalogue import REFERENCE, SCHEMES
from pico_core.retrieval.schemes.scheme import Change, Fitted, NotApplicable, Transform
from pico_core.training.schemes import LOOP_SCHEMES
from pico_core.training.settings import LoopConfig

# Pairs in, their feedback out; the training knows no metric by name, as the method does not.
Measure = Callable[[PairedEmbeddings], Feedback]


class WeightVector(nn.Module):
    """A trained weight per column: softplus of a free number, scaled to mean 1; it begins as P = 1.

    Source: beyond the paper, the rival with as many numbers as P has and a gradient for each.

    >>> WeightVector(2)()
    tensor([1., 1.], grad_fn=<DivBackward0>)
    """

    def __init__(self, n_columns: int) -> None:
        super().__init__()
        self.free = nn.Parameter(torch.full((n_columns,), math.log(math.e - 1)))

    def forward(self) -> Columns:
        """P, with its gradient."""
        positive = nn.functional.softplus(self.free)
        return positive / positive.mean()


@dataclass(frozen=True, eq=False)
class EpochWeights:
    """P of one epoch, without a gradient, and the construction that it came from, if any."""

    weights: Columns
    construction: Construction | None
    seconds: float


@runtime_checkable
class ItemsNow(Protocol):
    """What a construction inside a training asks of a model: some items, always the same, as it sees them now.

    The pairs carry no gradient and lie on the CPU. Coordinates of prototypes stay the same from epoch
    to epoch only because the items do.
    """

    @property
    def n_columns(self) -> int:
        """Columns of both."""

    def anchors(self) -> PairedEmbeddings:
        """Items of the fit split."""

    def asked(self) -> PairedEmbeddings:
        """Items of the feedback split."""


@dataclass(frozen=True, eq=False)
class Weigher:
    """Makes P anew at the beginning of every epoch.

    Attributes:
        measure: Pairs to their feedback.
        config: Settings.
    """

    measure: Measure
    config: LoopConfig

    @torch.no_grad()
    def weights(self, items: ItemsNow, *, epoch: int) -> EpochWeights:
        """P of an epoch from the anchors as the model sees them now; all ones in the first.

        Source: paper (P = 1 in the first epoch, then from anchors); the variants are controls.

        Raises:
            DataError: feedback is impossible, as nothing is found on the feedback split.
        """
        began, scheme = time.perf_counter(), LOOP_SCHEMES[self.config.weighting].scheme
        if epoch <= 1 or scheme in (REFERENCE, "learned"):
            return EpochWeights(torch.ones(items.n_columns), None, 0.0)
        fitted = SCHEMES[scheme].fit(EpochContext(items, self.measure, self.config, epoch))
        assert fitted.weights is not None
        return EpochWeights(fitted.weights, fitted.construction, time.perf_counter() - began)


class EpochContext:
    """The `SchemeContext` of one epoch: anchors and feedback items as the model sees them now, the loop's strength.

    Args:
        items: Of the model.
        measure: Pairs to their feedback.
        config: Of the loop.
        epoch: Its number: what is drawn at random is drawn anew in every epoch.
    """

    n_permutations = 1

    def __init__(self, items: ItemsNow, measure: Measure, config: LoopConfig, epoch: int) -> None:
        self.items, self.measure, self.config, self.epoch = items, measure, config, epoch

    @property
    def seed(self) -> int:
        """Of what a scheme draws; the construction has that of the training."""
        return self.config.seed * 100_003 + self.epoch

    @cached_property
    def fit(self) -> PairedEmbeddings:
        """The anchors."""
        return self.items.anchors()

    @property
    def pseudo_semantic(self) -> Columns:
        """p̂ over the anchors."""
        return pseudo_semantic_probabilities(self.fit)

    def feedback(self) -> Feedback:
        """Weights to the performance of every image that is asked."""
        return self.measure(self.items.asked())

    def construct(self, changes: tuple[Change, ...] = ()) -> Fitted:
        """A construction at the strength of the loop.

        Raises:
            DataError: feedback is impossible, as nothing is found on the feedback split.
        """
        try:
            construction = construct(
                self.fit,
                feedback=self.feedback(),
                config=changed(self.config.method, {change.setting: change.value for change in changes}),
                generator=torch.Generator().manual_seed(self.config.seed),
            )
        except ValueError as error:
            raise DataError(f"{self.fit.name}: epoch {self.epoch}: {error}") from error
        return replace(self.at_strength(construction.probabilities), construction=construction)

    def at_strength(self, scores: Columns) -> Fitted:
        """Weights at the strength of the loop."""
        return Fitted(weights=weights_from(scores, strength=self.config.strength), strength=self.config.strength)

    def at_shrinkage(self, repair: Callable[[PairedEmbeddings, float], Transform]) -> Fitted:
        """Refused: a training has no room for another space."""
        raise NotApplicable("a training weighs columns, and transforms none")

    def truth(self) -> Columns:
        """Refused: nobody knows it behind heads."""
        raise NotApplicable("no planted truth")


def sampled(pairs: PairedEmbeddings, n_images: int, *, seed: int) -> PairedEmbeddings:
    """At most so many images at random, in their old order, with all their texts; 0 = all.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(4), torch.eye(4))
    >>> sampled(pairs, 2, seed=0).n_images, sampled(pairs, 0, seed=0).n_images
    (2, 4)
    """
    if not 0 < n_images < pairs.n_images:
        return pairs
    drawn = torch.randperm(pairs.n_images, generator=torch.Generator().manual_seed(seed))[:n_images]
    return pairs.select(drawn.sort().values)


def as_iteration(weighting: EpochWeights, before: Iteration | None) -> Iteration:
    """The construction of an epoch as one iteration of the training's history, numbered like the one before."""
    assert weighting.construction is not None
    best = weighting.construction.history.iterations[weighting.construction.best_iteration]
    index = 0 if before is None else before.index + 1
    prototypes, candidate = best.prototypes, best.candidate
    shift = float("inf")
    if before is not None:
        image = _order(prototypes.image.centres, before.prototypes.image.centres)
        text = _order(prototypes.text.centres, before.prototypes.text.centres)
        prototypes, candidate = (
            StylePrototypes(_renumbered(both.image, image), _renumbered(both.text, text))
            for both in (prototypes, candidate)
        )
        shift = max(
            float((prototypes.image.centres - before.prototypes.image.centres).abs().max()),
            float((prototypes.text.centres - before.prototypes.text.centres).abs().max()),
        )
    return replace(
        best,
        index=index,
        candidate=candidate,
        prototypes=prototypes,
        candidate_shares=nn.functional.one_hot(torch.tensor(index), index + 1).float(),
        shift=shift,
        seconds=weighting.seconds,
    )


def _order(centres: Float[Tensor, "k a"], before: Float[Tensor, "k a"]) -> list[int]:
    """For every old prototype the new one that takes its number: the assignment of least total distance."""
    from scipy.optimize import linear_sum_assignment

    _, columns = linear_sum_assignment(torch.cdist(before.double(), centres.double()).numpy())
    return [int(column) for column in columns]


def _renumbered(prototypes: ModalityPrototypes, order: list[int]) -> ModalityPrototypes:
    position = torch.empty(len(order), dtype=torch.int64)
    position[torch.tensor(order)] = torch.arange(len(order))
    return ModalityPrototypes(prototypes.centres[order], position[prototypes.labels.long()], prototypes.inertia)
