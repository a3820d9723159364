"""In which axes columns are read, and axes that come out alike again. Beyond the paper, except `given`.

Style need not lie along the columns that an encoder happens to have. An orthogonal change of
basis leaves the unweighted score exactly as it was and gives signs, prototypes and weights
other axes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.errors import DataError
from pico_core.data.labels import has_style_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.storage.token_files import with_change

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
    axes, rest = [], space
    for form in (*forms, by_number):
        held, rest = split_axes(form, rest)
        axes.append(held)
    return torch.cat(axes)


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


@dataclass(frozen=True)
class Loading:
    """A given column and its share (signed cosine) in an axis."""

    column: int
    value: float


@dataclass(frozen=True, eq=False)
class Basis:
    """Orthonormal axes, one per row of `matrix`; None keeps the given columns.

    Attributes:
        name: Of its `BasisSpec`.
        matrix: Rows are the new axes in given columns.
    """

    name: str
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


@dataclass(frozen=True)
class FitOptions:
    """What a study's settings say about fitting axes.

    Attributes:
        shrinkage: 0 to 1, for a basis that `takes_shrinkage`.
        seed: Of whatever is random.
    """

    shrinkage: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class BasisSpec:
    """A basis that can be chosen: its words, what it needs, and how its axes are fitted.

    Attributes:
        name: Short and stable: it stands in settings, run folders, tables and links.
        title: What people call its axes, in lower case, plural.
        sentence: What it is.
        axes: Orthonormal rows from the fit split; None keeps the given columns.
        source: Whose idea it is.
        needs_labels: Whether it can be fitted only where labels speak of style.
        takes_shrinkage: Whether the setting `shrinkage` changes it.

    >>> flipped = BasisSpec("flip", "flipped axes", "The columns, last first.",
    ...     axes=lambda pairs, options: torch.eye(pairs.n_columns).flip(0))
    >>> flipped.fit(PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))).matrix
    tensor([[0., 1.],
            [1., 0.]])
    """

    name: str
    title: str
    sentence: str
    axes: Callable[[PairedEmbeddings, FitOptions], Float[Tensor, "d d"] | None]
    source: str = "beyond the paper"
    needs_labels: bool = False
    takes_shrinkage: bool = False

    @property
    def label(self) -> str:
        """Title and source, for lists of choices."""
        return f"{self.title} ({self.source})"

    def fit(self, pairs: PairedEmbeddings, *, shrinkage: float = 0.0, seed: int = 0) -> Basis:
        """Fit the axes; the largest entry of each is made positive, so that a rerun agrees.

        Args:
            pairs: The fit split; nothing else may be used.
            shrinkage: 0 to 1; only a basis that `takes_shrinkage` heeds it.
            seed: Of the start of `ica`.

        Raises:
            DataError: it needs style labels, and no label speaks of style.
        """
        if self.needs_labels and not has_style_labels(pairs):
            raise DataError(
                f"{pairs.name}: {self.title} need to know styles, and no label column speaks of style (at least two "
                "values, each shared by two items on average); add a label column with 'style' in its name"
            )
        axes = self.axes(pairs, FitOptions(shrinkage, seed))
        return Basis(self.name, None if axes is None else with_signs(axes).float())
