"""Axes in which style gathers at the end: what differs between the groups of the style labels.

Beyond the paper. Whoever knows the styles of the fit split tells the method more than it asks for, so
results in these axes are a yardstick beside the others, not a rival of them.
"""

from typing import Final

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.labels import groups_of, style_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.basis import BasisSpec, FitOptions, covariance, everything, nested_axes, split_axes


def style_last_axes(style: Float[Tensor, "d d"], pooled: Float[Tensor, "items d"]) -> Float[Tensor, "d d"]:
    """Eigenvectors of a covariance of style in ascending order: the last axis holds most of it.

    Few styles leave most directions without any. Those come first, ordered by the covariance of all
    items, largest first, so that a rerun agrees.

    Args:
        style: Symmetric, without negative eigenvalues, such as of `label_covariance`.
        pooled: Pooled tokens of the fit split.

    Returns:
        Orthonormal rows.

    >>> style = torch.diag(torch.tensor([5.0, 0.0, 1.0]))
    >>> style_last_axes(style, torch.eye(3)).abs().argmax(dim=1)
    tensor([1, 2, 0])
    """
    styled, null = split_axes(style.double(), everything(len(style)))
    return torch.cat([nested_axes([covariance(pooled)], null), styled.flip(0)])


def label_covariance(pairs: PairedEmbeddings) -> Float[Tensor, "d d"]:
    """Covariance of the means of style groups: of images and of texts by their own labels, averaged.

    Between-group covariance sum_g (n_g / n) (mean_g - mean)(mean_g - mean)^T of pooled tokens; several
    style labels of a modality count alike. An association: content may follow style. Means of few items
    hold some content too, of the order of the within-group variance over n_g.

    Args:
        pairs: The fit split, with at least one label that speaks of style; nothing else may be used.
    """
    modalities = (
        (pairs.images, pairs.image_labels, pairs.image_means),
        (pairs.texts, pairs.text_labels, pairs.text_means),
    )
    means = []
    for table, names, values in modalities:
        labels = [table[name].to_list() for name in style_labels(table, names)]
        if labels:
            means.append(torch.stack([_between_groups(values, groups) for groups in labels]).mean(dim=0))
    return torch.stack(means).mean(dim=0)


def _between_groups(values: Float[Tensor, "items d"], labels: list[object]) -> Float[Tensor, "d d"]:
    known, groups = groups_of(labels)
    labelled = values[known].double()
    shares = groups.mean(dim=0)
    apart = (groups.T @ labelled) / groups.sum(dim=0)[:, None] - labelled.mean(dim=0)
    return (apart * shares[:, None]).T @ apart


def _axes(pairs: PairedEmbeddings, _options: FitOptions) -> Float[Tensor, "d d"]:
    return style_last_axes(label_covariance(pairs), torch.cat([pairs.image_means, pairs.text_means]).double())


LABELS: Final = BasisSpec(
    name="labels",
    title="label axes",
    sentence="Axes turned by known styles: the last ones hold what differs most between styles.",
    axes=_axes,
    needs_labels=True,
)
