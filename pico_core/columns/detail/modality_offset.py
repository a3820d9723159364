"""What a column adds to every score alike: the offset between modalities, and its share of the mean cosine."""

from dataclasses import dataclass

import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws


@dataclass(frozen=True)
class ModalityOffset:
    """Neither style nor meaning: what all items of a modality share in a column.

    Attributes:
        offset: Mean in images minus mean in texts.
        gap_share: Share of the squared distance between the two means over all columns.
        cosine_share: Share of the mean dot product of matched pairs (token means); below 0 it pulls pairs apart.
    """

    offset: Estimate
    gap_share: float
    cosine_share: Estimate


def modality_offset(pairs: PairedEmbeddings, column: int, *, n_draws: int = 500, seed: int = 0) -> ModalityOffset:
    """Measure both for a column of a split, resampled by image.

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8]] * 2), torch.tensor([[0.8, 0.6]] * 2))
    >>> found = modality_offset(pairs, 0)
    >>> round(found.offset.value, 3), round(found.gap_share, 3), round(found.cosine_share.value, 3)
    (-0.2, 0.5, 0.5)
    """
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed)
    owner, ones = pairs.text_image, torch.ones(pairs.n_images)
    number = torch.bincount(owner, minlength=pairs.n_images).float()
    texts = torch.zeros(pairs.n_images, pairs.n_columns).index_add_(0, owner, pairs.text_means)
    mine = pairs.image_means[:, column]
    draws = ratio_draws(mine, ones, counts) - ratio_draws(texts[:, column], number, counts)
    gap = pairs.image_means.mean(dim=0) - pairs.text_means.mean(dim=0)
    products = pairs.image_means * texts
    own, whole = products[:, column], products.sum(dim=1)
    return ModalityOffset(
        offset=percentile_estimate(float(gap[column]), draws),
        gap_share=float(gap[column].square() / gap.square().sum().clamp_min(1e-24)),
        cosine_share=percentile_estimate(float(own.sum() / whole.sum()), ratio_draws(own, whole, counts)),
    )
