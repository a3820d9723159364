"""Axes in which style gathers at the end: what moves where style alone moves, from labels or from a probe.

Beyond the paper. Whoever knows the styles of the fit split tells the method more than it asks for, so
results in these axes are a yardstick beside the others, not a rival of them.
"""

from collections.abc import Sequence

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.labels import groups_of, style_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.method.eigenaxes import covariance, everything, nested_axes, split_axes

Covariance = Float[Tensor, "d d"]


def style_last_axes(style: Covariance, pooled: Float[Tensor, "items d"]) -> Covariance:
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
    held, null = split_axes(style.double(), everything(len(style)))
    return torch.cat([nested_axes([covariance(pooled)], null), held.flip(0)])


def label_covariance(pairs: PairedEmbeddings) -> Covariance:
    """Covariance of the means of style groups: of images and of texts by their own labels, averaged.

    Between-group covariance sum_g (n_g / n) (mean_g - mean)(mean_g - mean)^T of pooled tokens; several
    style labels of a modality count alike. An association: content may follow style. Means of few items
    hold some content too, of the order of the within-group variance over n_g.

    Args:
        pairs: The fit split; nothing else may be used.

    Raises:
        DataError: no usable label speaks of style.
    """
    sides = [
        _between(values, table, names)
        for table, names, values in (
            (pairs.images, pairs.image_labels, pairs.image_means),
            (pairs.texts, pairs.text_labels, pairs.text_means),
        )
        if style_labels(table, names)
    ]
    if not sides:
        raise DataError(
            f"{pairs.name}: probe axes need to know styles, and no label column speaks of style (at least two "
            "values, each shared by two items on average); add a label column with 'style' in its name, or make the "
            "axes from a style probe (probe_basis)"
        )
    return torch.stack(sides).mean(dim=0)


def perturbation_covariance(means: Float[Tensor, "items variants d"]) -> Covariance:
    """Covariance that style alone causes within an item: of its variants around the original, variant 0.

    The mean of (v_s - v_0)(v_s - v_0)^T over items and variants s >= 1 of their pooled tokens.

    >>> perturbation_covariance(torch.tensor([[[1.0, 1.0], [1.0, 3.0]]]))
    tensor([[0., 0.],
            [0., 4.]], dtype=torch.float64)
    """
    moved = (means[:, 1:] - means[:, :1]).double().flatten(0, 1)
    if len(moved) == 0:
        raise DataError("a covariance of style needs perturbed items; there is only the original of each")
    return moved.T @ moved / len(moved)


def pairs_covariance(original: PairedEmbeddings, perturbed: Sequence[PairedEmbeddings]) -> Covariance:
    """The same from datasets: the same items encoded again in other styles; images and texts averaged.

    Raises:
        DataError: one of the perturbed datasets has other items or other columns.
    """
    for one in perturbed:
        if (one.n_images, one.n_texts, one.n_columns) != (original.n_images, original.n_texts, original.n_columns):
            raise DataError(
                f"{one.name}: {one.n_images} images, {one.n_texts} texts and {one.n_columns} columns, the original has "
                f"{original.n_images}, {original.n_texts} and {original.n_columns}; perturb the same items, in their "
                "order"
            )
    every = (original, *perturbed)
    images = torch.stack([one.image_means for one in every], dim=1)
    texts = torch.stack([one.text_means for one in every], dim=1)
    return (perturbation_covariance(images) + perturbation_covariance(texts)) / 2


def _between(values: Float[Tensor, "items d"], table: pl.DataFrame, names: Sequence[str]) -> Covariance:
    usable = style_labels(table, names)
    total = torch.zeros(values.shape[1], values.shape[1], dtype=torch.float64)
    for name in usable:
        known, groups = groups_of(table[name].to_list())
        held = values[known].double()
        shares = groups.mean(dim=0)
        apart = (groups.T @ held) / groups.sum(dim=0)[:, None] - held.mean(dim=0)
        total += (apart * shares[:, None]).T @ apart
    return total / len(usable)
