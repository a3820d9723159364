"""Style prototypes: columns as points over fixed anchors, weighted K-means over the columns.

Why style and not semantics (paper): semantics is too rich to enumerate, the kinds of style are few.
"""

import threading
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from threadpoolctl import threadpool_limits
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.history import ModalityPrototypes, StylePrototypes
from pico_core.storage.token_files import blocks

# The limit on threads is the process's own: two studies inside it at once would restore each other's.
_ONE_AT_A_TIME = threading.Lock()
QUANTILE_VALUES = 2**24  # torch refuses to look at more at once
STARTS = 4  # K-means++ starts of the first iteration; later ones are warm-started


@dataclass(frozen=True, eq=False)
class ColumnPoints:
    """Every column as a point, per modality: unit rows over anchors that stay fixed.

    Attributes:
        image: Columns over image anchors.
        text: Columns over text anchors.
        image_owner: The image of every image anchor; None where anchors are no items (quantiles).
        text_owner: The image of every text anchor.
    """

    image: Float[Tensor, "d a"]
    text: Float[Tensor, "d b"]
    image_owner: Int[Tensor, " a"] | None = None
    text_owner: Int[Tensor, " b"] | None = None


def anchor_images(fit: PairedEmbeddings, config: StudyConfig) -> Int[Tensor, " a"] | None:
    """The image of every anchor of a study: its own generator draws them first, with its seed.

    Args:
        fit: The fit split of the study in its basis.
        config: The settings of the study.
    """
    generator = torch.Generator().manual_seed(config.seed)
    return column_points(fit, config=config.construction, generator=generator).image_owner


def column_points(pairs: PairedEmbeddings, *, config: ConstructionConfig, generator: torch.Generator) -> ColumnPoints:
    """Read columns as points: their values over anchors, centred and scaled to unit norm.

    The anchors are drawn once. Prototypes of different iterations therefore share coordinates,
    without which they could not be averaged. A column that never varies is a zero row.

    Args:
        pairs: The fit split in its basis.
        config: `representation` and `n_anchors`.
        generator: Draws the anchors.

    Source: reconstruction (what a column's coordinates are is not stated).
    """
    image, image_item = _points(pairs.image_tokens, pairs.image_mask, pairs.image_means, config, generator)
    text, text_item = _points(pairs.text_tokens, pairs.text_mask, pairs.text_means, config, generator)
    return ColumnPoints(image, text, image_item, None if text_item is None else pairs.text_image.cpu()[text_item])


def style_prototypes(
    pairs: PairedEmbeddings,
    probabilities: Columns,
    *,
    config: ConstructionConfig | None = None,
    generator: torch.Generator | None = None,
) -> StylePrototypes:
    """Weighted K-means of the columns, per modality: L = sum_d q̂_d^gamma ||c_d - mu_a(d)||².

    Args:
        pairs: The fit split in its basis.
        probabilities: p̂; columns of low p̂ pull the centres.
        config: Number of prototypes, gamma, representation.
        generator: Seeds anchors and starts; default seed 0.

    Raises:
        SettingError: more prototypes than columns.

    Source: weighted K-means on q̂ is the paper's (gamma = 1); the coordinates are a reconstruction.
    """
    config = config or ConstructionConfig()
    generator = generator or torch.Generator().manual_seed(0)
    points = column_points(pairs, config=config, generator=generator)
    return cluster_columns(points, 1 - probabilities, start=None, config=config, generator=generator)


def cluster_columns(
    points: ColumnPoints,
    pseudo_style: Columns,
    *,
    start: StylePrototypes | None,
    config: ConstructionConfig,
    generator: torch.Generator,
) -> StylePrototypes:
    """One weighted K-means per modality, warm-started at `start` so that labels keep their identity."""
    image, text = (instance_weights(side, pseudo_style, gamma=config.gamma) for side in (points.image, points.text))
    return StylePrototypes(
        _kmeans(points.image, image, start.image.centres if start else None, config, generator),
        _kmeans(points.text, text, start.text.centres if start else None, config, generator),
    )


