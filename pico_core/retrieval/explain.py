"""Why a score changed, and why one item stands above another: sums over columns, exact to the last digit.

Under weights P every token takes its best partner, and the score of a pair is linear in P from there on:

    S_P = sum_d P_d c_d(a_P)    c_d(a) = mean_i v_id t_a(i)d + mean_j v_a(j)d t_jd

with a_P the alignment that P chooses. From P to Q therefore

    S_Q - S_P = sum_d (Q_d - P_d) c_d(a_P)  +  [S_Q(a_Q) - S_Q(a_P)]

columns first, at the alignment of before, and then the change of alignment, which is never negative:
under Q no alignment is better than the one that Q chooses.

Source: beyond the paper.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError

DIGITS = 3  # that scores are shown with


@dataclass(frozen=True, eq=False)
class Split:
    """A number before and after, and what makes the difference; the parts and the alignment sum to it.

    Attributes:
        before: A score, or a lead of one item over another.
        after: The same under the other weights; or the score of the other item.
        parts: What every column contributes, float64.
        alignment: What the change of alignment contributes; of a score never negative.
        realigned: Tokens whose best partner became another.
    """

    before: float
    after: float
    parts: Columns
    alignment: float = 0.0
    realigned: int = 0

    @property
    def change(self) -> float:
        """The difference that is explained."""
        return self.after - self.before

    def strongest(self, top: int = 3) -> list[int]:
        """The columns with the largest parts of either sign, largest first; equal ones by index.

        >>> Split(0.0, 1.0, torch.tensor([-0.5, 2.0, -0.5])).strongest(2)
        [1, 0]
        """
        return [int(i) for i in self.parts.abs().argsort(descending=True, stable=True)[:top]]

    def __sub__(self, rival: "Split") -> "Split":
        """The lead of one item over another, split the same way."""
        return Split(
            self.before - rival.before,
            self.after - rival.after,
            self.parts - rival.parts,
            self.alignment - rival.alignment,
            self.realigned + rival.realigned,
        )


@dataclass(frozen=True)
class ShownPart:
    """One line of a split as it is shown.

    Attributes:
        column: Which column; None for all others together, and for the alignment.
        value: Rounded so that the lines add up.
        others: How many columns stand together in this line; 0 where it is one, or the alignment.
    """

    column: int | None
    value: float
    others: int = 0

    @property
    def is_alignment(self) -> bool:
        """Whether this is the change of alignment."""
        return self.column is None and self.others == 0


@dataclass(frozen=True)
class ShownSplit:
    """A split with so many digits that people read: before + all lines = after, exactly as printed.

    Attributes:
        before: Rounded.
        after: Rounded.
        parts: The largest columns, then all others together, then the alignment.
        digits: After the point.
        share: Which part of the difference the named columns make together, unrounded; None where there is none.
    """

    before: float
    after: float
    parts: tuple[ShownPart, ...]
    digits: int
    share: float | None = None

    @property
    def change(self) -> float:
        """The difference of the two numbers as printed."""
        return round(self.after - self.before, self.digits)


@dataclass(frozen=True, eq=False)
class Tokens:
    """The real tokens of one pair, in the axes of the weights."""

    patches: Float[Tensor, "p d"]
    words: Float[Tensor, "w d"]


@dataclass(frozen=True, eq=False)
class Aligned:
    """The alignment that weights choose: for every token its best partner (the first of equals)."""

    word_of_patch: Int[Tensor, " p"]
    patch_of_word: Int[Tensor, " w"]


def score_split(pair: Tokens, *, before: Columns, after: Columns) -> Split:
    """Split the change of a pair's score exactly into columns and the change of alignment.

    Args:
        pair: Its real tokens.
        before: P.
        after: Q.

    Raises:
        DataError: tokens or weights of another width.

    Source: beyond the paper.

    >>> pair = Tokens(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]))
    >>> split = score_split(pair, before=torch.tensor([1.0, 1.0]), after=torch.tensor([0.0, 2.0]))
    >>> split.before, split.after, split.parts.tolist(), split.alignment
    (22.0, 32.0, [-6.0, 16.0], 0.0)
    """
    _check(pair, before, after)
    patches, words = pair.patches.double(), pair.words.double()
    both = torch.stack([before, after]).to(patches)
    tables = (both[:, None, :] * patches) @ words.T  # one product for both weights
    first, then = (Aligned(table.argmax(dim=1), table.argmax(dim=0)) for table in tables)
    at_first = _columns(patches, words, first)
    # The score under the new weights at the old alignment; what its own alignment adds is the last term.
    kept = (both[1] * at_first).sum()
    own = tables[1].amax(dim=1).mean() + tables[1].amax(dim=0).mean()
    moved = (first.word_of_patch != then.word_of_patch).sum() + (first.patch_of_word != then.patch_of_word).sum()
    return Split(
        before=float(tables[0].amax(dim=1).mean() + tables[0].amax(dim=0).mean()),
        after=float(own),
        parts=(both[1] - both[0]) * at_first,
        alignment=float(own - kept),
        realigned=int(moved),
    )


def above_split(upper: Tokens, lower: Tokens, *, weights: Columns) -> Split:
    """Why one item scores higher than another under the same weights: P_d (c_d(upper) - c_d(lower)), column by column.

    Args:
        upper: The query with the one item.
        lower: The query with the other.
        weights: P.

    Returns:
        `before` is the score of `lower`, `after` that of `upper`.

    Raises:
        DataError: tokens or weights of another width.

    Source: beyond the paper.

    >>> one, other = (Tokens(torch.tensor([[1.0, 0.0]]), torch.tensor([word])) for word in ([3.0, 4.0], [1.0, 9.0]))
    >>> above_split(one, other, weights=torch.tensor([1.0, 1.0])).parts.tolist()
    [4.0, 0.0]
    """
    high, low = column_parts(upper, weights=weights), column_parts(lower, weights=weights)
    return Split(float(low.sum()), float(high.sum()), high - low)


def column_parts(pair: Tokens, *, weights: Columns) -> Columns:
    """What every column adds to the score of one pair, in float64; the sum is the score.

    >>> column_parts(Tokens(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]])), weights=torch.tensor([1.0, 0.5]))
    tensor([6., 8.], dtype=torch.float64)
    """
    _check(pair, weights)
    patches, words = pair.patches.double(), pair.words.double()
    factor = weights.to(patches)
    table = (factor * patches) @ words.T
    return factor * _columns(patches, words, Aligned(table.argmax(dim=1), table.argmax(dim=0)))


def shown_split(
    split: Split, *, top: int, digits: int = DIGITS, before: float | None = None, after: float | None = None
) -> ShownSplit:
    """Round a split so that the printed lines add up: before + lines = after, to the last digit.

    Every line is rounded down or up; those with the largest remainders go up, as many as are needed
    (the method of largest remainders). No line is further than two units of its last digit from its value.

    Args:
        split: What is shown.
        top: How many columns have a line of their own; those of part 0 have none.
        digits: After the point.
        before: The number as another place on the page shows it, where its rounding must agree.
        after: The same.

    >>> shown = shown_split(Split(0.0, 1.0, torch.tensor([1 / 3, 1 / 3, 1 / 3])), top=3, digits=1)
    >>> [part.value for part in shown.parts], shown.change
    ([0.4, 0.3, 0.3], 1.0)
    """
    unit = 10**digits
    low = round((split.before if before is None else before) * unit)
    high = round((split.after if after is None else after) * unit)
    named = [column for column in split.strongest(top) if float(split.parts[column]) != 0]
    lines = [ShownPart(column, float(split.parts[column])) for column in named]
    together, others = sum(line.value for line in lines), len(split.parts) - len(named)
    if others and float(split.parts.abs().sum()) > sum(abs(line.value) for line in lines):
        lines.append(ShownPart(None, float(split.parts.sum()) - together, others))
    if split.alignment or split.realigned or not lines:
        lines.append(ShownPart(None, split.alignment))
    rounded = _adding_up([line.value * unit for line in lines], total=high - low)
    shown = tuple(replace(line, value=value / unit) for line, value in zip(lines, rounded, strict=True))
    share = together / split.change if named and split.change else None
    return ShownSplit(low / unit, high / unit, shown, digits, share)


def _adding_up(values: Sequence[float], *, total: int) -> list[int]:
    """Whole numbers next to these values whose sum is the total."""
    whole = [floor(value) for value in values]
    missing = total - sum(whole)
    order = sorted(range(len(values)), key=lambda i: whole[i] - values[i])
    for step in range(abs(missing)):
        # Too few: up where the remainder is largest; too many (the ends were rounded apart): down where it is least.
        index = order[step % len(order)] if missing > 0 else order[-1 - step % len(order)]
        whole[index] += 1 if missing > 0 else -1
    return whole


def _columns(patches: Float[Tensor, "p d"], words: Float[Tensor, "w d"], aligned: Aligned) -> Columns:
    """c_d at an alignment."""
    to_words = (patches * words[aligned.word_of_patch]).mean(dim=0)
    return to_words + (patches[aligned.patch_of_word] * words).mean(dim=0)


def _check(pair: Tokens, *both: Columns) -> None:
    width = pair.patches.shape[1]
    for weights in both:
        if len(weights) != width or pair.words.shape[1] != width:
            raise DataError(
                f"the weights have {len(weights)} columns, the patches {width} and the words {pair.words.shape[1]}; "
                "read all of them in the same axes"
            )
