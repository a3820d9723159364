"""The semantic and the style space: weighted items, and which of them are looked at.

The reading of p and 1 - p as two spaces is a reconstruction.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from pico_core.common.axes import Columns, ItemMeans
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.schemes.scheme import permuted_weights

SpaceName = Literal["semantic", "style", "unweighted"]
Reading = Literal["weighted", "thirds"]
MAX_POINTS = 20_000
RANDOM_DRAWS = 5  # permutations of the probabilities over the columns, for every control


@dataclass(frozen=True, eq=False)
class Space:
    """Unit vectors of all images and all texts in one space.

    Attributes:
        name: Which.
        image: [n, d]; a zero row where the space gives an item no length.
        text: [m, d].
    """

    name: SpaceName
    image: Float[Tensor, "n d"]
    text: Float[Tensor, "m d"]

    @property
    def stacked(self) -> NDArray[np.float32]:
        """Images, then texts: [n + m, d]."""
        return torch.cat([self.image, self.text]).numpy().astype(np.float32, copy=False)


@dataclass(frozen=True, eq=False)
class Sample:
    """Which items are shown, in their order, and the seed that drew them where not all are."""

    images: Int[Tensor, " shown_images"]
    texts: Int[Tensor, " shown_texts"]
    seed: int = 0


def subspace(
    pairs: PairedEmbeddings, probabilities: Columns, *, name: SpaceName, reading: Reading = "weighted"
) -> Space:
    """Token means times sqrt(p) (semantic), sqrt(1 - p) (style) or 1, scaled to unit length.

    The square root makes a dot product of two items the weighted sum sum_d p_d v_d t_d, before
    the scaling to unit length. Source: reconstruction.

    Args:
        pairs: Any split, in the basis of the probabilities.
        probabilities: Semantic probability per column, in [0, 1].
        name: Which space.
        reading: "weighted" as above, all columns in both spaces; "thirds" keeps the third of the
            columns with the highest p (semantic) or with the lowest (style), unweighted: no column
            in both. Beyond the paper.

    >>> vectors = torch.tensor([[0.6, 0.8]])
    >>> pairs = PairedEmbeddings.from_arrays(vectors, vectors)
    >>> subspace(pairs, torch.tensor([0.0, 1.0]), name="semantic").image.tolist()
    [[0.0, 1.0]]
    """
    return weighted_space(pairs.image_means, pairs.text_means, probabilities, name=name, reading=reading)


def weighted_space(
    images: Float[Tensor, "n d"],
    texts: Float[Tensor, "m d"],
    probabilities: Columns,
    *,
    name: SpaceName,
    reading: Reading = "weighted",
) -> Space:
    """The same of token means, for those who need it often and of some items only."""
    factor = _factor(probabilities.clamp(0.0, 1.0).float().cpu(), name=name, reading=reading)
    return Space(name, _unit(images.cpu() * factor), _unit(texts.cpu() * factor))


def sample_items(n_images: int, n_texts: int, *, limit: int = MAX_POINTS, seed: int = 0) -> Sample:
    """All items, or a random `limit` of them with the modalities in proportion, in their order.

    >>> sample = sample_items(2, 6, limit=4)
    >>> len(sample.images), len(sample.texts)
    (1, 3)
    """
    total = n_images + n_texts
    if total <= limit:
        return Sample(torch.arange(n_images), torch.arange(n_texts))
    keep_images = min(n_images, max(1, round(limit * n_images / total)))
    keep_texts = min(n_texts, max(1, limit - keep_images))
    generator = torch.Generator().manual_seed(seed)
    images = torch.randperm(n_images, generator=generator)[:keep_images].sort().values
    texts = torch.randperm(n_texts, generator=generator)[:keep_texts].sort().values
    return Sample(images, texts, seed)


def shown(space: Space, sample: Sample) -> Space:
    """The same space with the sampled items only."""
    return Space(space.name, space.image[sample.images], space.text[sample.texts])


def permuted_probabilities(probabilities: Columns, *, n_draws: int = RANDOM_DRAWS, seed: int = 0) -> list[Columns]:
    """The same probabilities on other columns: what a space says when its weights are as uneven, but random."""
    return list(permuted_weights(probabilities, n_draws, generator=torch.Generator().manual_seed(seed)))


def _factor(share: Columns, *, name: SpaceName, reading: Reading) -> Columns:
    if name == "unweighted":
        return torch.ones_like(share)
    if reading == "weighted":
        return (share if name == "semantic" else 1 - share).sqrt()
    kept = share.argsort(descending=name == "semantic", stable=True)[: max(1, len(share) // 3)]
    return torch.zeros_like(share).index_fill_(0, kept, 1.0)


def _unit(vectors: ItemMeans) -> Float[Tensor, "items d"]:
    norms = torch.linalg.vector_norm(vectors, dim=1, keepdim=True)
    return torch.where(norms > 1e-12, vectors / norms.clamp_min(1e-12), 0.0)
