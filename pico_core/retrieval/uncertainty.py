"""Intervals and nulls: bootstrap clustered by image, permutation of the pairing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.signs import mismatched_agreement
from pico_core.method.probabilities import agreement_sums
from pico_core.retrieval.records import Estimate

LEVEL = 0.95
FALSE_DISCOVERY = 0.05


@dataclass(frozen=True, eq=False)
class Band:
    """Lower and upper end of an interval for every column."""

    low: Columns
    high: Columns


@dataclass(frozen=True, eq=False)
class SignNull:
    """p̂ on mismatched pairs: what sign agreement looks like without shared content.

    Attributes:
        mean: Its mean over draws.
        band: Its central 95 per cent.
        p_value: Two-sided, of the matched p̂ under the null.
        differs: Whether the column differs from its null at 5 % false discovery (Benjamini-Hochberg).
    """

    mean: Columns
    band: Band
    p_value: Columns
    differs: Bool[Tensor, " d"]


def bootstrap_counts(n_images: int, *, n_draws: int = 1000, seed: int = 0) -> Float[Tensor, "b n"]:
    """How often every image is drawn in every resample; each row sums to n.

    Resampling images, not texts, keeps the texts of one image together (they are not independent).
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = torch.randint(n_images, (n_draws, n_images), generator=generator)
    return torch.zeros(n_draws, n_images).scatter_add_(1, drawn, torch.ones_like(drawn, dtype=torch.float32))


def ratio_draws(
    numerator: Float[Tensor, " n"], denominator: Float[Tensor, " n"], counts: Float[Tensor, "b n"]
) -> Float[Tensor, " b"]:
    """sum_i c_bi x_i / sum_i c_bi y_i for every resample: a mean over texts, drawn by image.

    >>> ratio_draws(torch.tensor([1.0, 3.0]), torch.tensor([1.0, 1.0]), torch.tensor([[2.0, 0.0], [1.0, 1.0]]))
    tensor([1., 2.])
    """
    return (counts @ numerator) / (counts @ denominator)


def percentile_estimate(value: float, draws: Float[Tensor, " b"], *, level: float = LEVEL) -> Estimate:
    """A value with the central share `level` of its resamples.

    >>> percentile_estimate(2.0, torch.tensor([1.0, 2.0, 3.0]), level=1.0)
    Estimate(value=2.0, low=1.0, high=3.0, level=1.0)
    """
    tail = (1 - level) / 2
    low, high = torch.quantile(draws.double(), torch.tensor([tail, 1 - tail], dtype=torch.float64)).tolist()
    return Estimate(value, low, high, level)


def widened(estimate: Estimate, n: int) -> Estimate:
    """Stretch a bootstrap interval of n clusters about its value by t(n - 1) / z x sqrt(n / (n - 1)).

    t by its expansion in 1 / (n - 1) (Fisher and Cornish), good to 0.01 from n = 8.

    >>> wide = widened(Estimate(0.0, -1.0, 1.0), 8)
    >>> round(wide.high, 1), widened(wide, 10**9).high == wide.high or "close"
    (1.3, 'close')
    """
    z, free = 1.959964, n - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    by = t / z * math.sqrt(n / free)
    value = estimate.value
    return replace(estimate, low=value + by * (estimate.low - value), high=value + by * (estimate.high - value))


def clustered_mean(
    values: NDArray[np.float64], groups: NDArray[np.int64], *, n_draws: int = 500, seed: int = 0
) -> Estimate:
    """The mean over items, its interval from resampling whole groups (the items of an image).

    >>> clustered_mean(np.array([1.0, 3.0]), np.array([7, 7]))
    Estimate(value=2.0, low=2.0, high=2.0, level=0.95)
    """
    _, owners = np.unique(groups, return_inverse=True)
    counts = bootstrap_counts(int(owners.max()) + 1, n_draws=n_draws, seed=seed)
    total = torch.from_numpy(np.bincount(owners, weights=values)).float()
    size = torch.from_numpy(np.bincount(owners)).float()
    return percentile_estimate(float(values.mean()), ratio_draws(total, size, counts))


def span(draws: Sequence[float], otherwise: Estimate) -> Estimate:
    """Mean, lowest and highest of a few draws: too few for an interval; without any, what is given instead.

    >>> span([1.0, 3.0], Estimate(0.0, 0.0, 0.0))
    Estimate(value=2.0, low=1.0, high=3.0, level=1.0)
    """
    if not draws:
        return otherwise
    return Estimate(sum(draws) / len(draws), min(draws), max(draws), level=1.0)


def pseudo_semantic_band(pairs: PairedEmbeddings, *, n_draws: int = 500, seed: int = 0) -> Band:
    """Bootstrap interval of p̂ for every column, clustered by image: a matrix product, no loop."""
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed)
    texts = torch.bincount(pairs.text_image, minlength=pairs.n_images).float()
    return central_band((counts @ agreement_sums(pairs)) / (counts @ texts)[:, None])


def mismatched_null(pairs: PairedEmbeddings, *, n_draws: int = 499, seed: int = 0) -> SignNull:
    """Compare p̂ with the same statistic when texts are read against other images.

    A column whose two modalities share a constant offset has a high p̂ without any semantics; its
    null is as high. The p-value is (1 + draws at least as far from the null's mean) / (1 + draws).

    Source: beyond the paper.
    """
    from scipy.stats import false_discovery_control  # a second to import, and no first page asks for it

    generator = torch.Generator().manual_seed(seed)
    shuffles: Int[Tensor, "b n"] = torch.stack(
        [torch.randperm(pairs.n_images, generator=generator) for _ in range(n_draws)]
    )
    images, texts = pairs.image_statistics.signs, pairs.text_statistics.signs
    draws = mismatched_agreement(images, texts, pairs.text_image, shuffles)
    matched = mismatched_agreement(images, texts, pairs.text_image, torch.arange(pairs.n_images)[None])[0]
    mean = draws.mean(dim=0)
    # Rounding must not make a column that never varies look different from itself.
    as_far = (draws - mean).abs() >= (matched - mean).abs() - 1e-6
    p_value = (1 + as_far.sum(dim=0)) / (1 + n_draws)
    adjusted = torch.from_numpy(false_discovery_control(p_value.double().numpy()))
    return SignNull(mean, central_band(draws), p_value, adjusted <= FALSE_DISCOVERY)


def central_band(draws: Float[Tensor, "b d"]) -> Band:
    """The central 95 per cent of resamples, column by column.

    >>> central_band(torch.linspace(0, 1, 41)[:, None]).low
    tensor([0.0250])
    """
    tail = (1 - LEVEL) / 2
    return Band(torch.quantile(draws, tail, dim=0), torch.quantile(draws, 1 - tail, dim=0))
