"""Pairs and weights to a retrieval report; pairs to the feedback that the construction asks for."""

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import Columns, PerImage
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks
from pico_core.method.feedback import Feedback
from pico_core.retrieval.metrics import image_rsum, metrics_by, paired_by
from pico_core.retrieval.precision import agreement_with_float32
from pico_core.retrieval.ranker import Ranker, ranker_for
from pico_core.retrieval.records import RetrievalReport, Scoring
from pico_core.retrieval.schemes.scheme import Fitted
from pico_core.retrieval.uncertainty import bootstrap_counts


def retrieval_feedback(
    pairs: PairedEmbeddings, *, ranker: Ranker | None = None, reporter: Reporter = SILENT
) -> Feedback:
    """Performance feedback by rSum on a fixed split: weights [d] to per-image contributions [n].

    Args:
        pairs: The feedback split, in the basis of the weights; disjoint from fit and test.
        ranker: Of all its queries; default this process ranks them.
        reporter: Hears where memory is short, and is checked while a cluster works; its share is left to who asks.
    """
    ranker = ranker or ranker_for(pairs)

    def performance(weights: Columns) -> PerImage:
        ranks = ranker.ranks(weights, reporter=reporter.inner())
        return image_rsum(ranks, pairs.text_image.to(ranks.text_to_image.device))

    return performance


def retrieval_report(
    pairs: PairedEmbeddings,
    *,
    weights: Columns,
    controls: Sequence[Fitted] = (),
    ranker: Ranker | None = None,
    n_draws: int = 1000,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> RetrievalReport:
    """Unweighted against weighted, and controls, on the same queries with paired intervals.

    Args:
        pairs: The split to report on, in the basis of the weights.
        weights: P, one factor per column.
        controls: Competitors and null models.
        ranker: Of its queries, or of some of them; default this process ranks all. Where its arithmetic is coarser
            than how tokens are stored, the report says how far the weighted scores agree with float32.
        n_draws: Bootstrap resamples, clustered by image.
        seed: Of the resamples.
        reporter: Hears of the share of the scorings, and of every one as a step; cancelled, what was counted in blocks
            is kept.

    Returns:
        Metrics in per cent; every difference is rSum minus the unweighted rSum, paired by image.
    """
    ranker = ranker or ranker_for(pairs)
    plan, queries = ranker.plan, ranker.queries
    counts = bootstrap_counts(len(plan.images), n_draws=n_draws, seed=seed)
    schemes = (Fitted("unweighted", "Unweighted (P = 1)"), Fitted("weighted", "Weighted", weights), *controls)
    ones, scorings, known = torch.ones(pairs.n_columns), list[Scoring](), list[tuple[Columns, QueryRanks]]()
    for number, scheme in enumerate(schemes):
        own = ones if scheme.weights is None else scheme.weights
        ranks = next((r for w, r in known if scheme.transform is None and torch.equal(w, own)), None)
        if ranks is None:
            part = reporter.part(number / len(schemes), (number + 1) / len(schemes))
            ranks = ranker.ranks_of(scheme, reporter=part)
        if scheme.transform is None:
            known.append((own, ranks))
        scorings.append(_scoring(scheme, ranks, known[0][1], plan.owners, counts))
        reporter.share((number + 1) / len(schemes))
        reporter.step(number + 1, len(schemes), name=scheme.name)
    baseline, weighted, *others = scorings
    coarser = ranker.arithmetic.is_coarser
    sample = pairs if queries is None or not coarser else pairs.select(queries)  # two tables of scores fit in memory
    return RetrievalReport(
        split=pairs.part,
        n_images=pairs.n_images,
        n_texts=pairs.n_texts,
        baseline=baseline,
        weighted=weighted,
        controls=tuple(others),
        agreement=agreement_with_float32(sample, weights, ranker.arithmetic) if coarser else None,
        queries=queries,
    )


def _scoring(
    scheme: Fitted, ranks: QueryRanks, plain: QueryRanks, text_image: Int[Tensor, " m"], counts: Float[Tensor, "b n"]
) -> Scoring:
    return Scoring(
        name=scheme.name,
        label=scheme.label,
        metrics=metrics_by(ranks, text_image, counts),
        difference=paired_by([ranks], plain, text_image, counts),
        ranks=ranks,
        tied_queries=int(ranks.image_tied.sum() + ranks.text_tied.sum()),
    )
