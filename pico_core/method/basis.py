"""In which axes columns are read. Beyond the paper, except `given`.

Style need not lie along the columns that an encoder happens to have. An orthogonal change of
basis leaves the unweighted score exactly as it was and gives signs, prototypes and weights
other axes.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.moments import pooled_moment, pooled_sum
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.method.config import BasisName
from pico_core.method.cross_axes import cross_axes
from pico_core.method.eigenaxes import with_signs
from pico_core.method.independent import independent_axes
from pico_core.method.style_axes import label_covariance, style_last_axes
from pico_core.storage.token_files import with_change


@dataclass(frozen=True)
class Loading:
    """A given column and its share (signed cosine) in an axis."""

    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Basis:
    """Orthonormal axes, one per row of `matrix`; None keeps the given columns.

    Attributes:
        name: "given", "pca", "cross", "ica" or "probe".
        matrix: Rows are the new axes in given columns.
    """

    name: BasisName
    matrix: Float[Tensor, "d d"] | None = None

    def apply(self, pairs: PairedEmbeddings) -> PairedEmbeddings:
        """Read the same tokens in these axes; rotated tokens are float32 (float64 stays)."""
        if self.matrix is None:
            return pairs
        return replace(
            pairs,
            image_tokens=with_change(pairs.image_tokens, pairs.image_mask, self._turned),
            text_tokens=with_change(pairs.text_tokens, pairs.text_mask, self._turned),
        )

    def turn(self, vectors: Float[Tensor, "*items d"]) -> Float[Tensor, "*items d"]:
        """Read vectors in these axes, as `apply` does with a dataset.

        >>> Basis("pca", torch.tensor([[0.0, 1.0], [1.0, 0.0]])).turn(torch.tensor([3.0, 4.0]))
        tensor([4., 3.])
        """
        if self.matrix is None:
            return vectors
        kind = torch.promote_types(vectors.dtype, torch.float32)
        return vectors.to(kind) @ self.matrix.to(kind).T

    def _turned(self, tokens: Tensor, _mask: Tensor) -> Tensor:
        return self.turn(tokens)

    def strongest(self, column: int, top: int = 3) -> list[Loading]:
        """The given columns that an axis is mostly made of, largest share first.

        >>> Basis("pca", torch.tensor([[0.6, -0.8], [0.8, 0.6]])).strongest(0, top=1)
        [Loading(column=1, value=-0.800000011920929)]
        """
        if self.matrix is None:
            return [Loading(column, 1.0)]
        row = self.matrix[column]
        order = row.abs().argsort(descending=True, stable=True)[:top]
        return [Loading(int(i), float(row[i])) for i in order]

    def title(self, column: int) -> str:
        """What people call a column of this basis.

        >>> Basis("given").title(17)
        'column 17'
        """
        if self.matrix is None:
            return f"column {column}"
        named = ", ".join(str(loading.column) for loading in self.strongest(column))
        return f"{self.name} axis {column} (given columns {named})"


def fit_basis(pairs: PairedEmbeddings, name: BasisName, *, shrinkage: float = 0.0, seed: int = 0) -> Basis:
    """Fit orthonormal axes on the fit split.

    `pca`: eigenvectors of the covariance of pooled tokens of both modalities, largest first.
    `cross`: eigenvectors of (C + C^T) / 2 with C = mean of v t^T over matched pairs of pooled tokens, not
    centred, largest eigenvalue first. The two ends hold what the modalities share most and
    what separates them. `shrinkage` draws them to principal axes (see `cross_axes`).
    `ica`: independent components, made orthonormal (see `independent_axes`).
    `probe`: eigenvectors of the covariance of style groups' means, most style last (see `style_axes`).

    Args:
        pairs: The fit split; nothing else may be used.
        name: Which axes.
        shrinkage: 0 to 1, of `cross` only.
        seed: Of the start of `ica` only.

    Raises:
        DataError: `probe`, and no label speaks of style.

    Source: `given` is the paper's; the others go beyond it.

    >>> image = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> fit_basis(PairedEmbeddings.from_arrays(image, image), "cross").matrix.abs()
    tensor([[0., 1.],
            [1., 0.]])
    """
    if name == "given":
        return Basis("given")
    if name == "probe":
        return probe_basis(pairs, label_covariance(pairs))
    if name == "cross":
        axes = cross_axes(pairs, shrinkage=shrinkage)
    elif name == "ica":
        axes = independent_axes(_pooled(pairs), seed=seed)
    else:
        covariance = pooled_moment(pairs, centre=pooled_sum(pairs).mean).mean
        axes = torch.linalg.eigh(covariance).eigenvectors.flip(1).T
    return Basis(name, with_signs(axes).float())


def probe_basis(pairs: PairedEmbeddings, style: Float[Tensor, "d d"]) -> Basis:
    """Axes from a covariance of style, such as `perturbation_covariance` of a style probe: most style last.

    Args:
        pairs: The fit split in the given columns: orders the axes in which there is no style.
        style: In the given columns, from items of the fit split.

    Raises:
        DataError: the covariance is of other columns, or not finite.

    Source: beyond the paper.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    >>> probe_basis(pairs, torch.diag(torch.tensor([4.0, 1.0]))).matrix
    tensor([[0., 1.],
            [1., 0.]])
    """
    if style.shape != (pairs.n_columns, pairs.n_columns) or not bool(style.isfinite().all()):
        raise DataError(
            f"{pairs.name}: the covariance of style is {tuple(style.shape)}; expected finite numbers, "
            f"{pairs.n_columns} by {pairs.n_columns}: make it from the given columns of the same data"
        )
    return Basis("probe", with_signs(style_last_axes(style, _pooled(pairs))).float())


def _pooled(pairs: PairedEmbeddings) -> Float[Tensor, "items d"]:
    return torch.cat([pairs.image_means, pairs.text_means]).double()
