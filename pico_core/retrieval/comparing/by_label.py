"""Recall by label: the queries of every value of a label, against all candidates, on the left and on the right.

Filter first, score after: a value's row is the report of its own queries alone, whose
candidates stay all items of the split.
"""

from collections import Counter
from dataclasses import dataclass, replace

import polars as pl
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.data.labels import speaks_of_style, usable_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import recall_at
from pico_core.retrieval.comparing.paired import PairedRanks
from pico_core.retrieval.metrics import CUTS
from pico_core.retrieval.records import IMAGE_RECALLS, TEXT_RECALLS, Estimate
from pico_core.retrieval.uncertainty import FALSE_DISCOVERY, bootstrap_counts, percentile_estimate, widened

MOST_VALUES = 20  # rows of their own; what is rarer is taken together
FEWEST_IMAGES = 8  # behind an interval: with fewer a bootstrap says more about itself than about them
OTHER, MISSING = "other", "no label"
N_FLIPS = 9999
FRAME: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("label", "value"), pl.String),
    **dict.fromkeys(("values", "images", "image_queries", "text_queries"), pl.Int64),
    "metric": pl.String,
    **dict.fromkeys(("left", "right", "change", "change_low", "change_high", "p_value"), pl.Float64),
    "differs": pl.Boolean,
}


@dataclass(frozen=True)
class LabelColumn:
    """A label column to group queries by.

    Attributes:
        name: As the dataset calls it.
        of_images: Whether it belongs to the images (and so to their texts too) or to the texts.
    """

    name: str
    of_images: bool

    @property
    def is_style(self) -> bool:
        """Whether its name speaks of style."""
        return speaks_of_style(self.name)


@dataclass(frozen=True)
class GroupMetric:
    """One metric of one group of queries.

    Attributes:
        name: "i2t_r1" and so on, or "rsum".
        left: On the left, per cent (rSum of 600).
        right: On the right.
        change: Right minus left; its interval is None where too few images are in the group.
        p_value: Two-sided sign-flip test by image; None with the interval.
        differs: Whether it differs at 5 % false discovery among the groups of this metric.
    """

    name: str
    left: float
    right: float
    change: float
    interval: Estimate | None
    p_value: float | None
    differs: bool


@dataclass(frozen=True)
class LabelGroup:
    """The queries of one value.

    Attributes:
        value: Of the label; `OTHER` or `MISSING` for what is no single value.
        n_values: How many values it holds: 1, but for the rare ones together (0 where there is no label).
        n_images: Different images behind the queries: what is resampled.
        n_image_queries: Image queries; none for a label of texts.
        n_text_queries: Text queries.
        metrics: R@1, R@5, R@10 of the directions that have queries, and rSum where both have.
    """

    value: str
    n_values: int
    n_images: int
    n_image_queries: int
    n_text_queries: int
    metrics: tuple[GroupMetric, ...]

    @property
    def is_single(self) -> bool:
        """Whether it is one value of the label."""
        return self.n_values == 1

    def metric(self, name: str) -> GroupMetric:
        """One of its metrics."""
        return next(metric for metric in self.metrics if metric.name == name)


@dataclass(frozen=True, eq=False)
class LabelTable:
    """Recall by the values of one label column.

    Attributes:
        column: Which.
        groups: The most frequent values first; then the rare ones together, then queries without a label.
        names: The metrics that every group has.
    """

    column: LabelColumn
    groups: tuple[LabelGroup, ...]
    names: tuple[str, ...]

    def shown(self, name: str) -> int:
        """How many intervals of a metric there are."""
        return sum(group.metric(name).interval is not None for group in self.groups)

    @property
    def frame(self) -> pl.DataFrame:
        """One row per group and metric; a group of too few images has nulls for its interval and p-value."""
        rows = []
        for group in self.groups:
            queries = (group.n_images, group.n_image_queries, group.n_text_queries)
            for metric in group.metrics:
                own = (self.column.name, group.value, group.n_values, *queries, metric.name)
                ends = (None, None) if metric.interval is None else (metric.interval.low, metric.interval.high)
                rows.append((*own, metric.left, metric.right, metric.change, *ends, metric.p_value, metric.differs))
        return pl.DataFrame(rows, schema=FRAME, orient="row")


def label_choices(pairs: PairedEmbeddings) -> tuple[LabelColumn, ...]:
    """Label columns that can group the queries: those that speak of style first, images' before texts'."""
    columns = [LabelColumn(name, True) for name in usable_labels(pairs.images, pairs.image_labels)]
    columns += [LabelColumn(name, False) for name in usable_labels(pairs.texts, pairs.text_labels)]
    return tuple(sorted(columns, key=lambda column: not column.is_style))


def recall_by_label(
    pairs: PairedEmbeddings, paired: PairedRanks, column: LabelColumn, *, n_draws: int = 1000, seed: int = 0
) -> LabelTable:
    """Recall of the queries of every value, with paired changes.

    The queries of a label of images are those images and all their texts; of a label of texts, those
    texts: an image has no label of texts, so no image asks. Candidates are always all items. Intervals
    are resampled by image within the group and widened for its number of images; p-values flip the
    sign of every image's change (both scorings are exchangeable under the null), and `differs` holds
    at 5 % false discovery (Benjamini-Hochberg) among the groups of one metric.

    Args:
        pairs: The split that was searched.
        paired: Ranks of the same queries on both sides.
        column: The label.
        n_draws: Resamples of the images of a group.
        seed: Of resamples and flips.
    """
    image_codes, text_codes, values = _codes(pairs, paired, column)
    names = (*(IMAGE_RECALLS if column.of_images else ()), *TEXT_RECALLS, *(("rsum",) if column.of_images else ()))
    groups = []
    for code, (value, n_values) in enumerate(values):
        images, texts = image_codes == code, text_codes == code
        if bool(images.any()) or bool(texts.any()):
            group = _group(paired, images, texts, names, n_draws=n_draws, seed=seed)
            groups.append(replace(group, value=value, n_values=n_values))
    return LabelTable(column, _marked(groups, names), names)


