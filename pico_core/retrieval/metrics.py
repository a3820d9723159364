"""Recall, ranks and their differences from the ranks of all queries, with intervals resampled by image."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.axes import PerImage
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
    """RSum under one scoring minus rSum under another, on the same queries, resampled by image.

    Args:
        left: Ranks under one scoring.
        right: Ranks under the other, of the same queries.
        text_image: The image of each text.
        n_draws: Resamples of the images; with the defaults they are those of `retrieval_report`.
        seed: Of the resamples.
    """
    return mean_paired_difference([left], right, text_image, n_draws=n_draws, seed=seed)


def mean_paired_difference(
    lefts: Sequence[QueryRanks],
    right: QueryRanks,
    text_image: Int[Tensor, " m"],
    *,
    n_draws: int = 1000,
    seed: int = 0,
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


def retrieval_metrics(
    ranks: QueryRanks, text_image: Int[Tensor, " m"], *, n_draws: int = 1000, seed: int = 0
) -> RetrievalMetrics:
    """Recall and ranks of one scoring with their intervals, resampled by image.

    Args:
        ranks: Of every query.
        text_image: The image of each text.
        n_draws: Resamples of the images; with the defaults they are those of `retrieval_report`.
        seed: Of the resamples.
    """
    return metrics_by(ranks, text_image, bootstrap_counts(len(ranks.image_to_text), n_draws=n_draws, seed=seed))


def recall_differences(
    left: QueryRanks, right: QueryRanks, text_image: Int[Tensor, " m"], *, n_draws: int = 1000, seed: int = 0
) -> tuple[Estimate, ...]:
    """R@1, R@5, R@10 under one scoring minus under another, image to text and then text to image.

    Paired: the same queries under both, resampled by image. In points of per cent; they sum to the
    difference of rSum.
    """
    counts = bootstrap_counts(len(left.image_to_text), n_draws=n_draws, seed=seed)

    def changed(one: Int[Tensor, " q"], other: Int[Tensor, " q"], k: int) -> Float[Tensor, " q"]:
        return 100 * (recall_at(one, k) - recall_at(other, k))

    images = [_image_mean(changed(left.image_to_text, right.image_to_text, k), counts) for k in CUTS]
    texts = [_text_mean(changed(left.text_to_image, right.text_to_image, k), text_image, counts) for k in CUTS]
    return (*images, *texts)


def mrr_difference(
    left: QueryRanks, right: QueryRanks, text_image: Int[Tensor, " m"], *, n_draws: int = 1000, seed: int = 0
) -> Estimate:
    """MRR, the mean of both directions, under one scoring minus under another: paired, resampled by image.

    In points of per cent.
    """
    counts = bootstrap_counts(len(left.image_to_text), n_draws=n_draws, seed=seed)
    images = reciprocal(left.image_to_text) - reciprocal(right.image_to_text)
    texts = reciprocal(left.text_to_image) - reciprocal(right.text_to_image)
    value = (float(images.double().mean()) + float(texts.double().mean())) / 2
    draws = (_image_draws(images, counts) + _text_draws(texts, text_image, counts)) / 2
    return percentile_estimate(100 * value, 100 * draws)


def median_differences(
    left: QueryRanks, right: QueryRanks, text_image: Int[Tensor, " m"], *, n_draws: int = 1000, seed: int = 0
) -> tuple[Estimate, Estimate]:
    """Median rank under one scoring minus under another, image to text and then text to image, in places.

    The difference of the two medians (not the median of the differences), both taken in the same
    resamples of the images. Below 0: the first scoring ranks better.
    """
    counts = bootstrap_counts(len(left.image_to_text), n_draws=n_draws, seed=seed)

    def changed(one: Int[Tensor, " q"], other: Int[Tensor, " q"], owner: Tensor | None) -> Estimate:
        value = float(one.double().median()) - float(other.double().median())
        return percentile_estimate(value, _median_draws(one, counts, owner) - _median_draws(other, counts, owner))

    return (
        changed(left.image_to_text, right.image_to_text, None),
        changed(left.text_to_image, right.text_to_image, text_image),
    )


def paired_by(
    lefts: Sequence[QueryRanks], right: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]
) -> Estimate:
    """`mean_paired_difference` on resamples that are drawn already."""
    own = torch.stack([image_rsum(left, text_image) for left in lefts]).mean(dim=0)
    draws = torch.stack([_rsum_draws(left, text_image, counts) for left in lefts]).mean(dim=0)
    change = own - image_rsum(right, text_image)
    return percentile_estimate(float(change.double().mean()), draws - _rsum_draws(right, text_image, counts))


def metrics_by(ranks: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]) -> RetrievalMetrics:
    """`retrieval_metrics` on resamples that are drawn already."""
    images, texts = ranks.image_to_text, ranks.text_to_image
    i2t = [_image_mean(100 * recall_at(images, k), counts) for k in CUTS]
    t2i = [_text_mean(100 * recall_at(texts, k), text_image, counts) for k in CUTS]
    mean_rank = (reciprocal(images).mean() + reciprocal(texts).mean()) / 2
    mrr_draws = (_image_draws(reciprocal(images), counts) + _text_draws(reciprocal(texts), text_image, counts)) / 2
    return RetrievalMetrics(
        i2t_r1=i2t[0],
        i2t_r5=i2t[1],
        i2t_r10=i2t[2],
        t2i_r1=t2i[0],
        t2i_r5=t2i[1],
        t2i_r10=t2i[2],
        rsum=percentile_estimate(sum(e.value for e in i2t + t2i), _rsum_draws(ranks, text_image, counts)),
        mrr=percentile_estimate(100 * float(mean_rank), 100 * mrr_draws),
        i2t_median_rank=_median(images, counts),
        t2i_median_rank=_median(texts, counts, text_image),
    )


def _rsum_draws(ranks: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
    own, texts = _hits(ranks.image_to_text), _hits(ranks.text_to_image)
    return 100 * (_image_draws(own, counts) + _text_draws(texts, text_image, counts))


def _hits(ranks: Int[Tensor, " queries"]) -> Float[Tensor, " queries"]:
    """At how many of the cuts 1, 5 and 10 a query is answered."""
    return torch.stack([recall_at(ranks, k) for k in CUTS]).sum(dim=0)


def _image_draws(values: PerImage, counts: Float[Tensor, "b n"]) -> Float[Tensor, " b"]:
    return ratio_draws(values, torch.ones_like(values), counts)


def _text_draws(
    values: Float[Tensor, " m"], text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]
) -> Float[Tensor, " b"]:
    n_images = counts.shape[1]
    total = torch.zeros(n_images).index_add_(0, text_image, values)
    number = torch.bincount(text_image, minlength=n_images).float()
    return ratio_draws(total, number, counts)


def _image_mean(values: PerImage, counts: Float[Tensor, "b n"]) -> Estimate:
    return percentile_estimate(float(values.double().mean()), _image_draws(values, counts))


def _text_mean(values: Float[Tensor, " m"], text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]) -> Estimate:
    return percentile_estimate(float(values.double().mean()), _text_draws(values, text_image, counts))


def _median(ranks: Int[Tensor, " queries"], counts: Float[Tensor, "b n"], owner: Tensor | None = None) -> Estimate:
    """Median rank, of an even number the lower."""
    return percentile_estimate(float(ranks.double().median()), _median_draws(ranks, counts, owner))


def _median_draws(
    ranks: Int[Tensor, " queries"], counts: Float[Tensor, "b n"], owner: Tensor | None = None
) -> Float[Tensor, " b"]:
    """The lower median of every resample: a weighted median, read off cumulated counts.

    Args:
        ranks: Of the queries.
        counts: How often every image is drawn.
        owner: The image of each query; default query i is image i.
    """
    ordered, order = ranks.sort()
    images = order if owner is None else owner[order]
    places = []
    for part in blocks(len(counts), max(1, MEDIAN_VALUES // len(ranks))):
        reached = counts[part][:, images].cumsum(dim=1)
        places.append((reached >= reached[:, -1:] / 2).float().argmax(dim=1))
    return ordered[torch.cat(places)].float()
