"""What a column goes with: every label of the metadata, those of style apart from those of content."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl
import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.columns.style_shares import eta_band
from pico_core.data.labels import speaks_of_style, usable_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate

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
    found = [
        *_of("image", pairs.images, pairs.image_labels, pairs.image_means[:, column], counts),
        *_of("text", pairs.texts, pairs.text_labels, pairs.text_means[:, column], counts[:, pairs.text_image]),
    ]
    return tuple(sorted(found, key=lambda one: (one.role != "style", -abs(one.value.value))))


def _of(
    modality: Literal["image", "text"],
    frame: pl.DataFrame,
    names: Sequence[str],
    values: Float[Tensor, " items"],
    counts: Float[Tensor, "b items"],
) -> list[Association]:
    groups = set(usable_labels(frame, names))
    found = []
    for name in names:
        labels = frame[name]
        n_values = labels.drop_nulls().n_unique()
        role: Literal["style", "content"] = "style" if speaks_of_style(name) else "content"
        if labels.dtype.is_numeric() and n_values > MANY_VALUES:
            found.append(Association(name, modality, role, "r", _correlation(values, labels, counts), 0.0, n_values))
        elif name in groups:
            band = eta_band(values[:, None], labels.to_list(), counts=counts)
            known = labels.drop_nulls().len()
            value = Estimate(float(band.share[0]), float(band.low[0]), float(band.high[0]))
            found.append(Association(name, modality, role, "eta²", value, (n_values - 1) / (known - 1), n_values))
    return found


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
