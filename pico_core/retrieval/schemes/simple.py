"""Weights without prototypes, from simple statistics of the fit split, and weights that know the answer."""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

import torch
from torch import Tensor

from pico_core.axes import Columns
from pico_core.data.labels import label_oracle
from pico_core.data.moments import pair_blocks
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.schemes.learned import learn_weights
from pico_core.retrieval.schemes.scheme import Fitted, NotApplicable, Scheme, SchemeContext
from pico_core.retrieval.uncertainty import mismatched_null


def column_correlation(pairs: PairedEmbeddings) -> Columns:
    """Pearson correlation over matched pairs of a column's value in the image and in the text.

    Values are token means; a column that never varies has correlation 0.

    >>> vectors = torch.tensor([[0.6, 0.8], [0.8, 0.6], [0.0, 1.0]])
    >>> column_correlation(PairedEmbeddings.from_arrays(vectors, vectors))
    tensor([1., 1.])
    """
    image, text = (total / pairs.n_texts for total in _summed(pair_blocks(pairs), lambda v, t: (v, t)))
    image_square, text_square, together = _summed(
        ((images - image, texts - text) for images, texts in pair_blocks(pairs)),
        lambda v, t: (v.square(), t.square(), v * t),
    )
    spread = image_square.sqrt() * text_square.sqrt()
    return torch.where(spread > 1e-12, together / spread.clamp_min(1e-12), 0.0).float()


def _summed(
    parts: Iterable[tuple[Tensor, Tensor]], terms: Callable[[Tensor, Tensor], tuple[Tensor, ...]]
) -> tuple[Tensor, ...]:
    """Sums over all pairs of some terms of their token means, block by block."""
    sums = [tuple(term.sum(dim=0) for term in terms(images, texts)) for images, texts in parts]
    return tuple(reduce(add, column) for column in zip(*sums, strict=True))


def _above_chance(context: SchemeContext) -> Fitted:
    null = mismatched_null(context.fit).mean
    return context.at_strength((context.pseudo_semantic - null).clamp_min(0.0))


def _learned(context: SchemeContext) -> Fitted:
    generator = torch.Generator().manual_seed(context.seed)
    return Fitted(weights=learn_weights(context.fit, feedback=context.feedback(), generator=generator).weights)


def _style_labels(context: SchemeContext) -> Fitted:
    known = label_oracle(context.fit)
    if known is None:
        raise NotApplicable("no style labels")
    return context.at_strength(known)


UNWEIGHTED = Scheme(
    "unweighted",
    "Unweighted (P = 1)",
    "every column counts the same; all others are measured against it",
    "reference",
    "paper",
    lambda context: Fitted(),
    on_side="Unweighted",
)
P_HAT = Scheme(
    "p_hat",
    "p̂ as weights",
    "sign agreement alone, without prototypes",
    "control",
    "paper's statistic, used directly",
    lambda context: context.at_strength(context.pseudo_semantic),
    rival="p̂ as weights",
    in_report="p̂ as weights (λ = {strength})",
    on_side="p̂ as weights",
)
ABOVE_CHANCE = Scheme(
    "p_chance_corrected",
    "p̂ above its null as weights",
    "sign agreement minus what mismatched pairs give",
    "control",
    "beyond the paper",
    _above_chance,
    rival="p̂ above its null as weights",
)
LEARNED = Scheme(
    "learned",
    "Learned weights, one per column",
    "one weight per column, learned by gradient descent on the fit split",
    "control",
    "beyond the paper; InfoNCE and AdamW",
    _learned,
    rival="weights learned one by one",
)
CORRELATION = Scheme(
    "correlation",
    "Correlation over matched pairs as weights",
    "a column's correlation over matched pairs as its weight",
    "control",
    "beyond the paper",
    lambda context: context.at_strength(column_correlation(context.fit).clamp_min(0.0)),
    rival="the matched column correlation",
    in_report="Matched column correlation (λ = {strength})",
)
STYLE_LABELS = Scheme(
    "oracle_labels",
    "Style labels known",
    "columns weighed by how little the style labels drive them: a ceiling, no rival",
    "oracle",
    "beyond the paper",
    _style_labels,
    in_report="Style labels known (λ = {strength})",
)
TRUTH = Scheme(
    "oracle_truth",
    "Planted truth known",
    "the planted share of meaning as the weight: a ceiling, no rival",
    "oracle",
    "beyond the paper",
    lambda context: context.at_strength(context.truth()),
    in_report="Planted truth (λ = {strength})",
)
