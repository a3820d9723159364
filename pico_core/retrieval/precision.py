"""How far scores from coarser products agree with those in float32, measured on the split that is reported."""

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.retrieval.records import PrecisionAgreement
from pico_core.retrieval.scoring import score_pairs

TOP = 10


def agreement_with_float32(pairs: PairedEmbeddings, weights: Columns, arithmetic: Arithmetic) -> PrecisionAgreement:
    """Score a split in both precisions with the same weights and compare the lists of every query.

    Source: beyond the paper.

    >>> images = torch.eye(2)
    >>> pairs = PairedEmbeddings.from_arrays(images, images)
    >>> round(agreement_with_float32(pairs, torch.ones(2), Arithmetic(precision="bfloat16")).rank_correlation, 6)
    1.0
    """
    exact, rough = score_pairs(pairs, weights), score_pairs(pairs, weights, arithmetic=arithmetic)
    both = zip(_agreement(exact, rough), _agreement(exact.T, rough.T), strict=True)
    return PrecisionAgreement(arithmetic.precision, *(sum(directions) / 2 for directions in both))


def _agreement(exact: Float[Tensor, "q c"], rough: Float[Tensor, "q c"]) -> tuple[float, float]:
    """Mean overlap of the best candidates, and mean rank correlation, of the queries of one direction."""
    k = min(TOP, exact.shape[1])
    best = [torch.zeros_like(s, dtype=torch.bool).scatter_(1, s.topk(k, dim=1).indices, True) for s in (exact, rough)]
    centred = [(r - r.mean(dim=1, keepdim=True)) for r in (_places(exact), _places(rough))]
    lengths = [torch.linalg.vector_norm(r, dim=1) for r in centred]
    correlation = (centred[0] * centred[1]).sum(dim=1) / (lengths[0] * lengths[1])
    overlap = (best[0] & best[1]).sum(dim=1).double() / k
    return float(overlap.mean()), float(correlation.mean())


def _places(scores: Float[Tensor, "q c"]) -> Float[Tensor, "q c"]:
    """Places in the sorted row; equal scores in their order, which is the same on both sides."""
    return scores.argsort(dim=1, stable=True).argsort(dim=1).double()
