"""Which word agrees with which patch: the token table of one pair under two scorings, with its winners.

    s_ij = sum_d P_d v_id t_jd        S_P = sum_i (max_j s_ij) / p + sum_j (max_i s_ij) / w

Every patch adds the similarity of its best word, divided by the number of patches; every word that of
its best patch, divided by the number of words. These parts sum to the score.

Source: paper (weighted interaction); the maps of two scorings beside each other are beyond it.
"""

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError

STRIP = 12  # patches in a row where they have no place
NOBODY = -1  # the winning word of a masked patch


@dataclass(frozen=True)
class PatchPlaces:
    """Where the patches of an image lie.

    Attributes:
        n_patches: All of them, masked ones too.
        rows: Of the grid.
        columns: Of the grid.
        leading: Tokens before the grid, such as a class token: 0 or 1.
        is_grid: False where the number of patches fits no square; they then stand in their order.
    """

    n_patches: int
    rows: int
    columns: int
    leading: int
    is_grid: bool

    def cell(self, patch: int) -> tuple[int, int] | None:
        """Row and column of a patch, from 0; None for a token before the grid."""
        return None if patch < self.leading else divmod(patch - self.leading, self.columns)

    def name(self, patch: int) -> str:
        """What people call a patch.

        >>> places = patch_places(5)
        >>> places.name(0), places.name(3)
        ('class token', 'row 2, column 1')
        """
        cell = self.cell(patch)
        if cell is None:
            return "class token"
        return f"row {cell[0] + 1}, column {cell[1] + 1}" if self.is_grid else f"patch {patch}"


def patch_places(n_patches: int) -> PatchPlaces:
    """The grid that so many patches form: a square, or a class token and a square; otherwise their bare order.

    A dataset does not say how its patches lie, so this is read from their number. Masked patches count:
    they keep their place.

    Args:
        n_patches: At least 1.

    >>> [(found.rows, found.columns, found.leading, found.is_grid) for found in map(patch_places, (49, 50, 6))]
    [(7, 7, 0, True), (7, 7, 1, True), (1, 6, 0, False)]
    """
    for leading in (0, 1):
        side = math.isqrt(n_patches - leading)
        if side > 1 and side * side == n_patches - leading:
            return PatchPlaces(n_patches, side, side, leading, True)
    return PatchPlaces(n_patches, math.ceil(n_patches / STRIP), min(n_patches, STRIP), 0, False)


@dataclass(frozen=True, eq=False)
class TokenMap:
    """The token table of one pair under one scoring.

    Attributes:
        table: s_ij, float64; NaN in the rows of masked patches.
        real: True = real patch.
    """

    table: Float[Tensor, "p w"]
    real: Bool[Tensor, " p"]

    @cached_property
    def patch_of_word(self) -> Int[Tensor, " w"]:
        """The winning patch of every word, the first of equals."""
        return self.table.masked_fill(~self.real[:, None], -torch.inf).argmax(dim=0)

    @cached_property
    def word_of_patch(self) -> Int[Tensor, " p"]:
        """The winning word of every patch, the first of equals; NOBODY where the patch is masked."""
        return self.table.nan_to_num().argmax(dim=1).where(self.real, torch.tensor(NOBODY))

    @cached_property
    def from_words(self) -> Float[Tensor, " w"]:
        """What every word adds to the score: its best similarity / number of words."""
        return self.table[self.real].amax(dim=0) / self.table.shape[1]

    @cached_property
    def from_patches(self) -> Float[Tensor, " p"]:
        """What every patch adds to the score: its best similarity / number of real patches; 0 where masked."""
        best = self.table.nan_to_num().amax(dim=1) / int(self.real.sum())
        return best.where(self.real, torch.zeros_like(best))

    @property
    def score(self) -> float:
        """S_P: all parts together."""
        return float(self.from_patches.sum() + self.from_words.sum())


@dataclass(frozen=True, eq=False)
class TwoMaps:
    """One pair under two scorings; the sides may be read in different axes, their tables have one shape.

    Attributes:
        left: Under the first.
        right: Under the second.
    """

    left: TokenMap
    right: TokenMap

    def __post_init__(self) -> None:
        left, right = self.left, self.right
        if left.table.shape != right.table.shape or not torch.equal(left.real, right.real):
            raise DataError(
                f"the token tables of the two sides have shapes {list(left.table.shape)} and "
                f"{list(right.table.shape)} with {int(left.real.sum())} and {int(right.real.sum())} real patches; "
                "both need the same tokens of the same pair"
            )

    @property
    def difference(self) -> Float[Tensor, "p w"]:
        """Right minus left."""
        return self.right.table - self.left.table

    @property
    def limits(self) -> tuple[float, float]:
        """The one scale of both sides: lowest and highest similarity of any real patch with any word."""
        both = torch.stack([self.left.table, self.right.table])[:, self.left.real]
        return float(both.min()), float(both.max())

    @property
    def largest_change(self) -> float:
        """The scale of the difference: from minus to plus this value, so that its middle is no change."""
        return float(self.difference[self.left.real].abs().max())

    @property
    def moved_words(self) -> Bool[Tensor, " w"]:
        """Words whose winning patch is another on the right."""
        return self.left.patch_of_word != self.right.patch_of_word

    @property
    def moved_patches(self) -> Bool[Tensor, " p"]:
        """Patches whose winning word is another on the right."""
        return self.left.word_of_patch != self.right.word_of_patch

    @property
    def changed_most(self) -> int:
        """The word whose part of the score changed most; where none changed, the one that adds most."""
        change = (self.right.from_words - self.left.from_words).abs()
        return int((change if bool(change.any()) else self.right.from_words).argmax())


def token_map(
    patches: Float[Tensor, "p d"],
    words: Float[Tensor, "w d"],
    *,
    weights: Columns,
    real: Bool[Tensor, " p"] | None = None,
) -> TokenMap:
    """Similarity of every patch with every word of one pair: s_ij = sum_d P_d v_id t_jd, in float64.

    Args:
        patches: All patches of the image, masked ones too, so that each keeps its place.
        words: The real words of the text.
        weights: P, one factor per column.
        real: True = real patch; default all.

    Raises:
        DataError: no real patch, or no word.

    Source: paper (weighted interaction).

    >>> found = token_map(torch.eye(2), torch.tensor([[3.0, 4.0]]), weights=torch.tensor([1.0, 0.5]))
    >>> found.table.tolist(), found.patch_of_word.tolist(), found.from_patches.tolist(), found.score
    ([[3.0], [2.0]], [0], [1.5, 1.0], 5.5)
    """
    kept = torch.ones(len(patches), dtype=torch.bool) if real is None else real
    if not bool(kept.any()) or not len(words):
        raise DataError(f"{int(kept.sum())} real patches and {len(words)} words make no map; give at least one of each")
    table = torch.full((len(patches), len(words)), torch.nan, dtype=torch.float64)
    table[kept] = (patches[kept].double() * weights.double()) @ words.double().T
    return TokenMap(table, kept)
