"""Weighted K-means at many exponents of the weight: what the weights change."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.columns.trajectories import PrototypePlane, prototype_plane
from pico_core.common.axes import Columns
from pico_core.common.errors import SettingError
from pico_core.method.config import ConstructionConfig
from pico_core.method.construction import probabilities_from
from pico_core.method.history import Construction, ModalityPrototypes, StylePrototypes
from pico_core.method.prototypes import ColumnPoints, cluster_columns, instance_weights
from pico_core.teaching.digits import Printed, agreeing

GAMMAS = (0.0, 0.5, 1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
Modality = Literal["image", "text"]


@dataclass(frozen=True, eq=False)
class ColumnTerm:
    """What one column adds to the objective L = sum_d q̂_d ** gamma ||c_d - mu_a(d)||².

    Attributes:
        prototype: The nearest centre, a(d).
        weight: q̂_d ** gamma; 0 for a column that never varies.
        squared_distance: To that centre.
        term: Their product.
    """

    prototype: int
    weight: float
    squared_distance: float
    term: float

    def printed(self, pseudo_style: float, *, gamma: float) -> Printed:
        """q̂ and the squared distance, with digits enough to give the term.

        >>> ColumnTerm(0, 0.25, 0.5, 0.125).printed(0.5, gamma=2.0).parts
        ('0.500', '0.500')
        """
        return agreeing(
            (pseudo_style, self.squared_distance),
            self.term,
            combine=lambda style, apart: style**gamma * apart,
            significant=True,
        )


@dataclass(frozen=True, eq=False)
class GammaStep:
    """The prototypes at one exponent.

    Attributes:
        gamma: The exponent.
        image_weights: Instance weight of every column on the image side.
        text_weights: The same on the text side (another only for columns that never vary).
        prototypes: Centres, nearest centres, and L of both sides.
        probabilities: What step 7 of the method makes of these prototypes.
    """

    gamma: float
    image_weights: Columns
    text_weights: Columns
    prototypes: StylePrototypes
    probabilities: Columns

    def weights(self, modality: Modality) -> Columns:
        """Instance weights of one side."""
        return self.image_weights if modality == "image" else self.text_weights

    def of(self, modality: Modality) -> ModalityPrototypes:
        """The prototypes of one side."""
        return self.prototypes.image if modality == "image" else self.prototypes.text

    @property
    def n_effective(self) -> float:
        """So many columns of equal weight would pull as unevenly: (sum w)² / sum w² (Kish), image side."""
        weights = self.image_weights.double()
        return float(weights.sum().square() / weights.square().sum())


@dataclass(frozen=True, eq=False)
class GammaSweep:
    """Prototypes along exponents, and one plane per side in which all of them are drawn.

    Attributes:
        points: Columns as points.
        steps: One per exponent, ascending.
        image: Columns, and the centres of every step, in the plane of largest variance.
        text: The same.
    """

    points: ColumnPoints
    steps: tuple[GammaStep, ...]
    image: PrototypePlane
    text: PrototypePlane

    @property
    def gammas(self) -> tuple[float, ...]:
        """All exponents."""
        return tuple(step.gamma for step in self.steps)

    def index_of(self, gamma: float) -> int:
        """The step of an exponent.

        Raises:
            SettingError: it was not computed.
        """
        if gamma not in self.gammas:
            raise SettingError(
                f"gamma {gamma:g} was not computed; choose one of {', '.join(f'{g:g}' for g in self.gammas)}"
            )
        return self.gammas.index(gamma)

    def moved(self, gamma: float, *, since: float) -> tuple[int, int]:
        """Columns whose nearest prototype is another than at the exponent `since`: image side, text side."""
        here, there = self.steps[self.index_of(gamma)].prototypes, self.steps[self.index_of(since)].prototypes
        return (
            int((here.image.labels != there.image.labels).sum()),
            int((here.text.labels != there.text.labels).sum()),
        )

    def shift(self, gamma: float, *, since: float) -> tuple[float, float]:
        """How far the centres stand from where they were, on average: image side, text side.

        In units of the columns' length, which is 1.
        """
        here, there = self.steps[self.index_of(gamma)].prototypes, self.steps[self.index_of(since)].prototypes
        return (
            float((here.image.centres - there.image.centres).norm(dim=1).mean()),
            float((here.text.centres - there.text.centres).norm(dim=1).mean()),
        )

    def term(self, gamma: float, column: int, modality: Modality) -> ColumnTerm:
        """What a column adds to L at an exponent."""
        step = self.steps[self.index_of(gamma)]
        side, points = step.of(modality), self.points.image if modality == "image" else self.points.text
        nearest = int(side.labels[column])
        # By subtraction, not by cdist: that expands the square and leaves a hair where the distance is 0.
        apart = float((points[column].double() - side.centres[nearest].double()).square().sum())
        weight = float(step.weights(modality)[column])
        return ColumnTerm(nearest, weight, apart, weight * apart)


def printed_style(pseudo_semantic: float, *, digits: int = 3) -> Printed:
    """p̂ with digits enough to give q̂ = 1 - p̂ by hand.

    >>> printed_style(0.75)
    Printed(parts=('0.750',), whole='0.250', digits=3)
    """
    return agreeing((pseudo_semantic,), 1 - pseudo_semantic, combine=lambda agreement: 1 - agreement, digits=digits)


def gamma_sweep(
    points: ColumnPoints,
    pseudo_style: Columns,
    *,
    start: StylePrototypes,
    gammas: Sequence[float] = GAMMAS,
    config: ConstructionConfig,
) -> GammaSweep:
    """Cluster the columns once per exponent, every time from the same start.

    From one start a prototype keeps its number at every exponent, and what differs comes from
    the weights alone. K-means finds a best solution near its start, not the best of all.

    Args:
        points: Columns as points.
        pseudo_style: q̂.
        start: Where every K-means begins.
        gammas: Exponents; sorted, each once.
        config: Number of prototypes, and how they become probabilities; its own gamma is not used.

    Source: weighted K-means on q̂ is the paper's (gamma = 1); coordinates and other exponents are a reconstruction.
    """
    steps = []
    for gamma in sorted(set(gammas)):
        prototypes = cluster_columns(
            points,
            pseudo_style,
            start=start,
            config=replace(config, gamma=gamma),
            generator=torch.Generator().manual_seed(0),
        )
        steps.append(
            GammaStep(
                gamma=gamma,
                image_weights=instance_weights(points.image, pseudo_style, gamma=gamma),
                text_weights=instance_weights(points.text, pseudo_style, gamma=gamma),
                prototypes=prototypes,
                probabilities=probabilities_from(points, prototypes, pseudo_style, config),
            )
        )
    return GammaSweep(
        points,
        tuple(steps),
        image=prototype_plane(points.image, _centres(steps, "image")),
        text=prototype_plane(points.text, _centres(steps, "text")),
    )


def sweep_of(construction: Construction, *, gammas: Sequence[float] = GAMMAS) -> GammaSweep:
    """`gamma_sweep` from a finished construction: its columns, its p̂ over all pairs, its prototypes as the start.

    The construction's own exponent is among the results.
    """
    return gamma_sweep(
        ColumnPoints(construction.image_columns, construction.text_columns),
        1 - construction.pseudo_semantic,
        start=construction.prototypes,
        gammas=(*gammas, construction.config.gamma),
        config=construction.config,
    )


def _centres(steps: Sequence[GammaStep], modality: Modality) -> Float[Tensor, "t k a"]:
    return torch.stack([step.of(modality).centres for step in steps])
