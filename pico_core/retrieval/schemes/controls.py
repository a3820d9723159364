"""Simpler competitors and null models: without them no gain can be credited to the method."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import reduce
from operator import add

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.axes import Columns
from pico_core.data.label_shares import label_oracle
from pico_core.data.moments import pair_blocks, pooled_moment, pooled_sum
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.construction import uniform_feedback_probabilities
from pico_core.method.history import Construction
from pico_core.method.probabilities import weights_from
from pico_core.storage.token_files import with_change


@dataclass(frozen=True, eq=False)
class Control:
    """One way to score: weights, and optionally a change of the tokens before.

    Attributes:
        name: Short and stable.
        label: The same for people.
        weights: One factor per column.
        transform: Applied to the scored split first; fitted on the fit split only.
    """

    name: str
    label: str
    weights: Columns
    transform: Callable[[PairedEmbeddings], PairedEmbeddings] | None = None


def standard_controls(
    fit: PairedEmbeddings, construction: Construction, *, seed: int = 0, truth: Columns | None = None
) -> tuple[Control, ...]:
    """The controls of every report, at the strength of the guard's best candidate.

    Args:
        fit: The fit split in its basis; nothing else is looked at.
        construction: Whose weights are under question.
        seed: Of the permutation.
        truth: Planted semantic share, where it is known: the oracle.
    """
    strength = construction.guard.strength
    at = f"(λ = {strength:g})"
    generator = torch.Generator().manual_seed(seed)
    permuted = construction.unguarded_weights[torch.randperm(fit.n_columns, generator=generator)]
    uniform = uniform_feedback_probabilities(construction)
    controls = [
        Control("unguarded", f"PICO without the guard {at}", construction.unguarded_weights),
        Control("uniform_feedback", f"Uniform feedback {at}", weights_from(uniform, strength=strength)),
        Control("p_hat", f"p̂ as weights {at}", weights_from(construction.pseudo_semantic, strength=strength)),
        Control("permuted", "The same weights, permuted", permuted),
        Control(
            "correlation",
            f"Matched column correlation {at}",
            weights_from(column_correlation(fit).clamp_min(0.0), strength=strength),
        ),
        Control(
            "all_but_the_top",
            "All-but-the-top (mean and first axis removed)",
            torch.ones(fit.n_columns),
            all_but_the_top(fit),
        ),
    ]
    labelled = label_oracle(fit)
    if labelled is not None:
        controls.append(Control("label_oracle", f"Style labels known {at}", weights_from(labelled, strength=strength)))
    if truth is not None:
        controls.append(Control("oracle", f"Planted truth {at}", weights_from(truth, strength=strength)))
    return tuple(controls)


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


def all_but_the_top(fit: PairedEmbeddings, *, n_components: int = 1) -> Callable[[PairedEmbeddings], PairedEmbeddings]:
    """Remove the common mean and the first principal axes of the pooled tokens, then renormalise.

    Source: Mu and Viswanath, "All-but-the-Top", ICLR 2018, on the items of both modalities.
    """
    mean = pooled_sum(fit).mean
    axes = torch.linalg.eigh(pooled_moment(fit, centre=mean).total).eigenvectors[:, -n_components:]

    return _TopRemoved(mean.float(), axes.float())


@dataclass(frozen=True, eq=False)
class _TopRemoved:
    """A change of any split; an object, not a closure, so that it can be sent to other processes."""

    mean: Columns
    axes: Float[Tensor, "d c"]

    def __call__(self, pairs: PairedEmbeddings) -> PairedEmbeddings:
        return replace(
            pairs,
            image_tokens=with_change(pairs.image_tokens, pairs.image_mask, self._clean),
            text_tokens=with_change(pairs.text_tokens, pairs.text_mask, self._clean),
        )

    def _clean(self, tokens: Tensor, mask: Tensor) -> Tensor:
        shifted: Tensor = tokens.float() - self.mean
        shifted = shifted - (shifted @ self.axes) @ self.axes.T
        norms: Tensor = torch.linalg.vector_norm(shifted, dim=-1, keepdim=True).clamp_min(1e-12)
        return (shifted / norms).masked_fill(~mask[..., None], 0.0)
