"""One query under two scorings: what moved, and from where to where."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.scoring import QueryKind


@dataclass(frozen=True)
class RankedItem:
    """One candidate in a list.

    Attributes:
        index: Of the text (for an image query) or of the image (for a text query).
        score: In this list.
        rank: In this list, 1 + the number of strictly better candidates.
        other_rank: The same in the other list.
        relevant: Whether it truly belongs to the query.
        other_score: In the other list.
    """

    index: int
    score: float
    rank: int
    other_rank: int
    relevant: bool
    other_score: float


@dataclass(frozen=True)
class SideBySide:
    """The top of one list beside the top of another: the same candidates under two scorings.

    Attributes:
        left: Best first; ties by index.
        right: The same under the other scoring.
        target_before: The best relevant candidate of the left list, however low; None for a
            query whose right answer is not known.
        target_after: The same of the right list (with several texts it may be another).
        n_candidates: Length of the whole list.
    """

    left: tuple[RankedItem, ...]
    right: tuple[RankedItem, ...]
    target_before: RankedItem | None
    target_after: RankedItem | None
    n_candidates: int


def compare_lists(
    before: Float[Tensor, " candidates"],
    after: Float[Tensor, " candidates"],
    *,
    relevant: Bool[Tensor, " candidates"] | None = None,
    top_k: int = 10,
) -> SideBySide:
    """Compare the tops of two lists of the same candidates, given their scores.

    Lists are sorted by score, equal scores by index; a rank is 1 + the number of strictly better ones,
    so equal scores share a rank.

    Args:
        before: Scores of the left list.
        after: Scores of the right list.
        relevant: Which candidates truly belong to the query; default none is known to.
        top_k: Length of both lists.

    >>> both = compare_lists(torch.tensor([0.2, 0.9, 0.9]), torch.tensor([0.8, 0.1, 0.3]), top_k=2)
    >>> [(item.index, item.rank, item.other_rank) for item in both.left]
    [(1, 1, 3), (2, 1, 2)]
    """
    known = torch.zeros(len(before), dtype=torch.bool) if relevant is None else relevant
    scores, ranks = (before, after), (_ranks(before), _ranks(after))

    def item(index: int, side: int) -> RankedItem:
        return RankedItem(
            index=index,
            score=float(scores[side][index]),
            rank=int(ranks[side][index]),
            other_rank=int(ranks[1 - side][index]),
            relevant=bool(known[index]),
            other_score=float(scores[1 - side][index]),
        )

    left, right = (tuple(item(index, side) for index in _order(scores[side])[:top_k].tolist()) for side in (0, 1))
    target_before, target_after = (
        item(best_relevant(scores[side], known), side) if bool(known.any()) else None for side in (0, 1)
    )
    return SideBySide(left, right, target_before, target_after, n_candidates=len(before))


def relevant_items(pairs: PairedEmbeddings, index: int, *, kind: QueryKind) -> Bool[Tensor, " candidates"]:
    """Which candidates truly belong to the query."""
    if kind == "image":
        return pairs.text_image == index
    return torch.arange(pairs.n_images, device=pairs.text_image.device) == pairs.text_image[index]


def largest_moves(
    before: Int[Tensor, " queries"], after: Int[Tensor, " queries"], *, gains: bool = True, top: int = 10
) -> list[int]:
    """Queries whose rank improved most (or fell most), by the ratio of ranks: 8 to 1 counts for more than 90 to 40.

    Queries that did not move that way are not listed.

    >>> largest_moves(torch.tensor([90, 8, 3, 1]), torch.tensor([40, 1, 3, 2]))
    [1, 0]
    """
    ratio = (before.double().log() - after.double().log()) * (1 if gains else -1)
    order = ratio.argsort(descending=True, stable=True)[:top]
    return [int(i) for i in order if ratio[i] > 0]


def best_relevant(scores: Float[Tensor, " candidates"], relevant: Bool[Tensor, " candidates"]) -> int:
    """The best-scoring relevant candidate; the first of equals.

    >>> best_relevant(torch.tensor([0.9, 0.5, 0.5]), torch.tensor([False, True, True]))
    1
    """
    return int(scores.masked_fill(~relevant, -torch.inf).argmax())


def _ranks(scores: Float[Tensor, " candidates"]) -> Int[Tensor, " candidates"]:
    """1 + the number of strictly better candidates, for all candidates at once."""
    rising = scores.sort().values
    return 1 + len(scores) - torch.searchsorted(rising, scores.contiguous(), right=True)


def _order(scores: Float[Tensor, " candidates"]) -> Int[Tensor, " candidates"]:
    return scores.argsort(descending=True, stable=True)
