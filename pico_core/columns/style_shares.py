"""Shares of every column's variance with their intervals: within items, between groups, and of every label.

Both are ratios of sums over items, so every resample of items is one row of a matrix product.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.labels import speaks_of_style, usable_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import LEVEL, bootstrap_counts, percentile_estimate


@dataclass(frozen=True, eq=False)
class ShareBand:
    """A share of every column with its interval, and of all columns together.

    Attributes:
        share: Of every column.
        low: Lower end of its interval.
        high: Upper end.
        overall: Of the variance of all columns together; the same in every basis.
    """

    share: Columns
    low: Columns
    high: Columns
    overall: Estimate


def style_share(
    means: Float[Tensor, "items variants d"],
    *,
    n_draws: int = 500,
    seed: int = 0,
    counts: Tensor | None = None,
    styles: Sequence[str] = (),
) -> ShareBand:
    """Share of every column's variance that lies within items, with a bootstrap interval clustered by item.

    share_d = sum_is (v_isd - mean_s v_isd)² / sum_is (v_isd - mean_is v_isd)². Sums over items are
    additive, so a resample is a row of counts and all resamples are three matrix products.

    With `styles` the items are compared within groups of one style, so that a style of their own does
    not count as content: the part between items is S sum_i (mean_i - mean of its group)², times
    (n - 1) / (n - groups), because means of small groups follow their items. An item drawn twice is no
    second item, so resampled groups look tighter than they are: their draws are moved to have the
    value as their mean.

    Args:
        means: Token means of items in their variants.
        n_draws: Resamples of items.
        seed: Draws them.
        counts: The resamples themselves, [b, items], if they are shared with something else.
        styles: The style label of every item; none = all items are compared with each other.

    Returns:
        Shares from 0 to 1; a column that never varies has 0.

    >>> style_share(torch.tensor([[[0.0, 0.0], [0.0, 2.0]], [[2.0, 0.0], [2.0, 2.0]]])).share
    tensor([0., 1.])
    """
    n_items, n_variants, _ = means.shape
    values = means.double()
    values = values - values.mean(dim=(0, 1))  # small numbers: differences of squares lose nothing
    within = (values - values.mean(dim=1, keepdim=True)).square().sum(dim=1)
    squares, sums = values.square().sum(dim=1), values.sum(dim=1)
    drawn = (bootstrap_counts(n_items, n_draws=n_draws, seed=seed) if counts is None else counts).double()
    once = torch.ones(1, n_items, dtype=torch.float64)
    groups = _members(styles or [""] * n_items)

    def parts(weights: Float[Tensor, "b items"]) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
        moved = weights @ within
        around = weights @ squares
        n_drawn = torch.zeros(len(weights), 1, dtype=torch.float64)
        for inside in groups:
            size = weights[:, inside].sum(dim=1, keepdim=True)
            around = around - (weights[:, inside] @ sums[inside]).square() / (n_variants * size).clamp_min(1)
            n_drawn += size > 0
        free = (weights.sum(dim=1, keepdim=True) - n_drawn).clamp_min(1)
        return moved, moved + (around - moved) * (weights.sum(dim=1, keepdim=True) - 1) / free

    return _banded(*parts(once), *parts(drawn), centred=bool(styles))


def eta_band(
    values: Float[Tensor, "items d"], labels: Sequence[object], *, counts: Float[Tensor, "b items"]
) -> ShareBand:
    """eta² of every column (see `eta_squared`) with the interval of its resamples.

    Args:
        values: Token means.
        labels: One per item; items without one (None) are left out.
        counts: How often every item is drawn in every resample.
    """
    known = torch.tensor([label is not None for label in labels])
    held, drawn = values[known].double(), counts[:, known].double()
    held = held - held.mean(dim=0)
    groups = _members([str(label) for label in labels if label is not None])
    once = torch.ones(1, len(held), dtype=torch.float64)

    def parts(weights: Float[Tensor, "b items"]) -> tuple[Float[Tensor, "b d"], Float[Tensor, "b d"]]:
        mean_part = (weights @ held).square() / weights.sum(dim=1, keepdim=True).clamp_min(1)
        between = -mean_part
        for inside in groups:
            size = weights[:, inside].sum(dim=1, keepdim=True)
            between = between + (weights[:, inside] @ held[inside]).square() / size.clamp_min(1)
        return between, weights @ held.square() - mean_part

    between, total = parts(once)
    drawn_between, drawn_total = parts(drawn)
    return _banded(between, total, drawn_between, drawn_total, centred=True)


def _members(labels: Sequence[str]) -> list[Tensor]:
    """Which items bear each label."""
    return [torch.tensor([label == other for other in labels]) for label in dict.fromkeys(labels)]


def _banded(
    part: Float[Tensor, "1 d"],
    total: Float[Tensor, "1 d"],
    drawn_part: Float[Tensor, "b d"],
    drawn_total: Float[Tensor, "b d"],
    *,
    centred: bool = False,
) -> ShareBand:
    """The ratio part / total with the central 95 % of its resamples, per column and over all columns."""
    share, draws = _ratio(part, total)[0], _ratio(drawn_part, drawn_total)
    whole = _ratio(part.sum(dim=1), total.sum(dim=1))[0]
    whole_draws = _ratio(drawn_part.sum(dim=1), drawn_total.sum(dim=1))
    if centred:
        draws = (draws - draws.mean(dim=0) + share).clamp(0, 1)
        whole_draws = (whole_draws - whole_draws.mean() + whole).clamp(0, 1)
    tail = (1 - LEVEL) / 2
    low, high = torch.quantile(draws, torch.tensor([tail, 1 - tail], dtype=torch.float64), dim=0)
    return ShareBand(share.float(), low.float(), high.float(), percentile_estimate(float(whole), whole_draws))


def _ratio(part: Tensor, total: Tensor) -> Tensor:
    return torch.where(total > 1e-12, part / total.clamp_min(1e-12), 0.0).clamp(0, 1)


MANY_VALUES = 12  # a number with more distinct values is read as a measure, not as groups
N_DRAWS = 500


@dataclass(frozen=True)
class Association:
    """One label column and one feature column.

    Attributes:
        label: Name of the label column.
        modality: Whose label it is, and whose values it is compared with.
        role: Guessed from the name.
        kind: "eta²" for groups (0 to 1); "r" for numbers (-1 to 1).
        value: With its bootstrap interval, by image.
        chance: What groups of these sizes give without any association; 0 for "r".
        n_values: Distinct values of the label.
    """

    label: str
    modality: Literal["image", "text"]
    role: Literal["style", "content"]
    kind: Literal["eta²", "r"]
    value: Estimate
    chance: float
    n_values: int

    @property
    def more_than_chance(self) -> bool:
        """Whether the whole interval lies beyond chance."""
        if self.kind == "r":
            return self.value.low > 0 or self.value.high < 0
        return self.value.low > self.chance


def column_associations(pairs: PairedEmbeddings, column: int, *, seed: int = 0) -> tuple[Association, ...]:
    """Compare a column with every usable label of images and of texts; style first, then the strongest first.

    Args:
        pairs: The fit split in its basis.
        column: Which.
        seed: Of the resamples of images.
    """
    counts = bootstrap_counts(pairs.n_images, n_draws=N_DRAWS, seed=seed)
    unsorted = [
        *_of("image", pairs.images, pairs.image_labels, pairs.image_means[:, column], counts),
        *_of("text", pairs.texts, pairs.text_labels, pairs.text_means[:, column], counts[:, pairs.text_image]),
    ]
    return tuple(sorted(unsorted, key=lambda association: (association.role != "style", -abs(association.value.value))))


def _of(
    modality: Literal["image", "text"],
    frame: pl.DataFrame,
    names: Sequence[str],
    values: Float[Tensor, " items"],
    counts: Float[Tensor, "b items"],
) -> list[Association]:
    groups = set(usable_labels(frame, names))
    associations = []
    for name in names:
        labels = frame[name]
        n_values = labels.drop_nulls().n_unique()
        role: Literal["style", "content"] = "style" if speaks_of_style(name) else "content"
        if labels.dtype.is_numeric() and n_values > MANY_VALUES:
            associations.append(
                Association(name, modality, role, "r", _correlation(values, labels, counts), 0.0, n_values)
            )
        elif name in groups:
            band = eta_band(values[:, None], labels.to_list(), counts=counts)
            known = labels.drop_nulls().len()
            value = Estimate(float(band.share[0]), float(band.low[0]), float(band.high[0]))
            associations.append(
                Association(name, modality, role, "eta²", value, (n_values - 1) / (known - 1), n_values)
            )
    return associations


def _correlation(values: Float[Tensor, " items"], labels: pl.Series, counts: Float[Tensor, "b items"]) -> Estimate:
    """Pearson's r with the interval of its resamples, from weighted moments."""
    numbers = torch.tensor(labels.cast(pl.Float64).fill_null(float("nan")).to_list(), dtype=torch.float64)
    known = numbers.isfinite()
    x, y = values[known].double(), numbers[known]
    x, y = x - x.mean(), y - y.mean()

    def r(weights: Float[Tensor, "b kept"]) -> Float[Tensor, " b"]:
        total = weights.sum(dim=1)
        mean_x, mean_y = weights @ x / total, weights @ y / total
        together = weights @ (x * y) / total - mean_x * mean_y
        spread = (weights @ x.square() / total - mean_x**2).clamp_min(0) * (
            weights @ y.square() / total - mean_y**2
        ).clamp_min(0)
        return torch.where(spread > 1e-24, together / spread.clamp_min(1e-24).sqrt(), 0.0)

    once = torch.ones(1, len(x), dtype=torch.float64)
    return percentile_estimate(float(r(once)[0]), r(counts[:, known].double()))
