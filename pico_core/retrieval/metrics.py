"""Recall, ranks and their differences from the ranks of all queries, with intervals resampled by image."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import PerImage
from pico_core.kernels.metrics import QueryRanks, recall_at, reciprocal
from pico_core.retrieval.records import Estimate, RetrievalMetrics
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws
from pico_core.storage.token_files import blocks

CUTS = (1, 5, 10)
MEDIAN_VALUES = 2**24  # of resampled counts that are sorted at a time


def image_rsum(ranks: QueryRanks, text_image: Int[Tensor, " m"]) -> PerImage:
    """What every image contributes to rSum, in per cent; the mean over images is rSum exactly.

    rSum is the sum of R@1, R@5 and R@10 in both directions, at most 600. The queries of an image
    are itself and its texts.

    >>> tied = torch.tensor([False]), torch.tensor([False, False])
    >>> ranks = QueryRanks(torch.tensor([1]), torch.tensor([1, 11]), *tied)
    >>> image_rsum(ranks, torch.tensor([0, 0]))
    tensor([450.])
    """
    n_images, n_texts = len(ranks.image_to_text), len(ranks.text_to_image)
    own, texts = _hits(ranks.image_to_text), _hits(ranks.text_to_image)
    shared = torch.zeros_like(own).index_add_(0, text_image, texts)
    return 100 * (own + shared * n_images / n_texts)


def paired_difference(
    left: QueryRanks, right: QueryRanks, text_image: Int[Tensor, " m"], *, n_draws: int = 1000, seed: int = 0
) -> Estimate:
    """RSum under one scoring minus rSum under another: `mean_paired_difference` of a single one."""
    return mean_paired_difference([left], right, text_image, n_draws=n_draws, seed=seed)


def mean_paired_difference(
    lefts: Sequence[QueryRanks], right: QueryRanks, text_image: Int[Tensor, " m"], *, n_draws: int = 1000, seed: int = 0
) -> Estimate:
    """Mean rSum of several scorings minus rSum under another, on the same queries, resampled by image.

    Every image counts with the mean of what it contributes under each of them, so that the interval is that of the
    mean over these very scorings; how far another draw of them would lie apart is no part of it.

    Args:
        lefts: Ranks under each scoring, at least one.
        right: Ranks under the other, of the same queries.
        text_image: The image of each text.
        n_draws: Resamples of the images; with the defaults they are those of `retrieval_report`.
        seed: Of the resamples.

    >>> tied = torch.tensor([False]), torch.tensor([False])
    >>> first, eleventh = (QueryRanks(torch.tensor([r]), torch.tensor([r]), *tied) for r in (1, 11))
    >>> mean_paired_difference([first, eleventh], eleventh, torch.tensor([0])).value  # the mean of 600 and 0
    300.0
    """
    counts = bootstrap_counts(len(right.image_to_text), n_draws=n_draws, seed=seed)
    return paired_by(lefts, right, text_image, counts)


def differences_by(
    left: QueryRanks, right: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]
) -> RetrievalMetrics:
    """Every metric under one scoring minus the same under another, paired: the same queries, resampled by image.

    Recalls sum to the difference of rSum. MRR is the mean of both directions. A median rank's is the difference of the
    two medians (not the median of the differences), both taken in the same resamples; below 0 the first ranks better.

    Args:
        left: Ranks under one scoring.
        right: Ranks under the other, of the same queries.
        text_image: The image of each text.
        counts: How often every image is drawn in every resample.
    """
    sides = ((left.image_to_text, right.image_to_text, None), (left.text_to_image, right.text_to_image, text_image))
    recalls = [_mean(100 * (recall_at(a, k) - recall_at(b, k)), counts, owner) for a, b, owner in sides for k in CUTS]
    reciprocals = [(reciprocal(a) - reciprocal(b), owner) for a, b, owner in sides]
    mrr = percentile_estimate(
        100 * (sum(float(values.double().mean()) for values, _ in reciprocals) / 2),
        100 * torch.stack([_draws(values, counts, owner) for values, owner in reciprocals]).mean(dim=0),
    )
    medians = [
        percentile_estimate(
            float(a.double().median()) - float(b.double().median()),
            _median_draws(a, counts, owner) - _median_draws(b, counts, owner),
        )
        for a, b, owner in sides
    ]
    return RetrievalMetrics(*(*recalls, paired_by([left], right, text_image, counts), mrr, *medians))


def paired_by(
    lefts: Sequence[QueryRanks], right: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]
) -> Estimate:
    """`mean_paired_difference` on resamples that are drawn already."""
    own = torch.stack([image_rsum(left, text_image) for left in lefts]).mean(dim=0)
    draws = torch.stack([_rsum_draws(left, text_image, counts) for left in lefts]).mean(dim=0)
    change = own - image_rsum(right, text_image)
    return percentile_estimate(float(change.double().mean()), draws - _rsum_draws(right, text_image, counts))


def metrics_by(ranks: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]) -> RetrievalMetrics:
    """Recall and ranks of one scoring with their intervals, on resamples of the images that are drawn already."""
    sides = ((ranks.image_to_text, None), (ranks.text_to_image, text_image))
    recalls = [_mean(100 * recall_at(r, k), counts, owner) for r, owner in sides for k in CUTS]
    rsum = percentile_estimate(sum(recall.value for recall in recalls), _rsum_draws(ranks, text_image, counts))
    mean = sum(reciprocal(r).mean() for r, _ in sides) / 2
    mrr_draws = torch.stack([_draws(reciprocal(r), counts, owner) for r, owner in sides]).mean(dim=0)
    mrr = percentile_estimate(100 * float(mean), 100 * mrr_draws)
    medians = [percentile_estimate(float(r.double().median()), _median_draws(r, counts, o)) for r, o in sides]
    return RetrievalMetrics(*(*recalls, rsum, mrr, *medians))


def _rsum_draws(ranks: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
    own, texts = _hits(ranks.image_to_text), _hits(ranks.text_to_image)
    return 100 * (_draws(own, counts, None) + _draws(texts, counts, text_image))


def _hits(ranks: Int[Tensor, " queries"]) -> Float[Tensor, " queries"]:
    """At how many of the cuts 1, 5 and 10 a query is answered."""
    return torch.stack([recall_at(ranks, k) for k in CUTS]).sum(dim=0)


def _draws(
    values: Float[Tensor, " queries"], counts: Float[Tensor, "b n"], owner: Tensor | None
) -> Float[Tensor, " b"]:
    """The mean over queries in every resample; `owner` is the image of each query, None where query i is image i."""
    if owner is None:
        return ratio_draws(values, torch.ones_like(values), counts)
    n_images = counts.shape[1]
    total = torch.zeros(n_images).index_add_(0, owner, values)
    return ratio_draws(total, torch.bincount(owner, minlength=n_images).float(), counts)


def _mean(values: Float[Tensor, " queries"], counts: Float[Tensor, "b n"], owner: Tensor | None) -> Estimate:
    return percentile_estimate(float(values.double().mean()), _draws(values, counts, owner))


def _median_draws(
    ranks: Int[Tensor, " queries"], counts: Float[Tensor, "b n"], owner: Tensor | None
) -> Float[Tensor, " b"]:
    """The lower median of every resample: a weighted median, read off cumulated counts; `owner` as in `_draws`."""
    ordered, order = ranks.sort()
    images = order if owner is None else owner[order]
    places = []
    for part in blocks(len(counts), max(1, MEDIAN_VALUES // len(ranks))):
        reached = counts[part][:, images].cumsum(dim=1)
        places.append((reached >= reached[:, -1:] / 2).float().argmax(dim=1))
    return ordered[torch.cat(places)].float()
