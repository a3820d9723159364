"""Axes of what matched pairs share, `cross`, and how far a small fit split can be believed. Beyond the paper."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.errors import SettingError
from pico_core.data.moments import cross_moment, pooled_moment
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import BasisSpec, everything, nested_axes, with_signs

CANDIDATES = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)

Square = Float[Tensor, "d d"]


@dataclass(frozen=True)
class ShrinkageChoice:
    """The shrinkage that fits the feedback split best.

    Attributes:
        value: The chosen one; of equal ones the smallest.
        candidates: All that were tried.
        off_diagonal: Of each, the share of the feedback split's squared cross-covariance that lies off the
            diagonal in its axes: 0 if they are the axes of the feedback split too.
    """

    value: float
    candidates: tuple[float, ...]
    off_diagonal: tuple[float, ...]


def cross_covariance(pairs: PairedEmbeddings) -> Square:
    """(C + C^T) / 2 with C = mean of v t^T over matched pairs of pooled tokens, not centred."""
    cross = cross_moment(pairs).mean
    return (cross + cross.T) / 2


def cross_axes(pairs: PairedEmbeddings, *, shrinkage: float = 0.0) -> Square:
    """Eigenvectors of the symmetrised cross-covariance, largest eigenvalue first, shrunk towards principal axes.

    With few pairs beside d columns the cross-covariance is mostly noise off its diagonal. The second moment
    of all items together rests on more numbers, so its eigenvectors E are better known. In them the
    cross-covariance keeps its diagonal, and its other entries are multiplied by 1 - shrinkage: a linear
    shrinkage to a structured target, as of Ledoit and Wolf (2004), whose target here is
    "modalities share along the principal axes". 0 gives `cross` as it is, 1 gives E, in the order of what is
    shared along each.

    Args:
        pairs: The fit split; nothing else may be used.
        shrinkage: 0 to 1.

    Source: beyond the paper.
    """
    symmetric = cross_covariance(pairs)
    if shrinkage == 0:  # not through E, so that the stored runs come out to the same bits
        axes: Tensor = torch.linalg.eigh(symmetric).eigenvectors.flip(1).T
        return axes
    return _shrunk(symmetric, _principal(pairs), shrinkage)


def choose_shrinkage(
    fit: PairedEmbeddings, feedback: PairedEmbeddings, candidates: Sequence[float] = CANDIDATES
) -> ShrinkageChoice:
    """The shrinkage whose axes, fitted on the fit split, come nearest to diagonal on the feedback split.

    For each candidate the cross-covariance M of the feedback split is read in the axes; what counts is
    1 - sum_d M_dd² / sum_de M_de². The denominator is the same in all axes, and nothing is scored, so a
    candidate costs one eigendecomposition. The measure asks for axes that hold on unseen pairs; it does not ask
    whether weights in them gain anything.

    Args:
        fit: Gives the axes.
        feedback: Judges them; disjoint from fit and test.
        candidates: 0 to 1 each.

    Raises:
        SettingError: no candidate, or one that is no shrinkage.

    Source: beyond the paper.

    >>> image = torch.eye(4)
    >>> pairs = PairedEmbeddings.from_arrays(image, image)
    >>> choose_shrinkage(pairs, pairs, [0.5, 0.0]).value  # both fit: the smallest is taken
    0.0
    """
    if not candidates or not all(0 <= shrinkage <= 1 for shrinkage in candidates):
        raise SettingError(f"candidates of shrinkage are {list(candidates)}; expected one or more numbers from 0 to 1")
    tried = tuple(sorted({float(shrinkage) for shrinkage in candidates}))
    symmetric, principal, unseen = cross_covariance(fit), _principal(fit), cross_covariance(feedback)
    energy = unseen.square().sum()
    shares = []
    for shrinkage in tried:
        axes = _shrunk(symmetric, principal, shrinkage)
        along = ((axes @ unseen) * axes).sum(dim=1)
        shares.append(max(0.0, 1 - float(along.square().sum() / energy)))
    best = min(range(len(tried)), key=lambda index: round(shares[index], 9))
    return ShrinkageChoice(tried[best], tried, tuple(shares))


def _principal(pairs: PairedEmbeddings) -> Square:
    """Eigenvectors of the second moment of all items, not centred, as `cross` is not."""
    return with_signs(nested_axes([pooled_moment(pairs).mean], everything(pairs.n_columns)))


def _shrunk(symmetric: Square, principal: Square, shrinkage: float) -> Square:
    held = principal @ symmetric @ principal.T
    shrunk = (1 - shrinkage) * held + shrinkage * held.diag().diag()
    axes: Tensor = torch.linalg.eigh(shrunk).eigenvectors.flip(1).T @ principal
    return axes


CROSS: Final = BasisSpec(
    name="cross",
    title="cross axes",
    sentence="Axes turned to what images and their texts share; the unweighted score stays exactly as it was.",
    axes=lambda pairs, options: cross_axes(pairs, shrinkage=options.shrinkage),
    takes_shrinkage=True,
)