def instance_weights(points: Float[Tensor, "d a"], pseudo_style: Columns, *, gamma: float) -> Columns:
    """How much every column pulls in K-means: q̂_d ** gamma; nothing for a column that never varies.

    Args:
        points: Columns of one modality as points.
        pseudo_style: q̂.
        gamma: The exponent.

    Source: q̂ (gamma = 1) is the paper's; the exponent is a reconstruction.

    >>> instance_weights(torch.tensor([[1.0], [-1.0], [0.0]]), torch.tensor([0.5, 0.2, 1.0]), gamma=2.0)
    tensor([0.2500, 0.0400, 0.0000])
    """
    # A column that never varies is no point: its p̂ of 0 would make it the heaviest of all.
    weight = pseudo_style.clamp(0.0, 1.0) ** gamma * points.any(dim=1)
    if float(weight.sum()) <= 0:  # every column agrees in sign everywhere: no column is more style than another
        return torch.ones_like(weight)
    return weight


def assign(points: Float[Tensor, "d a"], centres: Float[Tensor, "k a"], weight: Columns) -> ModalityPrototypes:
    """The nearest centre of every column, and the weighted inertia; labels belong to these centres.

    >>> assign(torch.tensor([[0.0], [3.0]]), torch.tensor([[1.0], [3.0]]), torch.ones(2)).labels
    tensor([0, 1])
    """
    distances = torch.cdist(points, centres)
    nearest = distances.min(dim=1)
    return ModalityPrototypes(centres, nearest.indices, float((weight * nearest.values.square()).sum()))


def _kmeans(
    points: Float[Tensor, "d a"],
    weight: Columns,
    start: Float[Tensor, "k a"] | None,
    config: ConstructionConfig,
    generator: torch.Generator,
) -> ModalityPrototypes:
    from sklearn.cluster import KMeans  # half a second to import, and looking at a finished run needs none

    distinct = len(torch.unique(points, dim=0))
    if config.n_prototypes > distinct:
        raise SettingError(
            f"n_prototypes is {config.n_prototypes}, but there are only {distinct} distinct columns; "
            "use fewer prototypes"
        )
    seed = int(torch.randint(2**31 - 1, (1,), generator=generator))
    model = KMeans(
        n_clusters=config.n_prototypes,
        init="k-means++" if start is None else start.numpy().astype("float64"),
        n_init=STARTS if start is None else 1,
        random_state=seed,
    )
    # One thread: partial sums of several would be added in the order in which they end, and the
    # same seed would not give the same bits.
    with _ONE_AT_A_TIME, threadpool_limits(limits=1):
        model.fit(points.double().numpy(), sample_weight=weight.double().numpy())
    return assign(points, torch.from_numpy(model.cluster_centers_).float(), weight)


def _points(
    tokens: Float[Tensor, "items tokens d"],
    mask: Bool[Tensor, "items tokens"],
    means: Float[Tensor, "items d"],
    config: ConstructionConfig,
    generator: torch.Generator,
) -> tuple[Float[Tensor, "d a"], Int[Tensor, " a"] | None]:
    """Columns as points, and the item of every anchor."""
    owner: Tensor | None = None
    if config.representation == "item":
        owner = _draw(len(means), config.n_anchors, generator)
        values = means[owner]
    elif config.representation == "token":
        item, token = mask.nonzero().T
        drawn = _draw(len(item), config.n_anchors, generator)
        owner = item[drawn]
        values = tokens[owner, token[drawn]].float()
    else:
        levels = torch.linspace(0.0, 1.0, max(3, min(config.n_anchors, len(means))))
        columns = blocks(means.shape[1], max(1, QUANTILE_VALUES // len(means)))
        values = torch.cat([torch.quantile(means[:, part], levels, dim=0) for part in columns], dim=1)
    centred = values.T - values.mean(dim=0)[:, None]
    norms = torch.linalg.vector_norm(centred, dim=1, keepdim=True)
    # Rounding leaves a constant column a hair off zero: below this it has no pattern.
    return torch.where(norms > 1e-6, centred / norms.clamp_min(1e-6), torch.zeros_like(centred)), owner


def _draw(available: int, wanted: int, generator: torch.Generator) -> Tensor:
    return torch.randperm(available, generator=generator)[:wanted].sort().values