def _codes(
    pairs: PairedEmbeddings, paired: PairedRanks, column: LabelColumn
) -> tuple[Int[Tensor, " q"], Int[Tensor, " r"], list[tuple[str, int]]]:
    """The group of every query (-1: none), and the name and number of values of every group."""
    frame, queries = (pairs.images, paired.images) if column.of_images else (pairs.texts, paired.texts)
    labels = [None if label is None else str(label) for label in frame[column.name].gather(queries.numpy()).to_list()]
    sizes = Counter(sorted(label for label in labels if label is not None))
    ordered = [label for label, _ in sizes.most_common()]  # of equals the first in the alphabet
    own = ordered if len(ordered) <= MOST_VALUES + 1 else ordered[:MOST_VALUES]
    rare = len(ordered) - len(own)
    values = [(value, 1) for value in own]
    code_of = {value: code for code, value in enumerate(own)}
    if rare:
        code_of |= dict.fromkeys(ordered[len(own) :], len(values))
        values.append((OTHER, rare))
    missing = len(values)
    values.append((MISSING, 0))
    codes = torch.tensor([missing if label is None else code_of[label] for label in labels], dtype=torch.int64)
    if column.of_images:
        return codes, codes[paired.owner], values
    return torch.full((len(paired.images),), -1), codes, values


def _group(
    paired: PairedRanks,
    images: Bool[Tensor, " q"],
    texts: Bool[Tensor, " r"],
    names: tuple[str, ...],
    *,
    n_draws: int,
    seed: int,
) -> LabelGroup:
    """Metrics of some queries."""
    owners = torch.cat([images.nonzero()[:, 0], paired.owner[texts]]).bincount().nonzero()[:, 0]
    n = len(owners)
    counts = bootstrap_counts(n, n_draws=n_draws, seed=seed).double()
    signs = 1 - 2 * torch.randint(2, (N_FLIPS, n), generator=torch.Generator().manual_seed(seed)).double()
    clusters = {"i2t": torch.searchsorted(owners, images.nonzero()[:, 0])}
    clusters["t2i"] = torch.searchsorted(owners, paired.owner[texts])
    left, right = (
        {
            **{f"i2t_r{k}": 100 * recall_at(ranks.image_to_text[images], k).double() for k in CUTS},
            **{f"t2i_r{k}": 100 * recall_at(ranks.text_to_image[texts], k).double() for k in CUTS},
        }
        for ranks in (paired.left, paired.right)
    )
    metrics = []
    for name in names:
        parts = [name] if name != "rsum" else [*IMAGE_RECALLS, *TEXT_RECALLS]
        before, after = (sum(float(side[part].mean()) for part in parts) for side in (left, right))
        # What every image adds to the change, divided by the queries of all: their sum is the change.
        per_image, draws = torch.zeros(n, dtype=torch.float64), torch.zeros(n_draws, dtype=torch.float64)
        for part in parts:
            where, change = clusters[part[:3]], right[part] - left[part]
            total = torch.zeros(n, dtype=torch.float64).index_add_(0, where, change)
            number = torch.bincount(where, minlength=n).double()
            per_image += total / len(change)
            draws += (counts @ total) / (counts @ number)
        enough = n >= FEWEST_IMAGES
        interval = widened(percentile_estimate(after - before, draws), n) if enough else None
        p_value = _flip_test(per_image, signs) if enough else None
        metrics.append(GroupMetric(name, before, after, after - before, interval, p_value, differs=False))
    return LabelGroup("", 1, n, int(images.sum()), int(texts.sum()), tuple(metrics))


def _flip_test(per_image: Float[Tensor, " n"], signs: Float[Tensor, "b n"]) -> float:
    """(1 + sign flips with a sum at least as far from 0) / (1 + flips)."""
    as_far = (signs @ per_image).abs() >= per_image.sum().abs() - 1e-9
    return (1 + int(as_far.sum())) / (1 + len(signs))


def _marked(groups: list[LabelGroup], names: tuple[str, ...]) -> tuple[LabelGroup, ...]:
    """Benjamini-Hochberg among the groups, metric by metric."""
    from scipy.stats import false_discovery_control  # a second to import, and no first page asks for it

    differing = set[tuple[int, str]]()
    for name in names:
        tested = [(i, p) for i, group in enumerate(groups) if (p := group.metric(name).p_value) is not None]
        adjusted = false_discovery_control([p for _, p in tested]) if tested else ()
        differing |= {(i, name) for (i, _), p in zip(tested, adjusted, strict=True) if p <= FALSE_DISCOVERY}
    return tuple(
        replace(
            group, metrics=tuple(replace(metric, differs=(i, metric.name) in differing) for metric in group.metrics)
        )
        for i, group in enumerate(groups)
    )
