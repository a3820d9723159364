"""What the strength of the weighting does: to the score of one pair, and to the rank of one query's right answer."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.kernels.metrics import row_ranks
from pico_core.method.probabilities import FLOOR, weights_from
from pico_core.retrieval.explain import Tokens
from pico_core.retrieval.schemes.scheme import permuted_weights
from pico_core.retrieval.scoring import QueryKind, RetrievalIndex, query_row
from pico_core.teaching.digits import Printed, agreeing

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0)


@dataclass(frozen=True, eq=False)
class RankCurve:
    """The rank of the right answer of one query along strengths.

    Attributes:
        strengths: lambda.
        ranks: Of the best right answer; 1 is the best.
        control_low: The best rank among the same weights permuted over columns, at every strength.
        control_high: The worst of them.
        n_permutations: How many permutations.
        n_candidates: Length of the list.
    """

    strengths: tuple[float, ...]
    ranks: Int[Tensor, " s"]
    control_low: Int[Tensor, " s"]
    control_high: Int[Tensor, " s"]
    n_permutations: int
    n_candidates: int

    def rank_at(self, strength: float) -> int:
        """At one of the strengths."""
        return int(self.ranks[self.strengths.index(strength)])

    @property
    def best(self) -> float:
        """The strength of the best rank; of equal ones the smallest."""
        return self.strengths[int(self.ranks.argmin())]


@dataclass(frozen=True)
class Halves:
    """The score of a pair in its two halves.

    Attributes:
        patches: mean_i max_j s_ij: every patch takes its best word.
        words: mean_j max_i s_ij: every word takes its best patch.
        score: Their sum.
    """

    patches: float
    words: float

    @property
    def score(self) -> float:
        """S_P."""
        return self.patches + self.words

    @property
    def printed(self) -> Printed:
        """Both halves with digits enough to give the score."""
        return agreeing((self.patches, self.words), self.score, combine=lambda patches, words: patches + words)


@dataclass(frozen=True)
class WeightParts:
    """A column's weight in its parts: P_d = p_d ** lambda / mean(p ** lambda).

    Attributes:
        probability: p_d, not below the floor of powers.
        mean: Of p ** lambda over all columns.
        weight: P_d.
    """

    probability: float
    mean: float
    weight: float

    def printed(self, *, strength: float) -> Printed:
        """p_d and the mean with digits enough to give the weight."""
        return agreeing(
            (self.probability, self.mean),
            self.weight,
            combine=lambda probability, mean: probability**strength / mean,
            significant=True,
        )


def rank_along_strength(
    index: RetrievalIndex,
    tokens: Float[Tensor, "t d"],
    *,
    kind: QueryKind,
    relevant: Bool[Tensor, " candidates"],
    probabilities: Columns,
    strengths: Sequence[float] = STRENGTHS,
    n_permutations: int = 9,
) -> RankCurve:
    """Rank the right answer of one query at every strength, beside the same weights permuted over columns.

    Args:
        index: What is searched.
        tokens: The real tokens of the query, in the basis of the index.
        kind: What the query is.
        relevant: The right answers among the candidates.
        probabilities: p.
        strengths: lambda; 0 is the unweighted score.
        n_permutations: Controls: as uneven, but on other columns; seeds 1 to n_permutations.

    Source: beyond the paper.

    >>> from pico_core.retrieval.scoring import retrieval_index
    >>> from pico_core.data.pairs import PairedEmbeddings
    >>> images = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> curve = rank_along_strength(
    ...     retrieval_index(PairedEmbeddings.from_arrays(images, images)), torch.tensor([[0.8, 0.6]]), kind="text",
    ...     relevant=torch.tensor([True, False]), probabilities=torch.tensor([1.0, 0.1]), strengths=(0.0, 1.0))
    >>> curve.ranks.tolist()
    [2, 1]
    """
    permutations = [
        permuted_weights(probabilities, generator=torch.Generator().manual_seed(draw))[0]
        for draw in range(1, n_permutations + 1)
    ]
    ranks = torch.stack(
        [
            _ranks(index, tokens, kind=kind, relevant=relevant, probabilities=drawn, strengths=strengths)
            for drawn in (probabilities, *permutations)
        ]
    )
    controls = ranks[1:] if n_permutations else ranks
    return RankCurve(
        strengths=tuple(strengths),
        ranks=ranks[0],
        control_low=controls.amin(dim=0),
        control_high=controls.amax(dim=0),
        n_permutations=n_permutations,
        n_candidates=len(relevant),
    )


def _ranks(
    index: RetrievalIndex,
    tokens: Float[Tensor, "t d"],
    *,
    kind: QueryKind,
    relevant: Bool[Tensor, " candidates"],
    probabilities: Columns,
    strengths: Sequence[float],
) -> Int[Tensor, " s"]:
    rows = torch.stack(
        [
            query_row(index, tokens, kind=kind, weights=weights_from(probabilities, strength=strength))
            for strength in strengths
        ]
    )
    return row_ranks(rows, relevant.expand(len(rows), -1)).ranks


def score_halves(pair: Tokens, *, weights: Columns | None = None) -> Halves:
    """Both halves of S_P(V, T) = mean_i max_j s_ij + mean_j max_i s_ij, in float64.

    Args:
        pair: Its real tokens.
        weights: P; default all columns count the same.

    Source: paper (weighted interaction).

    >>> score_halves(Tokens(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]])), weights=torch.tensor([1.0, 0.5]))
    Halves(patches=7.0, words=7.0)
    """
    patches, words = pair.patches.double(), pair.words.double()
    table = (patches if weights is None else weights.to(patches) * patches) @ words.T
    return Halves(float(table.amax(dim=1).mean()), float(table.amax(dim=0).mean()))


def weight_parts(probabilities: Columns, column: int, *, strength: float) -> WeightParts:
    """The weight of one column in its parts, as `weights_from` makes it.

    >>> weight_parts(torch.tensor([0.25, 0.75]), 0, strength=1.0)
    WeightParts(probability=0.25, mean=0.5, weight=0.5)
    """
    floored = probabilities.clamp_min(FLOOR)
    return WeightParts(
        probability=float(floored[column]),
        mean=float(floored.pow(strength).mean()),
        weight=float(weights_from(probabilities, strength=strength)[column]),
    )
