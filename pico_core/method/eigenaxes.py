"""Orthonormal axes that come out alike again: order and signs are stated, and no direction is left to chance."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

NOTHING = 1e-10  # of the largest eigenvalue: what is smaller is rounding


def with_signs(axes: Float[Tensor, "k d"]) -> Float[Tensor, "k d"]:
    """An axis and its negative are one: make the largest entry of each positive, so that a rerun agrees.

    >>> with_signs(torch.tensor([[0.6, -0.8]]))
    tensor([[-0.6000,  0.8000]])
    """
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    return axes * torch.where(largest < 0, -1.0, 1.0)


def split_axes(
    form: Float[Tensor, "d d"], space: Float[Tensor, "k d"]
) -> tuple[Float[Tensor, "r d"], Float[Tensor, "rest d"]]:
    """Eigenvectors of a form within a space, largest eigenvalue first, and what the form leaves null.

    Args:
        form: Symmetric, without negative eigenvalues.
        space: Orthonormal rows.

    Returns:
        Two sets of orthonormal rows that together span the space.

    >>> held, null = split_axes(torch.diag(torch.tensor([0.0, 1.0, 2.0])).double(), torch.eye(3).double())
    >>> held.abs().argmax(dim=1), null.abs().argmax(dim=1)
    (tensor([2, 1]), tensor([0]))
    """
    if len(space) == 0:
        return space, space
    held = space @ form @ space.T
    values, vectors = torch.linalg.eigh((held + held.T) / 2)
    axes = vectors.flip(1).T @ space
    n_held = int((values > NOTHING * torch.linalg.matrix_norm(form, ord=2)).sum())
    return axes[:n_held], axes[n_held:]


def nested_axes(forms: Sequence[Float[Tensor, "d d"]], space: Float[Tensor, "k d"]) -> Float[Tensor, "k d"]:
    """Eigenvectors of the first form, largest eigenvalue first; where it is null, of the next one, and so on.

    The null space of a covariance has no order: its eigenvectors are what a machine makes of rounding.
    So the next form orders it, and what all forms leave open is ordered by column number (a diagonal
    form of d, d-1, ..., 1).

    Args:
        forms: As in `split_axes`.
        space: Orthonormal rows.

    Returns:
        Orthonormal rows that span the space.

    >>> first, second = torch.diag(torch.tensor([0.0, 0.0, 1.0])), torch.diag(torch.tensor([1.0, 2.0, 0.0]))
    >>> nested_axes([first.double(), second.double()], torch.eye(3).double()).abs().argmax(dim=1)
    tensor([2, 1, 0])
    """
    by_number = torch.diag(torch.arange(space.shape[1], 0, -1, dtype=torch.float64))
    found, rest = [], space
    for form in (*forms, by_number):
        held, rest = split_axes(form, rest)
        found.append(held)
    return torch.cat(found)


def covariance(values: Float[Tensor, "items d"]) -> Float[Tensor, "d d"]:
    """Of items around their mean, in double precision, divided by their number.

    >>> covariance(torch.tensor([[1.0], [3.0]]))
    tensor([[1.]], dtype=torch.float64)
    """
    centred = (values - values.mean(dim=0)).double()
    return centred.T @ centred / len(values)


def everything(d: int) -> Float[Tensor, "d d"]:
    """The given columns as axes.

    >>> everything(2)
    tensor([[1., 0.],
            [0., 1.]], dtype=torch.float64)
    """
    return torch.eye(d, dtype=torch.float64)
