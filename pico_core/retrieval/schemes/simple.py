"""Weights without prototypes, from simple statistics of the fit split, and weights that know the answer."""

from collections.abc import Callable, Iterable
from functools import reduce
from operator import add

import torch
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.labels import style_label_weights
from pico_core.data.moments import pair_blocks
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.schemes.learned import learn_weights
from pico_core.retrieval.schemes.scheme import Fitted, NotApplicable, SchemeContext
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


def p_hat_above_chance(context: SchemeContext) -> Fitted:
    """p̂ minus what mismatched pairs give."""
    null = mismatched_null(context.fit).mean
    return context.at_strength((context.pseudo_semantic - null).clamp_min(0.0))


def learned(context: SchemeContext) -> Fitted:
    """One weight per column by gradient descent."""
    generator = torch.Generator().manual_seed(context.seed)
    return Fitted(weights=learn_weights(context.fit, feedback=context.feedback(), generator=generator).weights)


def style_labels(context: SchemeContext) -> Fitted:
    """Columns weighed by how little the style labels drive them."""
    known = style_label_weights(context.fit)
    if known is None:
        raise NotApplicable("no style labels")
    return context.at_strength(known)
