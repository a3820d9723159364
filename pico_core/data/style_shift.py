"""Splits under a shift of style: some styles are met for the first time on the test split."""

from collections.abc import Sequence

import torch

from pico_core.common.errors import DataError
from pico_core.data.pairs import MIN_IMAGES_PER_SPLIT, PairedEmbeddings, Splits


def style_shift_splits(
    pairs: PairedEmbeddings,
    *,
    label: str,
    held_out: Sequence[str],
    seed: int = 0,
    fit: float = 0.45,
    feedback: float = 0.15,
) -> Splits:
    """All images of the held-out styles are the test split; the others are divided into fit and feedback.

    Disjoint by image, together everything. The seed decides who is fit and who is feedback; the
    test split is the same for all seeds.

    Args:
        pairs: A whole dataset whose images carry the label.
        label: A label column of the images, such as "style".
        held_out: Values of it.
        seed: Of the division.
        fit: In proportion to `feedback`: at 0.45 and 0.15, three of four images of the styles that are left.
        feedback: See `fit`.

    Raises:
        DataError: there is no such label or value, or a part would have fewer than 2 images.

    Source: beyond the paper.

    >>> import polars as pl
    >>> styles = pl.DataFrame({"style": ["a", "b", "a", "a", "b", "a"]})
    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(6), torch.eye(6), image_labels=styles)
    >>> parts = style_shift_splits(pairs, label="style", held_out=["b"], fit=0.3, feedback=0.3)
    >>> parts.test.ids, parts.fit.n_images, parts.feedback.n_images
    (['1', '4'], 2, 2)
    """
    if label not in pairs.image_labels:
        known = ", ".join(pairs.image_labels) or "none"
        raise DataError(f"{pairs.name}: images have no label {label!r}; their labels are {known}")
    values = [None if value is None else str(value) for value in pairs.images[label].to_list()]
    unknown = sorted(set(held_out) - {value for value in values if value is not None})
    if unknown or not held_out:
        known = ", ".join(sorted({value for value in values if value is not None}))
        refused = repr(unknown[0]) if unknown else "no value"
        raise DataError(f"{pairs.name}: {refused} cannot be held out of {label}; its values are {known}")
    away = torch.tensor([value in set(held_out) for value in values])
    order = (~away).nonzero()[:, 0]
    order = order[torch.randperm(len(order), generator=torch.Generator().manual_seed(seed))]
    n_fit = round(len(order) * fit / (fit + feedback))
    parts = {"fit": order[:n_fit], "feedback": order[n_fit:], "test": away.nonzero()[:, 0]}
    for part, chosen in parts.items():
        if len(chosen) < MIN_IMAGES_PER_SPLIT:
            raise DataError(
                f"{pairs.name}: holding out {', '.join(held_out)} leaves {len(chosen)} images for {part}; at least "
                f"{MIN_IMAGES_PER_SPLIT} are needed: hold out other values of {label}"
            )
    return Splits(
        fit=pairs.select_part("fit", parts["fit"].sort().values),
        feedback=pairs.select_part("feedback", parts["feedback"].sort().values),
        test=pairs.select_part("test", parts["test"]),
    )
