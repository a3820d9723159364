"""The answers: estimates with intervals, verdicts, and the report that holds them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from enum import Enum

from jaxtyping import Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.samples import Sample
from pico_core.kernels.arithmetic import Precision
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.rank_counts import rank_plan

IMAGE_RECALLS, TEXT_RECALLS = ("i2t_r1", "i2t_r5", "i2t_r10"), ("t2i_r1", "t2i_r5", "t2i_r10")
ENOUGH_AGREEMENT = 0.99  # of two precisions, in both figures; below it the report says to take the finer one


@dataclass(frozen=True)
class Estimate:
    """A number with its interval: `value` in [`low`, `high`] at confidence `level`."""

    value: float
    low: float
    high: float
    level: float = 0.95

    def __format__(self, form: str) -> str:
        """The number and its interval in one form, one decimal by default.

        >>> f"{Estimate(0.5, 0.25, 0.75):.2f}"
        '0.50 [0.25, 0.75]'
        """
        form = form or ".1f"
        return f"{self.value:{form}} [{self.low:{form}}, {self.high:{form}}]"

    def __str__(self) -> str:
        return format(self)

    @property
    def signed(self) -> str:
        """A change with its interval.

        >>> Estimate(1.04, -0.5, 2.5).signed
        '+1.0 [-0.5, +2.5]'
        """
        return f"{self.value:+z.1f} [{self.low:+z.1f}, {self.high:+z.1f}]"


def estimate_columns(estimates: Mapping[str, Sequence[Estimate]]) -> dict[str, list[float]]:
    """Columns of a table: every value under its name, the ends of its interval under name_low and name_high.

    >>> estimate_columns({"rsum": [Estimate(2.0, 1.0, 3.0)]})
    {'rsum': [2.0], 'rsum_low': [1.0], 'rsum_high': [3.0]}
    """
    return {
        f"{name}{end}": [float(getattr(estimate, part)) for estimate in column]
        for name, column in estimates.items()
        for end, part in (("", "value"), ("_low", "low"), ("_high", "high"))
    }


class Verdict(Enum):
    """What a paired interval of a difference says."""

    HELPS = "helps"
    HURTS = "hurts"
    NONE = "none"

    @classmethod
    def of(cls, difference: Estimate) -> "Verdict":
        """Helps if the whole interval lies above 0, hurts if below, else none is detectable.

        >>> Verdict.of(Estimate(1.0, -0.5, 2.5)).sentence
        'No detectable difference'
        """
        if difference.low > 0:
            return cls.HELPS
        if difference.high < 0:
            return cls.HURTS
        return cls.NONE

    @property
    def sentence(self) -> str:
        """The verdict in words, without a full stop."""
        return {"helps": "The weighting helps", "hurts": "The weighting hurts", "none": "No detectable difference"}[
            self.value
        ]


@dataclass(frozen=True)
class RetrievalMetrics:
    """Recall and ranks of one scoring, or how they differ between two, in per cent (median ranks in places)."""

    i2t_r1: Estimate
    i2t_r5: Estimate
    i2t_r10: Estimate
    t2i_r1: Estimate
    t2i_r5: Estimate
    t2i_r10: Estimate
    rsum: Estimate
    mrr: Estimate
    i2t_median_rank: Estimate
    t2i_median_rank: Estimate

    @property
    def items(self) -> list[tuple[str, Estimate]]:
        """Name and estimate of every metric, in the order of declaration."""
        return [(field.name, getattr(self, field.name)) for field in fields(self)]


@dataclass(frozen=True, eq=False)
class Scoring:
    """One way to score, and how it did.

    Attributes:
        name: Short and stable: of its scheme, or "weighted": the weights under question
        label: The same for people.
        metrics: With intervals.
        difference: rSum minus the unweighted rSum, paired by image. Zero for the unweighted itself.
        ranks: Of every query.
        tied_queries: How many queries tie with an irrelevant candidate (a tie counts as no worse).
    """

    name: str
    label: str
    metrics: RetrievalMetrics
    difference: Estimate
    ranks: QueryRanks
    tied_queries: int

    @property
    def verdict(self) -> Verdict:
        """What the paired interval says."""
        return Verdict.of(self.difference)


@dataclass(frozen=True)
class PrecisionAgreement:
    """Means over all queries of both directions, against float32 on the same data and weights.

    Attributes:
        precision: What was multiplied.
        top10_overlap: Share of the ten best candidates that both have.
        rank_correlation: Spearman's, of the scores of all candidates.
    """

    precision: Precision
    top10_overlap: float
    rank_correlation: float

    @property
    def sentence(self) -> str:
        """The same in words."""
        enough = min(self.top10_overlap, self.rank_correlation) >= ENOUGH_AGREEMENT
        return (
            f"Scored in {self.precision}: {100 * self.top10_overlap:.1f} % of the ten best candidates and a rank "
            f"correlation of {self.rank_correlation:.4f} in common with float32"
            + ("." if enough else f", less than {ENOUGH_AGREEMENT:g}: score this dataset in float32.")
        )


@dataclass(frozen=True, eq=False)
class RetrievalReport:
    """Unweighted against weighted on one split, with the controls on the same queries.

    Attributes:
        split: Which split was scored ("test", or "all" where nothing was fitted).
        n_images: Images in it.
        n_texts: Texts in it.
        baseline: P = 1.
        weighted: The weights under question.
        controls: Simpler competitors and null models, scored on the same queries.
        agreement: How far the scores agree with float32, where another precision was multiplied.
        queries: The images of the split that asked, with all their texts, where not all did; the candidates are always
            all items of the split.
    """

    split: str
    n_images: int
    n_texts: int
    baseline: Scoring
    weighted: Scoring
    controls: tuple[Scoring, ...]
    agreement: PrecisionAgreement | None = None
    queries: Int[Tensor, " q"] | None = None

    @property
    def sample(self) -> Sample | None:
        """How many images asked of how many; None where all did."""
        return None if self.queries is None else Sample(len(self.queries), self.n_images)

    def text_image(self, pairs: PairedEmbeddings) -> Int[Tensor, " r"]:
        """The place among the images that asked of the image of each text that asked.

        Args:
            pairs: The split that was reported on.
        """
        return pairs.text_image if self.queries is None else rank_plan(pairs, self.queries).owners

    @property
    def difference(self) -> Estimate:
        """rSum, weighted minus unweighted, paired by image."""
        return self.weighted.difference

    @property
    def verdict(self) -> Verdict:
        """Helps, hurts, or no detectable difference."""
        return self.weighted.verdict

    @property
    def unguarded(self) -> Scoring:
        """The weights that the guard was asked about; the weights themselves where no control names them."""
        return next((row for row in self.controls if row.name == "pico"), self.weighted)

    @property
    def sentence(self) -> str:
        """The answer in one sentence, verdict before digits."""
        change = self.difference
        return (
            f"{self.verdict.sentence}: {self.baseline.metrics.rsum.value:.1f} unweighted, "
            f"{self.weighted.metrics.rsum.value:.1f} weighted, difference {change.value:+.1f} "
            f"[{change.low:+.1f}, {change.high:+.1f}] points of rSum on {self.n_images} {self.split} images."
            f"{'' if self.sample is None else f' Queries: {self.sample.sentence}; the interval is of the sample.'}"
        )
