"""Principal axes of the pooled tokens of both modalities together. Beyond the paper."""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.moments import pooled_moment, pooled_sum
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import BasisSpec, FitOptions


def _principal_axes(pairs: PairedEmbeddings, _options: FitOptions) -> Float[Tensor, "d d"]:
    """Eigenvectors of the covariance of pooled tokens, largest eigenvalue first."""
    covariance = pooled_moment(pairs, centre=pooled_sum(pairs).mean).mean
    axes: Tensor = torch.linalg.eigh(covariance).eigenvectors.flip(1).T
    return axes


PCA: Final = BasisSpec(
    name="pca",
    title="principal axes",
    sentence="Axes along which all items vary most, in that order.",
    axes=_principal_axes,
)
