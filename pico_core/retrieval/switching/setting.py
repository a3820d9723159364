"""The column switch: set the weight of some columns, and read what happens to retrieval.

Beyond the paper. The other weights stay as they are: scaling them all back to mean 1 would change
every score by the same factor, and no rank.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import row_ranks
from pico_core.retrieval.comparing.paired import Move
from pico_core.retrieval.rankings import relevant_items
from pico_core.retrieval.scoring import QueryKind, WeightedPairs, check_queries, query_scores
from pico_core.storage.token_files import with_change

SwitchSetting = Literal["off", "one", "mean", "image_mean", "text_mean"]


@dataclass(frozen=True, eq=False)
class ColumnMeans:
    """Mean of every column over the real tokens of a split, per modality."""

    image: Columns
    text: Columns


def column_means(fit: PairedEmbeddings) -> ColumnMeans:
    """Mean of every column over all real tokens of the fit split, per modality.

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0]] * 2))
    >>> column_means(pairs).image, column_means(pairs).text
    (tensor([0.5000, 0.5000]), tensor([1., 0.]))
    """
    return ColumnMeans(_mean(fit.image_means, fit.image_mask), _mean(fit.text_means, fit.text_mask))


def switched(
    base: WeightedPairs, columns: Sequence[int], setting: SwitchSetting, *, means: ColumnMeans | None = None
) -> WeightedPairs:
    """Set some columns, and leave the other weights as they are.

    off: P_d = 0. one: P_d = 1, the weight that every column has unweighted.
    mean (mean-ablation of both sides): v_d and t_d of every token become the column's mean of the fit
    split. Then P_d m_v m_t is added to every s_ij, 2 P_d m_v m_t to every score, the same for all
    pairs: the ranks are those of `off`, exactly, and are computed so.
    image_mean, text_mean: one side becomes its mean, the other keeps its values, so what the column
    tells of one modality stays in the score.

    Args:
        base: What is scored before.
        columns: Which columns; none twice.
        setting: To what.
        means: Of the fit split; needed for one-sided means.

    Raises:
        DataError: a column that does not exist; no means where they are needed; nothing would be left
            to rank by (then all candidates tie, and a tie costs nothing: it would look like perfect recall).

    Source: beyond the paper.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    >>> switched(WeightedPairs(pairs, torch.tensor([0.5, 1.5])), [1], "off").weights
    tensor([0.5000, 0.0000])
    """
    wrong = [column for column in columns if not 0 <= column < base.pairs.n_columns]
    if wrong:
        raise DataError(f"there is no column {wrong[0]}; columns run from 0 to {base.pairs.n_columns - 1}")
    index = torch.tensor(sorted(set(columns)), dtype=torch.int64)
    if setting != "one" and not bool(base.weights.index_fill(0, index, 0.0).any()):
        raise DataError("these are all columns that count: nothing would be left to rank by; leave one out")
    if setting in ("off", "one", "mean"):
        return WeightedPairs(base.pairs, base.weights.index_fill(0, index, 1.0 if setting == "one" else 0.0))
    if means is None:
        raise DataError(f"the setting {setting!r} needs the column means of the fit split")
    pairs = base.pairs
    if setting == "image_mean":
        changed = replace(pairs, image_tokens=_filled(pairs.image_tokens, pairs.image_mask, index, means.image))
    else:
        changed = replace(pairs, text_tokens=_filled(pairs.text_tokens, pairs.text_mask, index, means.text))
    return WeightedPairs(changed, base.weights)


def changes_nothing(base: WeightedPairs, columns: Sequence[int], setting: SwitchSetting) -> bool:
    """Whether the switch sets what is already so: then nothing needs scoring.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    >>> changes_nothing(WeightedPairs(pairs, torch.ones(2)), [0], "one")
    True
    """
    chosen = base.weights[list(columns)]
    return bool((chosen == (1.0 if setting == "one" else 0.0)).all())


def query_move(before: WeightedPairs, after: WeightedPairs, index: int, *, kind: QueryKind) -> Move:
    """One query exactly: the rank of its right answer among all candidates, before and after.

    Args:
        before: What is scored before.
        after: From `switched`.
        index: Of the image or the text in the split.
        kind: Whether an image asks for texts or a text for images.

    Raises:
        DataError: the query is not in the split.
    """
    check_queries(before.pairs, torch.tensor([index]), kind=kind)
    relevant = relevant_items(before.pairs, index, kind=kind)[None]

    def rank(side: WeightedPairs) -> int:
        return int(row_ranks(query_scores(side.pairs, index, kind=kind, weights=side.weights)[None], relevant).ranks[0])

    return Move(kind, index, rank(before), rank(after))


def _mean(means: Tensor, mask: Bool[Tensor, "items tokens"]) -> Columns:
    lengths = mask.sum(dim=1).double()
    return ((means.double() * lengths[:, None]).sum(dim=0) / lengths.sum()).float()


def _filled(tokens: Tensor, mask: Bool[Tensor, "items tokens"], index: Int[Tensor, " k"], means: Columns) -> Tensor:
    """The tokens with some columns at their means; padding stays zero."""

    def filled(some: Tensor, real: Tensor) -> Tensor:
        kept = some.to(torch.promote_types(some.dtype, torch.float32), copy=True)
        kept[:, :, index] = real[..., None] * means[index].to(kept)
        return kept

    return with_change(tokens, mask, filled)
