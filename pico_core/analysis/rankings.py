"""One query under two scorings: what moved, from where to where, and by which columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.analysis.scoring import score_image, score_text, score_words
from pico_core.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError

QueryKind = Literal["image", "text"]


@dataclass(frozen=True)
class RankedItem:
    """One candidate in a list.

    Attributes:
        index: Of the text (for an image query) or of the image (for a text query).
        score: In this list.
        rank: In this list, 1 + the number of strictly better candidates.
        other_rank: The same in the other list.
        relevant: Whether it truly belongs to the query.
    """

    index: int
    score: float
    rank: int
    other_rank: int
    relevant: bool


@dataclass(frozen=True)
class SideBySide:
    """The top of the unweighted list beside the top of the weighted one.

    Attributes:
        left: Unweighted, best first; ties by index.
        right: Weighted.
        target_before: The best relevant candidate of the unweighted list, however low; None for a
            query whose right answer is not known.
        target_after: The same of the weighted list (with several texts it may be another).
        n_candidates: Length of the whole list.
    """

    left: tuple[RankedItem, ...]
    right: tuple[RankedItem, ...]
    target_before: RankedItem | None
    target_after: RankedItem | None
    n_candidates: int

    @property
    def sentence(self) -> str:
        """What happened to the right answer, in words; without one, how many candidates stay at the top."""
        if self.target_before is None or self.target_after is None:
            kept = len({item.index for item in self.left} & {item.index for item in self.right})
            first = "the first stays the first" if self.left[0].index == self.right[0].index else "another comes first"
            return f"{kept} of the first {len(self.left)} are the same with the weights, and {first}."
        before, after, total = self.target_before.rank, self.target_after.rank, self.n_candidates
        if before == after:
            return f"No change: the right answer is at rank {before} of {total:,} with and without the weights."
        direction = "up" if after < before else "down"
        return f"Rank {before} to {after} with the weights: the right answer moves {direction} among {total:,}."


@dataclass(frozen=True, eq=False)
class MarginChange:
    """How the lead of the right answer over its strongest rival changed, column by column.

    Attributes:
        target: Index of the right answer.
        rival: Index of the best irrelevant candidate of the unweighted list.
        before: score(target) - score(rival), unweighted.
        after: The same, weighted.
        parts: What every column contributes; they sum to after - before.
    """

    target: int
    rival: int
    before: float
    after: float
    parts: Columns

    def strongest(self, top: int = 3) -> list[int]:
        """The columns with the largest parts of either sign, largest first."""
        return [int(i) for i in self.parts.abs().argsort(descending=True, stable=True)[:top]]

    def sentence(self, titles: Sequence[str]) -> str:
        """What the columns did to the lead, in words; `titles` names all columns."""
        total = self.after - self.before
        if float(self.parts.abs().max()) == 0:
            return "The weights change no column's part: the lead over the strongest rival is as it was."
        listed = [titles[column].split(" (")[0].rpartition(" ") for column in self.strongest()]
        numbers = [number for _, _, number in listed]
        named = numbers[0] if len(numbers) == 1 else f"{', '.join(numbers[:-1])} and {numbers[-1]}"
        together = float(self.parts[self.strongest()].sum())
        verb = "grows" if total > 0 else "shrinks"
        kind = {"column": "columns"}.get(listed[0][0], listed[0][0].replace("axis", "axes"))
        lead = f"The lead over the strongest rival {verb} from {self.before:+.3f} to {self.after:+.3f}"
        if total != 0 and 0 < together / total <= 1:
            return f"{lead}: {kind} {named} account for {together / total:.0%} of that."
        return f"{lead}: {kind} {named} change it by {together:+.3f}, all others by {total - together:+.3f}."


def side_by_side(
    pairs: PairedEmbeddings, index: int, *, kind: QueryKind, weights: Columns, top_k: int = 10
) -> SideBySide:
    """Rank all candidates of one query without and with weights, and compare the tops.

    Args:
        pairs: The split that is searched, in the basis of the weights.
        index: Of the image or the text that asks.
        kind: Which of the two.
        weights: P, mean 1.
        top_k: Length of both lists (shorter if there are fewer candidates).

    Raises:
        DataError: there is no such query.

    >>> images = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> pairs = PairedEmbeddings.from_arrays(images, images)
    >>> both = side_by_side(pairs, 0, kind="image", weights=torch.tensor([0.5, 1.5]))
    >>> [item.index for item in both.right], both.sentence[:9]
    ([0, 1], 'No change')
    """
    check_query(pairs, index, kind=kind)
    return _compared(
        query_scores(pairs, index, kind=kind),
        query_scores(pairs, index, kind=kind, weights=weights),
        relevant_items(pairs, index, kind=kind),
        top_k=top_k,
    )


def side_by_side_words(
    pairs: PairedEmbeddings, words: Float[Tensor, "w d"], *, weights: Columns, top_k: int = 10
) -> SideBySide:
    """Rank all images for words that belong to none of them, without and with weights.

    Args:
        pairs: The split that is searched, in the basis of the weights.
        words: Unit tokens of a typed caption in the same basis, all of them real.
        weights: P, mean 1.
        top_k: Length of both lists.

    Raises:
        DataError: no word, or words of another width.

    >>> images = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> pairs = PairedEmbeddings.from_arrays(images, images)
    >>> both = side_by_side_words(pairs, torch.tensor([[0.8, 0.6]]), weights=torch.tensor([1.6, 0.4]))
    >>> [item.index for item in both.left], [item.index for item in both.right]
    ([1, 0], [0, 1])
    """
    if len(words) == 0 or words.shape[1] != pairs.n_columns:
        raise DataError(
            f"the typed words have shape {list(words.shape)}; expected one or more rows of {pairs.n_columns} columns"
        )
    before, after = score_words(pairs, words), score_words(pairs, words, weights)
    return _compared(before, after, torch.zeros(len(before), dtype=torch.bool), top_k=top_k)


def _compared(
    before: Float[Tensor, " candidates"],
    after: Float[Tensor, " candidates"],
    relevant: Bool[Tensor, " candidates"],
    *,
    top_k: int,
) -> SideBySide:
    ranks_before, ranks_after = _ranks(before), _ranks(after)

    def item(place: int, *, weighted: bool) -> RankedItem:
        own, other = (ranks_after, ranks_before) if weighted else (ranks_before, ranks_after)
        score = float((after if weighted else before)[place])
        return RankedItem(place, score, int(own[place]), int(other[place]), bool(relevant[place]))

    known = bool(relevant.any())
    return SideBySide(
        left=tuple(item(i, weighted=False) for i in _order(before)[:top_k].tolist()),
        right=tuple(item(i, weighted=True) for i in _order(after)[:top_k].tolist()),
        target_before=item(best_relevant(before, relevant), weighted=False) if known else None,
        target_after=item(best_relevant(after, relevant), weighted=True) if known else None,
        n_candidates=len(before),
    )


def query_scores(
    pairs: PairedEmbeddings, index: int, *, kind: QueryKind, weights: Columns | None = None
) -> Float[Tensor, " candidates"]:
    """Scores of all candidates of one query: all texts for an image, all images for a text."""
    score = score_image if kind == "image" else score_text
    return score(pairs, index, weights)


def relevant_items(pairs: PairedEmbeddings, index: int, *, kind: QueryKind) -> Bool[Tensor, " candidates"]:
    """Which candidates truly belong to the query."""
    if kind == "image":
        return pairs.text_image == index
    return torch.arange(pairs.n_images, device=pairs.text_image.device) == pairs.text_image[index]


def margin_change(pairs: PairedEmbeddings, index: int, *, kind: QueryKind, weights: Columns) -> MarginChange:
    """Split the change of the right answer's lead over its strongest rival exactly into columns.

    Under either scoring a score is sum_d P_d c_d, with c_d read at the best partner of every token
    under that scoring. The parts are the differences P_d c_d(weighted) - 1 c_d(unweighted), target
    minus rival; they sum to the change of the lead. The rival is the best irrelevant candidate of
    the unweighted list, the target the best relevant one.

    Source: beyond the paper.
    """
    check_query(pairs, index, kind=kind)
    relevant = relevant_items(pairs, index, kind=kind)
    plain = query_scores(pairs, index, kind=kind)
    if bool(relevant.all()):
        raise DataError("every candidate is relevant to this query: there is no rival to compare with")
    target = best_relevant(plain, relevant)
    rival = best_relevant(plain, ~relevant)
    one = torch.ones(pairs.n_columns)

    def parts(candidate: int, factor: Columns) -> Columns:
        image, text = (index, candidate) if kind == "image" else (candidate, index)
        return column_parts(
            pairs.image_tokens[image][pairs.image_mask[image]],
            pairs.text_tokens[text][pairs.text_mask[text]],
            weights=factor,
        )

    before = parts(target, one) - parts(rival, one)
    after = parts(target, weights) - parts(rival, weights)
    return MarginChange(target, rival, float(before.sum()), float(after.sum()), after - before)


def largest_moves(before: Int[Tensor, " queries"], after: Int[Tensor, " queries"], *, top: int = 10) -> list[int]:
    """Queries whose rank improved most, by the ratio of ranks: 8 to 1 counts for more than 90 to 40.

    Swap the arguments for the largest losses. Queries that did not improve are not listed.

    >>> largest_moves(torch.tensor([90, 8, 3, 1]), torch.tensor([40, 1, 3, 2]))
    [1, 0]
    """
    ratio = before.double().log() - after.double().log()
    order = ratio.argsort(descending=True, stable=True)[:top]
    return [int(i) for i in order if ratio[i] > 0]


def column_parts(patches: Float[Tensor, "p d"], words: Float[Tensor, "w d"], *, weights: Columns) -> Columns:
    """What every column adds to the score of one pair; the sum is the score.

    >>> column_parts(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), weights=torch.tensor([1.0, 0.5]))
    tensor([6., 8.])
    """
    image, text = patches.float(), words.float()
    weighted = image * weights.to(image)
    similarity = weighted @ text.T
    to_words = (weighted * text[similarity.argmax(dim=1)]).mean(dim=0)
    to_patches = (weighted[similarity.argmax(dim=0)] * text).mean(dim=0)
    return to_words + to_patches


def best_relevant(scores: Float[Tensor, " candidates"], relevant: Bool[Tensor, " candidates"]) -> int:
    """The best-scoring relevant candidate; the first of equals.

    >>> best_relevant(torch.tensor([0.9, 0.5, 0.5]), torch.tensor([False, True, True]))
    1
    """
    return int(scores.masked_fill(~relevant, -torch.inf).argmax())


def check_query(pairs: PairedEmbeddings, index: int, *, kind: QueryKind) -> None:
    """Refuse a query that is not there.

    Raises:
        DataError: the index is out of range; the message says the range.
    """
    total = pairs.n_images if kind == "image" else pairs.n_texts
    if not 0 <= index < total:
        raise DataError(f"{kind} {index} is not in the {pairs.part} split; it has {kind}s 0 to {total - 1}")


def _ranks(scores: Float[Tensor, " candidates"]) -> Int[Tensor, " candidates"]:
    """1 + the number of strictly better candidates, for all candidates at once."""
    rising = scores.sort().values
    return 1 + len(scores) - torch.searchsorted(rising, scores.contiguous(), right=True)


def _order(scores: Float[Tensor, " candidates"]) -> Int[Tensor, " candidates"]:
    return scores.argsort(descending=True, stable=True)
