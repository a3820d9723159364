"""From signs to pseudo-probabilities, from prototypes to semantic probabilities, from those to weights."""

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.signs import agreement_by_image
from pico_core.method.config import Combination, ConstructionConfig, Similarity
from pico_core.method.history import ModalityPrototypes

# Below this a probability is treated as this before a power or a root: a NaN there would turn
# into R@1 = 100 % in careless ranking code.
FLOOR = 1e-6


def agreement_sums(pairs: PairedEmbeddings) -> Float[Tensor, "n d"]:
    """Per image the sum over its texts of the share of positive patch-word products."""
    return agreement_by_image(pairs.image_statistics.signs, pairs.text_statistics.signs, pairs.text_image)


def pseudo_semantic_probabilities(pairs: PairedEmbeddings) -> Columns:
    """p̂_d = mean over matched pairs of the share of patch-word products that are positive.

    1 - p̂ is the pseudo-style probability q̂.

    Args:
        pairs: The fit split, in the basis whose columns are asked about.

    Returns:
        One value in [0, 1] per column.

    Source: paper (pseudo-semantic probability).

    >>> tokens = torch.tensor([[1.0, 1.0], [1.0, -1.0]]), torch.tensor([[1.0, -1.0], [1.0, -1.0]])
    >>> pseudo_semantic_probabilities(PairedEmbeddings.from_arrays(*tokens))
    tensor([1.0000, 0.5000])
    """
    return agreement_sums(pairs).sum(dim=0) / pairs.n_texts


def style_similarity(
    columns: Float[Tensor, "d a"],
    prototypes: ModalityPrototypes,
    *,
    pseudo_style: Columns,
    similarity: Similarity = "cosine",
    sigma: float = 0.5,
) -> Columns:
    """How much a column looks like the nearest style prototype of one modality, in [0, 1].

    cosine: max_k |cos(c_d, mu_k)|, the absolute value because a column may carry a style with either sign.
    signed_cosine: max_k cos, cut at 0. distance: exp(-min_k ||c_d - mu_k||² / 2 sigma²).
    cluster: sum_k softmax_k(-||c_d - mu_k||² / 2 sigma²) x mean q̂ of the columns of cluster k.

    Args:
        columns: Columns as points; unit rows, or a zero row for a column that never varies
            (it has no pattern: similarity 0 to everything by cosine).
        prototypes: The centres, in the same coordinates, and their assignment.
        pseudo_style: q̂, used by "cluster" only.
        similarity: Which of the four.
        sigma: Width for the two that need one.

    Source: reconstruction.

    >>> centre = ModalityPrototypes(torch.tensor([[0.0, 2.0]]), torch.tensor([0, 0]), 0.0)
    >>> style_similarity(torch.tensor([[0.0, -1.0], [1.0, 0.0]]), centre, pseudo_style=torch.ones(2))
    tensor([1., 0.])
    """
    centres = prototypes.centres
    norms = torch.linalg.vector_norm(centres, dim=1).clamp_min(FLOOR)
    return similarity_of(
        columns @ (centres / norms[:, None]).T,
        torch.cdist(columns, centres).square(),
        member=torch.nn.functional.one_hot(prototypes.labels, len(centres)).float(),
        pseudo_style=pseudo_style,
        similarity=similarity,
        sigma=sigma,
    )


def similarity_of(
    cosines: Float[Tensor, "*draws d k"],
    squared_distances: Float[Tensor, "*draws d k"],
    *,
    member: Float[Tensor, "*draws d k"],
    pseudo_style: Float[Tensor, "*draws d"],
    similarity: Similarity,
    sigma: float,
) -> Float[Tensor, "*draws d"]:
    """`style_similarity` from angles and distances, for one construction or for many resampled ones at once.

    Args:
        cosines: Between every column and every centre.
        squared_distances: The same in squared distances.
        member: 1 where a column belongs to a centre, else 0.
        pseudo_style: q̂.
        similarity: Which of the four.
        sigma: Width for the two that need one.
    """
    if similarity in ("cosine", "signed_cosine"):
        nearest = cosines.abs() if similarity == "cosine" else cosines
        return nearest.amax(dim=-1).clamp(0.0, 1.0)
    closeness = -squared_distances / (2 * sigma**2)
    if similarity == "distance":
        return closeness.amax(dim=-1).exp()
    size = member.sum(dim=-2).clamp_min(1)
    style = (member * pseudo_style[..., None]).sum(dim=-2) / size
    return (closeness.softmax(dim=-1) * style[..., None, :]).sum(dim=-1).clamp(0.0, 1.0)


def combine_modalities(
    image_similarity: Float[Tensor, "*draws d"],
    text_similarity: Float[Tensor, "*draws d"],
    *,
    combination: Combination = "product",
) -> Float[Tensor, "*draws d"]:
    """Semantic probability from both style similarities; the default is p_d = (1 - s_d^v)(1 - s_d^t).

    Source: reconstruction ("semantic in both modalities").

    >>> combine_modalities(torch.tensor([0.5]), torch.tensor([0.2]))
    tensor([0.4000])
    """
    image, text = 1 - image_similarity, 1 - text_similarity
    if combination == "product":
        return image * text
    if combination == "mean":
        return (image + text) / 2
    if combination == "minimum":
        return torch.minimum(image, text)
    return (image.clamp_min(FLOOR) * text.clamp_min(FLOOR)).sqrt()


def semantic_probabilities(
    image_similarity: Float[Tensor, "*draws d"], text_similarity: Float[Tensor, "*draws d"], config: ConstructionConfig
) -> Float[Tensor, "*draws d"]:
    """`combine_modalities` as the settings say, kept inside [0, 1]."""
    return combine_modalities(image_similarity, text_similarity, combination=config.combination).clamp(0.0, 1.0)


def equal_weights(n_columns: int, *, without: tuple[int, ...] = ()) -> Columns:
    """The baseline P = 1, or 0 in the columns that are left out.

    >>> equal_weights(3, without=(1,))
    tensor([1., 0., 1.])
    """
    weights = torch.ones(n_columns)
    weights[list(without)] = 0.0
    return weights


def weights_from(probabilities: Columns, *, strength: float = 1.0) -> Columns:
    """Retrieval weights P proportional to p ** strength, scaled to mean 1; strength 0 is the baseline.

    Args:
        probabilities: In [0, 1].
        strength: lambda, 0 or more.

    Source: paper (probabilities as weights); the exponent is beyond it.

    >>> weights_from(torch.tensor([0.2, 0.6]))
    tensor([0.5000, 1.5000])
    """
    powered = probabilities.clamp_min(FLOOR).pow(strength)
    return powered / powered.mean()
