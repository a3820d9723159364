"""Pairs and weights to a retrieval report; pairs to the feedback that the construction asks for."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.axes import Columns, PerImage
from pico_core.cluster import Cluster
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import SettingError
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.kernels.metrics import QueryRanks, query_ranks, recall_at, reciprocal
from pico_core.method.feedback import Feedback
from pico_core.reporter import SILENT, Reporter
from pico_core.retrieval.distributed_ranks import distributed_plan, distributed_ranks
from pico_core.retrieval.precision import agreement_with_float32
from pico_core.retrieval.rank_counts import rank_plan
from pico_core.retrieval.rank_files import RankFiles, count_ranks
from pico_core.retrieval.records import Estimate, RetrievalMetrics, RetrievalReport, Scoring
from pico_core.retrieval.schemes.scheme import Fitted
from pico_core.retrieval.scoring import retrieval_index, score_pairs
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws
from pico_core.storage.token_files import blocks

CUTS = (1, 5, 10)
PACKED_BYTES = 2**27  # of a feedback split that is packed once instead of at every question
COUNTED_FROM = 2**28  # bytes of a table of scores from which on ranks are counted in blocks
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


def retrieval_feedback(
    pairs: PairedEmbeddings,
    *,
    arithmetic: Arithmetic = DEFAULT,
    cluster: Cluster | None = None,
    reporter: Reporter = SILENT,
) -> Feedback:
    """Performance feedback by rSum on a fixed split: weights [d] to per-image contributions [n].

    Args:
        pairs: The feedback split, in the basis of the weights; disjoint from fit and test.
        arithmetic: How scores are computed, by this process.
        cluster: Whose workers score; default this process does.
        reporter: Hears where memory is short, and is checked while a cluster works; its share is left to who asks.

    Raises:
        SettingError: a cluster, and an arithmetic of one's own.
    """
    _check_cluster(cluster, arithmetic)
    index = retrieval_index(pairs) if cluster is None and _worth_packing(pairs) else None

    def performance(weights: Columns) -> PerImage:
        if cluster is not None:
            plan = distributed_plan(rank_plan(pairs))
            ranks = distributed_ranks(cluster, pairs, plan, weights=weights, reporter=reporter.inner())
            return image_rsum(ranks, pairs.text_image)
        if index is None:
            scores = score_pairs(pairs, weights, arithmetic=arithmetic, reporter=reporter)
        else:
            scores = index.scores(weights, arithmetic=arithmetic, reporter=reporter)
        return image_rsum(query_ranks(scores, pairs.text_image), pairs.text_image)

    return performance


def _check_cluster(cluster: Cluster | None, arithmetic: Arithmetic) -> None:
    if cluster is not None and arithmetic != DEFAULT:
        raise SettingError("a cluster scores in the precision that tokens are stored in; ask for one or the other")


def _worth_packing(pairs: PairedEmbeddings) -> bool:
    """Whether a packed copy takes little memory; on a graphics card tokens are scored as they are stored."""
    real = int(pairs.image_mask.sum()) + int(pairs.text_mask.sum())
    return pairs.image_tokens.device.type == "cpu" and 4 * real * pairs.n_columns <= PACKED_BYTES


def retrieval_report(
    pairs: PairedEmbeddings,
    *,
    weights: Columns,
    controls: Sequence[Fitted] = (),
    n_draws: int = 1000,
    seed: int = 0,
    arithmetic: Arithmetic = DEFAULT,
    queries: Int[Tensor, " q"] | None = None,
    files: RankFiles | None = None,
    reporter: Reporter = SILENT,
    cluster: Cluster | None = None,
) -> RetrievalReport:
    """Unweighted against weighted, and controls, on the same queries with paired intervals.

    Args:
        pairs: The split to report on, in the basis of the weights.
        weights: P, one factor per column.
        controls: Competitors and null models.
        n_draws: Bootstrap resamples, clustered by image.
        seed: Of the resamples.
        arithmetic: How scores are computed; where it is coarser than how tokens are stored, the report says how far
            the weighted scores agree with float32.
        queries: Images that ask, with all their texts, sorted; the candidates stay all items. Default all ask.
        files: Where counts of unfinished scorings are kept and gone on with.
        reporter: Hears of the share of the scorings, and of every one as a step; cancelled, what was counted in blocks
            is kept.
        cluster: Whose workers score; default this process does.

    Returns:
        Metrics in per cent; every difference is rSum minus the unweighted rSum, paired by image.
    """
    _check_cluster(cluster, arithmetic)
    plan = rank_plan(pairs, queries) if cluster is None else distributed_plan(rank_plan(pairs, queries))
    asked = pairs if queries is None else pairs.select(queries)  # what is measured of two precisions fits in memory
    counts = bootstrap_counts(len(plan.images), n_draws=n_draws, seed=seed)

    n_scorings, n_done = len(controls) + 2, 0

    def ranked(name: str, changed: PairedEmbeddings, column_weights: Columns | None) -> QueryRanks:
        part = reporter.part(n_done / n_scorings, (n_done + 1) / n_scorings)
        file = None if files is None else files.path(name, plan, column_weights)
        if cluster is not None:
            return distributed_ranks(cluster, changed, plan, weights=column_weights, file=file, reporter=part)
        if queries is None and files is None and 4 * pairs.n_images * pairs.n_texts <= COUNTED_FROM:
            scores = score_pairs(changed, column_weights, arithmetic=arithmetic, reporter=part)
            return query_ranks(scores, pairs.text_image)
        return count_ranks(changed, plan, weights=column_weights, file=file, reporter=part, arithmetic=arithmetic)

    plain = ranked("unweighted", pairs, None)
    done: list[tuple[Columns, QueryRanks]] = [(torch.ones(pairs.n_columns), plain)]

    def scoring(control: Fitted) -> Scoring:
        nonlocal n_done
        own = torch.ones(pairs.n_columns) if control.weights is None else control.weights
        known = next((r for w, r in done if control.transform is None and torch.equal(w, own)), None)
        changed = pairs if control.transform is None else control.transform(pairs)
        ranks = known or ranked(control.name, changed, own)
        if control.transform is None:
            done.append((own, ranks))
        n_done += 1
        reporter.share(n_done / n_scorings)
        reporter.step(n_done, n_scorings, name=control.name)
        return _scoring(control.name, control.label, ranks, plain, plan.owners, counts)

    return RetrievalReport(
        split=pairs.part,
        n_images=pairs.n_images,
        n_texts=pairs.n_texts,
        baseline=scoring(Fitted("unweighted", "Unweighted (P = 1)")),
        weighted=scoring(Fitted("weighted", "Weighted", weights)),
        controls=tuple(scoring(control) for control in controls),
        agreement=agreement_with_float32(asked, weights, arithmetic) if arithmetic.is_coarser else None,
        queries=queries,
    )


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
    return _paired(lefts, right, text_image, counts)


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
    return _metrics(ranks, text_image, bootstrap_counts(len(ranks.image_to_text), n_draws=n_draws, seed=seed))


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


def _scoring(
    name: str,
    label: str,
    ranks: QueryRanks,
    plain: QueryRanks,
    text_image: Int[Tensor, " m"],
    counts: Float[Tensor, "b n"],
) -> Scoring:
    return Scoring(
        name=name,
        label=label,
        metrics=_metrics(ranks, text_image, counts),
        difference=_paired([ranks], plain, text_image, counts),
        ranks=ranks,
        tied_queries=int(ranks.image_tied.sum() + ranks.text_tied.sum()),
    )


def _paired(
    lefts: Sequence[QueryRanks], right: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]
) -> Estimate:
    own = torch.stack([image_rsum(left, text_image) for left in lefts]).mean(dim=0)
    draws = torch.stack([_rsum_draws(left, text_image, counts) for left in lefts]).mean(dim=0)
    change = own - image_rsum(right, text_image)
    return percentile_estimate(float(change.double().mean()), draws - _rsum_draws(right, text_image, counts))


def _metrics(ranks: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]) -> RetrievalMetrics:
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
