"""Axes along which values are as little normal as possible: independent components. Beyond the paper."""

import warnings
from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import BasisSpec, FitOptions, covariance, everything, nested_axes

ITEMS_PER_AXIS = 10  # fewer, and every axis of a FastICA points at a single item
MAX_ITERATIONS, LEAST_ITERATIONS = 200, 20
MOST_WORK = 4e10  # multiplications of all iterations: seconds on one core
TOLERANCE = 1e-4
NO_VARIANCE = 1e-6  # of the largest singular value, of means that are float32


def independent_axes(pooled: Float[Tensor, "items d"], *, seed: int = 0) -> Float[Tensor, "d d"]:
    """Orthonormal axes nearest to the unmixing directions of FastICA (logcosh, all components at once).

    The centred values are X = U S V^T. FastICA finds an orthogonal Q for the whitened sqrt(n) U of the
    leading k principal axes; its unmixing matrix is sqrt(n) Q S^-1 V^T, its mixing matrix V S Q^T / sqrt(n).
    The orthogonal matrix nearest to the one (its polar factor, that is its symmetric orthogonalisation)
    is Q V^T, and to the other V Q^T: the same axes. So the rows are Q V^T: principal axes turned among themselves.
    Where the sources are mixed by a rotation, these are the sources exactly.

    k is the rank, but at most one axis per ten items. The other principal axes follow as they are,
    largest variance first, so that the basis is whole whatever the rank. The first k are ordered by
    |excess kurtosis|, largest first. Iterations end at 200, and at fewer (20 or more) where items times k²
    make them slow. That FastICA has not converged then is no error: the axes are orthonormal at every step,
    only less independent, and the seed gives the same ones again on the same machine. Another machine rounds
    otherwise, and may then end at other axes.

    Args:
        pooled: Pooled tokens of the fit split, both modalities.
        seed: Of FastICA's start.

    Source: beyond the paper. FastICA: Hyvärinen and Oja (2000); too few items for as many components
    give spikes at single items (Särelä and Vigário 2003), hence the bound.

    >>> square = torch.rand(500, 2, generator=torch.Generator().manual_seed(0)).double() * torch.tensor([1.0, 3.0])
    >>> turn = torch.tensor([[0.6, 0.8], [-0.8, 0.6]]).double()
    >>> (independent_axes(square @ turn) @ turn.T).abs().round().sum()  # a permutation: the sources are found
    tensor(2., dtype=torch.float64)
    """
    from sklearn.decomposition import FastICA  # half a second to import
    from sklearn.exceptions import ConvergenceWarning

    centred = (pooled - pooled.mean(dim=0)).double()
    scatter = covariance(pooled)
    left, sizes, right = torch.linalg.svd(centred, full_matrices=False)
    rank = int((sizes > NO_VARIANCE * float(sizes.max())).sum()) if float(sizes.max()) > 0 else 0
    n_axes = min(rank, len(pooled) // ITEMS_PER_AXIS)
    if n_axes < 2:
        return nested_axes([scatter], everything(pooled.shape[1]))
    leading = right[:n_axes]
    white = left[:, :n_axes] * len(pooled) ** 0.5
    affordable = max(LEAST_ITERATIONS, int(MOST_WORK / (len(pooled) * n_axes**2)))
    model = FastICA(whiten=False, max_iter=min(MAX_ITERATIONS, affordable), tol=TOLERANCE, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        turn = torch.from_numpy(model.fit(white.float().numpy()).components_).double()  # twice as fast as double
    axes = nearest_orthonormal(turn @ leading)
    values = centred @ axes.T
    kurtosis = (values / values.std(dim=0, correction=0)).pow(4).mean(dim=0) - 3
    axes = axes[kurtosis.abs().argsort(descending=True, stable=True)]
    return torch.cat([axes, nested_axes([scatter], complement(axes))])


def nearest_orthonormal(rows: Float[Tensor, "k d"]) -> Float[Tensor, "k d"]:
    """The orthonormal rows nearest to the given ones (Frobenius): the polar factor U V^T of their U S V^T.

    >>> nearest_orthonormal(torch.tensor([[2.0, 0.0], [0.0, 0.5]]))
    tensor([[1., 0.],
            [0., 1.]])
    """
    left, _, right = torch.linalg.svd(rows, full_matrices=False)
    nearest: Tensor = left @ right
    return nearest


def complement(rows: Float[Tensor, "k d"]) -> Float[Tensor, "rest d"]:
    """Orthonormal rows that span what orthonormal rows leave out.

    >>> complement(torch.tensor([[0.0, 1.0]])).abs()
    tensor([[1., 0.]])
    """
    rest: Tensor = torch.linalg.svd(rows, full_matrices=True).Vh[len(rows) :]
    return rest


def _pooled_axes(pairs: PairedEmbeddings, options: FitOptions) -> Float[Tensor, "d d"]:
    return independent_axes(torch.cat([pairs.image_means, pairs.text_means]).double(), seed=options.seed)


ICA: Final = BasisSpec(
    name="ica",
    title="independent axes",
    sentence="Axes along which values are as little normal as possible, at right angles to each other.",
    axes=_pooled_axes,
)
