"""In which axes columns are read. Beyond the paper, except `given`.

Style need not lie along the columns that an encoder happens to have. An orthogonal change of
basis leaves the unweighted score exactly as it was and gives signs, prototypes and weights
other axes.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import BasisName


@dataclass(frozen=True)
class Loading:
    """A given column and its share (signed cosine) in an axis."""

    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Basis:
    """Orthonormal axes, one per row of `matrix`; None keeps the given columns.

    Attributes:
        name: "given", "pca" or "cross".
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
            image_tokens=self.turn(pairs.image_tokens),
            text_tokens=self.turn(pairs.text_tokens),
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


def fit_basis(pairs: PairedEmbeddings, name: BasisName) -> Basis:
    """Fit orthonormal axes on matched pairs (the fit split).

    `pca`: eigenvectors of the covariance of pooled tokens of both modalities, largest first.
    `cross`: eigenvectors of (C + C^T) / 2 with C = mean of v t^T over matched pairs of pooled tokens, not
    centred, largest eigenvalue first. The two ends hold what the modalities share most and
    what separates them.

    Args:
        pairs: The fit split; nothing else may be used.
        name: Which axes.

    Source: `given` is the paper's; the others go beyond it.

    >>> image = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> fit_basis(PairedEmbeddings.from_arrays(image, image), "cross").matrix.abs()
    tensor([[0., 1.],
            [1., 0.]])
    """
    if name == "given":
        return Basis("given")
    images, texts = pairs.image_means.double(), pairs.text_means.double()
    if name == "cross":
        cross = images[pairs.text_image].T @ texts / len(texts)
        symmetric = (cross + cross.T) / 2
    else:
        pooled = torch.cat([images, texts])
        centred = pooled - pooled.mean(dim=0)
        symmetric = centred.T @ centred / len(pooled)
    axes = torch.linalg.eigh(symmetric).eigenvectors.flip(1).T
    # An eigenvector's sign is arbitrary: make its largest entry positive, so that a rerun agrees.
    largest = axes.gather(1, axes.abs().argmax(dim=1, keepdim=True))
    return Basis(name, (axes * torch.where(largest < 0, -1.0, 1.0)).float())
