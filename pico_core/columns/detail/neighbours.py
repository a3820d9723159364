"""The company that a column keeps: its nearest style prototypes, their other columns, and whom it correlates with."""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.method.history import Construction


@dataclass(frozen=True)
class Companion:
    """Another column, and how closely it moves with the one that is asked about (from -1 to 1)."""

    column: int
    value: float


@dataclass(frozen=True)
class SideCompany:
    """Company in one modality.

    Attributes:
        prototype: The nearest style prototype, by the absolute cosine.
        cosine: With it, signed: below 0 the column carries the style upside down.
        n_fellows: Columns whose nearest prototype it is too, without the column itself.
        fellows: The closest of them to the prototype, with their signed cosine.
        correlated: Columns of the largest absolute correlation over anchor items.
    """

    prototype: int
    cosine: float
    n_fellows: int
    fellows: tuple[Companion, ...]
    correlated: tuple[Companion, ...]


@dataclass(frozen=True)
class Company:
    """Company in images and in texts."""

    image: SideCompany
    text: SideCompany


def column_company(construction: Construction, column: int, *, top: int = 6) -> Company:
    """Whom a column moves with, over the anchors of the construction; ties by index."""
    made = construction.prototypes
    return Company(
        _side(construction.image_columns, made.image.centres, column, top),
        _side(construction.text_columns, made.text.centres, column, top),
    )


def nearest_prototypes(
    points: Float[Tensor, "d a"], centres: Float[Tensor, "k a"]
) -> tuple[Int[Tensor, " d"], Float[Tensor, "d k"]]:
    """The prototype of the largest absolute cosine, which the style similarity is, and all cosines.

    >>> nearest_prototypes(torch.tensor([[0.0, -1.0]]), torch.tensor([[0.6, 0.8], [0.0, 2.0]]))[0]
    tensor([1])
    """
    norms = torch.linalg.vector_norm(centres, dim=1, keepdim=True).clamp_min(1e-6)
    cosines = points @ (centres / norms).T
    return cosines.abs().argmax(dim=1), cosines


def _side(points: Float[Tensor, "d a"], centres: Float[Tensor, "k a"], column: int, top: int) -> SideCompany:
    nearest, cosines = nearest_prototypes(points, centres)
    own = int(nearest[column])
    # A column that never varies is a zero row: it belongs to nobody, and nobody to it.
    alone = points.any(dim=1) & points[column].any()
    alone[column] = False
    others = alone & (nearest == own)
    correlation = points @ points[column]
    return SideCompany(
        prototype=own,
        cosine=float(cosines[column, own]),
        n_fellows=int(others.sum()),
        fellows=_strongest(cosines[:, own], others, top),
        correlated=_strongest(correlation, alone, top),
    )


def _strongest(values: Float[Tensor, " d"], among: Tensor, top: int) -> tuple[Companion, ...]:
    size = torch.where(among, values.abs(), -1.0)
    order = size.argsort(descending=True, stable=True)[: min(top, int(among.sum()))]
    return tuple(Companion(int(i), float(values[i])) for i in order)
