"""From prototypes to probabilities: every reconstructed choice beside the others, on one construction."""

from dataclasses import dataclass
from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.columns.summary import RankAgreement, rank_agreement
from pico_core.common.axes import Columns
from pico_core.method.config import Combination, Similarity
from pico_core.method.history import Construction
from pico_core.method.probabilities import FLOOR, combine_modalities, style_similarity
from pico_core.teaching.digits import Printed, agreeing

GRID = 41  # points along either side of the plane of both similarities


@dataclass(frozen=True, eq=False)
class Choice:
    """Probabilities under one choice of similarity and combination.

    Attributes:
        similarity: How a column is compared with the prototypes.
        combination: How both modalities combine.
        image_similarity: s^v of every column.
        text_similarity: s^t.
        probabilities: p.
        agreement: Rank correlation over columns with the probabilities of the construction.
    """

    similarity: Similarity
    combination: Combination
    image_similarity: Columns
    text_similarity: Columns
    probabilities: Columns
    agreement: RankAgreement


@dataclass(frozen=True, eq=False)
class Height:
    """p over the plane of both similarities: `levels[i, j]` at s^t = `axis[i]`, s^v = `axis[j]`."""

    axis: Float[Tensor, " g"]
    levels: Float[Tensor, "g g"]


@dataclass(frozen=True, eq=False)
class Cosines:
    """Cosine of one column with every prototype, on both sides.

    The largest by absolute value is the style similarity.
    """

    image: Float[Tensor, " k"]
    text: Float[Tensor, " k"]


def probability_choice(construction: Construction, *, similarity: Similarity, combination: Combination) -> Choice:
    """Probabilities from the prototypes of a construction under another choice; nothing is clustered anew.

    Args:
        construction: Whose prototypes are read, with q̂ and sigma as it read them itself.
        similarity: One of the named alternatives.
        combination: One of the named alternatives.

    Source: reconstruction, with its alternatives.
    """
    style = 1 - construction.history.iterations[construction.best_iteration].pseudo_semantic
    image, text = (
        style_similarity(points, prototypes, pseudo_style=style, similarity=similarity, sigma=construction.config.sigma)
        for points, prototypes in (
            (construction.image_columns, construction.prototypes.image),
            (construction.text_columns, construction.prototypes.text),
        )
    )
    probabilities = combine_modalities(image, text, combination=combination).clamp(0.0, 1.0)
    return Choice(
        similarity, combination, image, text, probabilities, rank_agreement(probabilities, construction.probabilities)
    )


def printed_probability(
    image_similarity: float, text_similarity: float, probability: float, *, combination: Combination
) -> Printed:
    """Both similarities with digits enough to give the probability by hand.

    >>> printed_probability(0.5, 0.2, 0.4, combination="product").parts
    ('0.500', '0.200')
    """
    return agreeing(
        (image_similarity, text_similarity),
        probability,
        combine=lambda image, text: float(
            combine_modalities(
                torch.tensor([image], dtype=torch.float64),
                torch.tensor([text], dtype=torch.float64),
                combination=combination,
            ).clamp(0.0, 1.0)
        ),
        significant=True,
    )


def all_choices(construction: Construction) -> tuple[Choice, ...]:
    """Every similarity with every combination, in the order in which the settings name them."""
    return tuple(
        probability_choice(construction, similarity=similarity, combination=combination)
        for similarity in get_args(Similarity)
        for combination in get_args(Combination)
    )


def height_over_plane(combination: Combination, *, n_points: int = GRID) -> Height:
    """Probability at every point of the plane of both similarities.

    >>> height_over_plane("product", n_points=3).levels[0]
    tensor([1.0000, 0.5000, 0.0000])
    """
    axis = torch.linspace(0.0, 1.0, n_points)
    image, text = axis.expand(n_points, n_points), axis[:, None].expand(n_points, n_points)
    return Height(axis, combine_modalities(image, text, combination=combination).clamp(0.0, 1.0))


def prototype_cosines(construction: Construction, column: int) -> Cosines:
    """Cosine of a column's pattern with every prototype; 0 for a column that never varies."""
    cosines = []
    for points, prototypes in (
        (construction.image_columns, construction.prototypes.image),
        (construction.text_columns, construction.prototypes.text),
    ):
        norms = torch.linalg.vector_norm(prototypes.centres, dim=1).clamp_min(FLOOR)
        cosines.append((points[column] @ (prototypes.centres / norms[:, None]).T).clamp(-1.0, 1.0))
    return Cosines(cosines[0], cosines[1])
