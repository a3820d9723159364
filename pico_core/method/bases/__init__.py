"""Every basis in which columns can be read: one file each, and one line here.

Configuration, command line, pages, experiments and reports take names and words from this list.
"""

from typing import Final

from pico_core.common.registry import Registry
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.bases.cross import CROSS
from pico_core.method.bases.given import GIVEN
from pico_core.method.bases.ica import ICA
from pico_core.method.bases.labels import LABELS
from pico_core.method.bases.pca import PCA
from pico_core.method.basis import Basis, BasisSpec

BASES: Final[Registry[BasisSpec]] = Registry("basis", (GIVEN, CROSS, PCA, ICA, LABELS), old_names={"probe": "labels"})


def fit_basis(pairs: PairedEmbeddings, name: str, *, shrinkage: float = 0.0, seed: int = 0) -> Basis:
    """Fit the basis of a name on the fit split; see `BasisSpec.fit`.

    >>> import torch
    >>> image = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    >>> fit_basis(PairedEmbeddings.from_arrays(image, image), "cross").matrix.abs()
    tensor([[0., 1.],
            [1., 0.]])
    """
    return BASES[name].fit(pairs, shrinkage=shrinkage, seed=seed)
