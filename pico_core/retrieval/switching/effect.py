"""What a column switch does to retrieval: recall with its paired interval, queries won and lost, chance columns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks, recall_at
from pico_core.reporter import SILENT, Reporter
from pico_core.retrieval.metrics import CUTS, paired_difference, recall_differences, retrieval_metrics
from pico_core.retrieval.rankings import largest_moves
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.scoring import QueryKind, Scorable
from pico_core.retrieval.switching.query_sample import local_text_image, ranks_of, texts_of
from pico_core.retrieval.switching.setting import ColumnMeans, Move, SwitchSetting, switched

METRICS = ("i2t_r1", "i2t_r5", "i2t_r10", "t2i_r1", "t2i_r5", "t2i_r10", "rsum")
N_CONTROLS = 8  # draws of random columns


@dataclass(frozen=True)
class MetricRow:
    """One metric before and after, and its paired change; per cent, rSum of 600."""

    name: str
    before: Estimate
    after: Estimate
    change: Estimate


@dataclass(frozen=True, eq=False)
class SwitchEffect:
    """What a switch does to retrieval, on the same queries before and after.

    Attributes:
        images: The query images, sorted; their texts are queries too.
        texts: Those texts.
        n_images: Images of the split: the candidates are always all of its items.
        split: Its name.
        before: Ranks before the switch, in the order of `images` and `texts`.
        after: Ranks after it.
        rows: R@1, R@5, R@10 image to text, the same text to image, and rSum.
    """

    images: Int[Tensor, " q"]
    texts: Int[Tensor, " r"]
    n_images: int
    split: str
    before: QueryRanks
    after: QueryRanks
    rows: tuple[MetricRow, ...]

    @property
    def exact(self) -> bool:
        """Whether every image of the split was asked."""
        return len(self.images) == self.n_images

    @property
    def rsum(self) -> MetricRow:
        """The last row: rSum."""
        return self.rows[-1]

    @property
    def verdict(self) -> Verdict:
        """What the paired interval of rSum says."""
        return Verdict.of(self.rsum.change)

    @property
    def unmoved(self) -> bool:
        """Whether no query that was asked changed its rank."""
        return not any(self.count(gains=gains) for gains in (True, False))

    @property
    def settled(self) -> bool:
        """Whether no query that was asked enters or leaves the first 1, 5 or 10: no recall changes."""
        return all(
            torch.equal(recall_at(before, k), recall_at(after, k)) for _, before, after in self._sides() for k in CUTS
        )

    def count(self, *, gains: bool, kind: QueryKind | None = None) -> int:
        """How many queries rank better (gains) or worse after the switch."""
        total = 0
        for name, before, after in self._sides():
            if kind in (None, name):
                total += int(((after < before) if gains else (after > before)).sum())
        return total

    @property
    def new_ties(self) -> int:
        """How many more queries tie with a wrong candidate after the switch than before; a tie costs nothing."""
        before, after = (int(r.image_tied.sum() + r.text_tied.sum()) for r in (self.before, self.after))
        return max(0, after - before)

    def moves(self, kind: QueryKind, *, gains: bool, top: int = 5) -> tuple[Move, ...]:
        """The queries that moved most by the ratio of ranks: 8 to 1 counts for more than 90 to 40."""
        _, before, after = self._sides()[kind == "text"]
        index = self.images if kind == "image" else self.texts
        found = largest_moves(before, after, top=top) if gains else largest_moves(after, before, top=top)
        return tuple(Move(kind, int(index[i]), int(before[i]), int(after[i])) for i in found)

    def strongest(self, *, gains: bool, top: int = 5) -> tuple[Move, ...]:
        """The same over images and texts together; of equals the images first."""
        both = (*self.moves("image", gains=gains, top=top), *self.moves("text", gains=gains, top=top))
        return tuple(sorted(both, key=lambda move: -abs(math.log(move.before / move.after)))[:top])

    def sentence(self, what: str) -> str:
        """The answer, verdict before digits; `what` says what was switched: "without column 12"."""
        row, change = self.rsum, self.rsum.change
        images = f"{self.n_images:,} {self.split} images"
        where = f" on {images}" if self.exact else f", estimated from {len(self.images):,} of {images}"
        if self.settled and self.exact:
            moved = "no rank moves" if self.unmoved else "no query enters or leaves the first 1, 5 or 10"
            return f"Nothing changes: {row.before.value:.1f} points of rSum before and {what}, {moved}{where}."
        if self.settled:
            moved = "rank of them moves" if self.unmoved else "query of them enters or leaves the first 1, 5 or 10"
            return (
                f"No change seen among the {len(self.images):,} of {images} that were asked: no {moved} {what}. "
                f"Up to {self.may_still_change:.0%} of the images could still change."
            )
        verdict = {"helps": "Retrieval gets better", "hurts": "Retrieval gets worse"}.get(
            self.verdict.value, self.verdict.sentence
        )
        return (
            f"{verdict}: {row.before.value:.1f} before, {row.after.value:.1f} {what}, difference {change.value:+z.1f} "
            f"[{change.low:+z.1f}, {change.high:+z.1f}] points of rSum{where}."
        )

    @property
    def may_still_change(self) -> float:
        """Largest share of images that could change although none that was asked did, at 95 % confidence.

        1 - 0.05 ^ (1 / n), the exact form of the rule of three; 0 where all were asked.
        """
        return 0.0 if self.exact else 1 - 0.05 ** (1 / len(self.images))

    def _sides(self) -> tuple[tuple[QueryKind, Tensor, Tensor], tuple[QueryKind, Tensor, Tensor]]:
        return (
            ("image", self.before.image_to_text, self.after.image_to_text),
            ("text", self.before.text_to_image, self.after.text_to_image),
        )


@dataclass(frozen=True, eq=False)
class ControlBand:
    """The same switch on as many random columns, on the same queries.

    Attributes:
        n_columns: How many were switched in every draw.
        changes: Change of every metric of `METRICS` in every draw.
    """

    n_columns: int
    changes: tuple[tuple[float, ...], ...]

    @property
    def rsum(self) -> tuple[float, float]:
        """Least and greatest change of rSum among the draws."""
        return self.ends(len(METRICS) - 1)

    def ends(self, metric: int) -> tuple[float, float]:
        """Least and greatest change of one metric among the draws."""
        column = [draw[metric] for draw in self.changes]
        return min(column), max(column)

    def sentence(self, effect: SwitchEffect) -> str:
        """Whether the switch does more than chance columns do, in words before digits."""
        low, high = self.rsum
        value = effect.rsum.change.value
        place = "does more harm than" if value < low else "does more good than" if value > high else "is what"
        word = {1: "one random column"}.get(self.n_columns, f"{self.n_columns} random columns")
        does = "do" if self.n_columns > 1 else "does"
        said = f"That {place} {word} {does}" if place == "is what" else f"That {place} {word} {does} in any draw"
        return f"{said}: {low:+z.1f} to {high:+z.1f} points in {len(self.changes)} draws on the same queries."


def switch_effect(
    pairs: PairedEmbeddings, before: QueryRanks, after: QueryRanks, *, images: Int[Tensor, " q"], seed: int = 0
) -> SwitchEffect:
    """Compare ranks before and after a switch, paired by query, with intervals clustered by image.

    With all images as queries the intervals are those of `retrieval_report`. With a sample they are
    widened by t / z sqrt(q / (q - 1)), because a bootstrap of few images is too narrow.

    Args:
        pairs: The split that was searched.
        before: From `ranks_of`, for `images` and their texts.
        after: The same queries after the switch.
        images: The query images, sorted.
        seed: Of the resamples.
    """
    owner = local_text_image(pairs, images)
    one, two = (retrieval_metrics(ranks, owner, seed=seed) for ranks in (before, after))
    changes = (
        *recall_differences(after, before, owner, seed=seed),
        paired_difference(after, before, owner, seed=seed),
    )
    sampled = len(images) < pairs.n_images
    rows = []
    for name, change in zip(METRICS, changes, strict=True):
        three = (getattr(one, name), getattr(two, name), change)
        rows.append(MetricRow(name, *(widened(e, len(images)) if sampled else e for e in three)))
    return SwitchEffect(images, texts_of(pairs, images), pairs.n_images, pairs.part, before, after, tuple(rows))


def random_columns(
    columns: Sequence[int], n_columns: int, *, n_draws: int = N_CONTROLS, seed: int = 0
) -> tuple[tuple[int, ...], ...]:
    """As many columns as were switched, drawn at random from the others; from all where too few others are left.

    >>> random_columns([0], 2, n_draws=2)
    ((1,), (1,))
    """
    chosen = set(columns)
    others = [column for column in range(n_columns) if column not in chosen]
    pool = torch.tensor(others if len(others) >= len(chosen) else list(range(n_columns)))
    generator = torch.Generator().manual_seed(seed)
    draws = [pool[torch.randperm(len(pool), generator=generator)[: len(chosen)]] for _ in range(n_draws)]
    return tuple(tuple(sorted(draw.tolist())) for draw in draws)


def control_band(
    base: Scorable,
    columns: Sequence[int],
    setting: SwitchSetting,
    *,
    before: QueryRanks,
    images: Int[Tensor, " q"],
    means: ColumnMeans | None = None,
    n_draws: int = N_CONTROLS,
    seed: int = 0,
    reporter: Reporter = SILENT,
) -> ControlBand:
    """Switch as many random columns the same way, a few times, on the same queries.

    Args:
        base: What is scored before.
        columns: The columns that were switched.
        setting: To what.
        before: Ranks of the base, from `ranks_of`.
        images: The query images, sorted.
        means: Of the fit split; needed for one-sided means.
        n_draws: How many draws.
        seed: Of the draws.
        reporter: Hears of the share that is done.
    """
    owner = local_text_image(base.pairs, images)
    changes = []
    for number, drawn in enumerate(random_columns(columns, base.pairs.n_columns, n_draws=n_draws, seed=seed)):
        other = switched(base, drawn, setting, means=means)
        part = reporter.part(number / n_draws, (number + 1) / n_draws)
        after = ranks_of(other.pairs, other.weights, images=images, reporter=part)
        recalls = [e.value for e in recall_differences(after, before, owner, n_draws=2)]
        changes.append((*recalls, sum(recalls)))
    return ControlBand(len(set(columns)), tuple(changes))


def widened(estimate: Estimate, n: int) -> Estimate:
    """Stretch a bootstrap interval of n clusters about its value by t(n - 1) / z x sqrt(n / (n - 1)).

    t by its expansion in 1 / (n - 1) (Fisher and Cornish), good to 0.01 from n = 8.

    >>> wide = widened(Estimate(0.0, -1.0, 1.0), 8)
    >>> round(wide.high, 1), widened(wide, 10**9).high == wide.high or "close"
    (1.3, 'close')
    """
    z, free = 1.959964, n - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    by = t / z * math.sqrt(n / free)
    value = estimate.value
    return replace(estimate, low=value + by * (estimate.low - value), high=value + by * (estimate.high - value))
