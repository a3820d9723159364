"""The modality gap: how far images and texts lie apart as two clouds. Beyond the paper."""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import TextImage
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, span
from pico_core.spaces.neighbours import Neighbourhoods
from pico_core.spaces.subspaces import Space, SpaceName

BOOTSTRAP_DRAWS = 500


@dataclass(frozen=True)
class SpaceGap:
    """The gap in one space, and with the probabilities permuted over the columns (lowest and highest draw)."""

    gap: Estimate
    random: Estimate


@dataclass(frozen=True)
class Gaps:
    """The gap in both spaces."""

    semantic: SpaceGap
    style: SpaceGap


def modality_gap(space: Space, owners: TextImage, *, seed: int = 0) -> Estimate:
    """||mean of the images - mean of the texts||, of unit vectors: 0 (no gap) to 2.

    The interval resamples images with their texts, and reads every resample along the direction of
    the gap itself: the norm of a resampled difference is always too large.

    Args:
        space: Unit vectors.
        owners: Image of every text, as a place among the images of the space or beyond (its own group then).
        seed: Of the resamples.
    """
    images, texts = space.image.double(), space.text.double()
    apart = _apart(space)
    norm = torch.linalg.vector_norm(apart)
    along = apart / norm.clamp_min(1e-12)
    groups = max(len(images), int(owners.max()) + 1)
    counts = bootstrap_counts(groups, n_draws=BOOTSTRAP_DRAWS, seed=seed).double()
    zero = torch.zeros(groups, dtype=torch.float64)
    image_sum, image_size = zero.clone(), zero.clone()
    image_sum[: len(images)], image_size[: len(images)] = images @ along, 1.0
    text_sum = zero.index_add(0, owners, texts @ along)
    text_size = zero.index_add(0, owners, torch.ones(len(texts), dtype=torch.float64))
    draws = (counts @ image_sum) / (counts @ image_size) - (counts @ text_sum) / (counts @ text_size)
    return percentile_estimate(float(norm), draws)


def modality_gaps(near: Neighbourhoods) -> Gaps:
    """The gap in the semantic and in the style space, each with its control."""
    owners = _places(near)
    names: tuple[SpaceName, SpaceName] = ("semantic", "style")
    gaps = []
    for name in names:
        gap = modality_gap(near.space(name), owners, seed=near.seed)
        draws = [float(_apart(near.space(name, draw)).norm()) for draw in range(near.n_draws)]
        gaps.append(SpaceGap(gap, span(draws, gap)))
    return Gaps(gaps[0], gaps[1])


def _apart(space: Space) -> Float[Tensor, " d"]:
    return space.image.double().mean(dim=0) - space.text.double().mean(dim=0)


def _places(near: Neighbourhoods) -> TextImage:
    """Image of every shown text as a place among the shown images; images not shown come after them."""
    images, texts = near.owners("images"), near.owners("texts")
    order = np.concatenate([images, np.setdiff1d(texts, images)])
    position = np.empty(int(order.max()) + 1, dtype=np.int64)
    position[order] = np.arange(len(order))
    return torch.from_numpy(position[texts])
