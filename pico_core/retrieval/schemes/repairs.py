"""Simpler repairs of a joint space: linear changes of the tokens, fitted on the fit split, no weights at all.

Each function takes the fit split and returns a change of any split; tokens are made unit vectors again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.moments import pooled_moment, pooled_sum
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.schemes.scheme import Transform
from pico_core.storage.token_files import with_change

Tokens = Float[Tensor, "items tokens d"]


def mean_removal(fit: PairedEmbeddings) -> Transform:
    """Remove the common mean of the pooled tokens of both modalities.

    >>> fit = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    >>> mean_removal(fit)(fit).image_tokens[:, 0]
    tensor([[ 0.7071, -0.7071],
            [-0.7071,  0.7071]])

    Source: beyond the paper; the common practice of centring.
    """
    mean = torch.cat([fit.image_means, fit.text_means]).mean(dim=0)
    return _Moved(lambda tokens: tokens - mean, lambda tokens: tokens - mean)


def modality_mean_removal(fit: PairedEmbeddings) -> Transform:
    """Remove from the tokens of each modality the mean of its own pooled tokens: centring per modality.

    >>> fit = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8], [-0.6, 0.8]]), torch.eye(2))
    >>> modality_mean_removal(fit)(fit).image_tokens[:, 0].round()
    tensor([[ 1.,  0.],
            [-1.,  0.]])

    Source: Liang et al., "Mind the Gap", NeurIPS 2022, who move modalities by their means.
    """
    image, text = fit.image_means.mean(dim=0), fit.text_means.mean(dim=0)
    return _Moved(lambda tokens: tokens - image, lambda tokens: tokens - text)


def gap_removal(fit: PairedEmbeddings) -> Transform:
    """Project out the direction from the mean of one modality to that of the other.

    >>> fit = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8]]), torch.tensor([[-0.6, 0.8]]))
    >>> gap_removal(fit)(fit).image_tokens[0]  # the gap lies along the first column
    tensor([[0., 1.]])

    Source: after Liang et al., "Mind the Gap", NeurIPS 2022 (their gap vector, projected out instead of added).
    """
    gap = fit.image_means.mean(dim=0) - fit.text_means.mean(dim=0)
    axis = gap / torch.linalg.vector_norm(gap).clamp_min(1e-12)

    def flatten(tokens: Tokens) -> Tokens:
        flat: Tensor = tokens - (tokens @ axis)[..., None] * axis
        return flat

    return _Moved(flatten, flatten)


def all_but_the_top(fit: PairedEmbeddings, *, n_components: int = 1) -> Transform:
    """Remove the common mean and the first principal axes of the pooled tokens, then renormalise.

    Source: Mu and Viswanath, "All-but-the-Top", ICLR 2018, on the items of both modalities.
    """
    mean = pooled_sum(fit).mean
    axes = torch.linalg.eigh(pooled_moment(fit, centre=mean).total).eigenvectors[:, -n_components:]
    remove = _TopRemoved(mean.float(), axes.float())
    return _Moved(remove, remove)


@dataclass(frozen=True, eq=False)
class _TopRemoved:
    """A change of tokens; an object, not a closure, so that it can be sent to other processes."""

    mean: Columns
    axes: Float[Tensor, "d c"]

    def __call__(self, tokens: Tokens) -> Tokens:
        tokens = tokens - self.mean  # a copy, changed in place: tokens are large
        return tokens.sub_((tokens @ self.axes) @ self.axes.T)


def whitening(fit: PairedEmbeddings, *, shrinkage: float) -> Transform:
    """Give the pooled tokens of both modalities together mean 0 and, nearly, covariance 1.

    x -> (x - mean) C^(-1/2) with C = (1 - shrinkage) cov + shrinkage (trace cov / d) I.

    Args:
        fit: The fit split; nothing else is looked at.
        shrinkage: From above 0 (the covariance as it is) to 1 (centring alone).

    Source: Su et al., "Whitening Sentence Representations", arXiv 2103.15316, 2021, on both modalities; the shrinkage
    is of the kind of Ledoit and Wolf, 2004.
    """
    pooled = torch.cat([fit.image_means, fit.text_means]).double()
    mean = pooled.mean(dim=0)
    matrix = _inverse_root(_shrunk(pooled - mean, shrinkage))
    return _linear(mean, matrix, mean, matrix)


def canonical_correlations(fit: PairedEmbeddings, *, shrinkage: float) -> Transform:
    """Turn each modality into its canonical variables over matched pairs, scaled by their correlations.

    With Cx, Cy the shrunk covariances and C the cross-covariance of matched pairs of pooled tokens,
    U S V^T = Cx^(-1/2) C Cy^(-1/2): images become (x - mean) Cx^(-1/2) U S, texts (y - mean) Cy^(-1/2) V S.

    Args:
        fit: The fit split; nothing else is looked at.
        shrinkage: As in `whitening`, of both covariances.

    Source: Hotelling, 1936; scaling by the correlations after Gong et al., IJCV 2014 (power 1).
    """
    images, texts = fit.image_means[fit.text_image].double(), fit.text_means.double()
    image_mean, text_mean = images.mean(dim=0), texts.mean(dim=0)
    images, texts = images - image_mean, texts - text_mean
    image_root, text_root = _inverse_root(_shrunk(images, shrinkage)), _inverse_root(_shrunk(texts, shrinkage))
    left, correlations, right = torch.linalg.svd(image_root @ (images.T @ texts / len(texts)) @ text_root)
    return _linear(image_mean, image_root @ left * correlations, text_mean, text_root @ right.T * correlations)


def _shrunk(centred: Float[Tensor, "items d"], shrinkage: float) -> Float[Tensor, "d d"]:
    covariance = centred.T @ centred / len(centred)
    size = covariance.shape[0]
    alike = covariance.trace() / size * torch.eye(size, dtype=covariance.dtype)
    return torch.lerp(covariance, alike, shrinkage)


def _inverse_root(covariance: Float[Tensor, "d d"]) -> Float[Tensor, "d d"]:
    values, axes = torch.linalg.eigh(covariance)
    root: Tensor = axes @ torch.diag(values.clamp_min(1e-12).rsqrt()) @ axes.T
    return root


def _linear(
    image_mean: Float[Tensor, " d"],
    image_matrix: Float[Tensor, "d k"],
    text_mean: Float[Tensor, " d"],
    text_matrix: Float[Tensor, "d k"],
) -> Transform:
    return _Moved(
        lambda tokens: (tokens - image_mean.float()) @ image_matrix.float(),
        lambda tokens: (tokens - text_mean.float()) @ text_matrix.float(),
    )


@dataclass(frozen=True, eq=False)
class _Moved:
    """Change the tokens of each modality, make them unit vectors again, keep padding at 0."""

    image: Callable[[Tokens], Tokens]
    text: Callable[[Tokens], Tokens]

    def __call__(self, pairs: PairedEmbeddings) -> PairedEmbeddings:
        return replace(
            pairs,
            image_tokens=with_change(pairs.image_tokens, pairs.image_mask, partial(_unit, change=self.image)),
            text_tokens=with_change(pairs.text_tokens, pairs.text_mask, partial(_unit, change=self.text)),
        )


def _unit(tokens: Tensor, mask: Tensor, change: Callable[[Tokens], Tokens]) -> Tensor:
    moved = change(tokens.float())
    norms = torch.linalg.vector_norm(moved, dim=-1, keepdim=True).clamp_min(1e-12)
    return moved.div_(norms).masked_fill_(~mask[..., None], 0.0)
