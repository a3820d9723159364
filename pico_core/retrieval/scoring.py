"""Scores of a dataset, of one query, and of bare tokens: one kernel behind all of them.

The score of a pair is the same to the bit in the whole table, in a row and in a column, so ranks
and ties agree whichever is asked for. That holds in float32 on a CPU whose matrix product is MKL's;
in other places sums may differ in the last bit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.common.axes import Columns, Scores
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.kernels.packing import PackedTokens, pack_images, pack_texts, some_images, some_texts
from pico_core.kernels.similarity import late_interaction, score_packed
from pico_core.storage.retry_in_halves import out_of_memory, retry_in_halves
from pico_core.storage.token_files import dense, items_at_once

QueryKind = Literal["image", "text"]
PACKED_BYTES = 256 * 2**20  # of texts in float32 that are packed at a time
TABLE_BYTES = 2**30  # of scores that are held at once


@dataclass(frozen=True, eq=False)
class RetrievalIndex:
    """A split packed once, to be asked many queries with many weights.

    Weights are no part of it: they fold into the product when a query is scored.

    Attributes:
        images: The candidates of a text query.
        texts: The candidates of an image query.
    """

    images: PackedTokens
    texts: PackedTokens

    @property
    def nbytes(self) -> int:
        """Memory of both sides, in bytes: 4 per column of every real token (8 for float64)."""
        return self.images.nbytes + self.texts.nbytes

    def scores(
        self, weights: Columns | None = None, *, arithmetic: Arithmetic = DEFAULT, reporter: Reporter = SILENT
    ) -> Scores:
        """Every image with every text: `score_pairs` to the bit, without packing again; in pieces where memory ends.

        Raises:
            DataError: memory does not suffice for one pair, or for the table itself.
        """

        def some(chosen: slice, part: slice) -> Scores:
            return score_packed(
                some_images(self.images, chosen), some_texts(self.texts, part), weights=weights, arithmetic=arithmetic
            )

        return chunked(some, self.images.n_items, self.texts.n_items, reporter=reporter)


def retrieval_index(pairs: PairedEmbeddings) -> RetrievalIndex:
    """Pack both sides of a split for `query_row`; it holds a float32 copy of all real tokens.

    Args:
        pairs: The split that is searched, in the basis of the weights to come.
    """
    return RetrievalIndex(
        pack_images(pairs.image_tokens, pairs.image_mask), pack_texts(pairs.text_tokens, pairs.text_mask)
    )


def query_row(
    index: RetrievalIndex, tokens: Float[Tensor, "t d"], *, kind: QueryKind, weights: Columns | None = None
) -> Float[Tensor, " candidates"]:
    """Scores of all candidates of one query: all texts for an image, all images for a text.

    For a query of the split this is its row or column of `score_pairs`; a typed caption or a
    picture of one's own is scored in the same way.

    Args:
        index: What is searched.
        tokens: The real tokens of the query, unit vectors in the basis of the index.
        kind: What the query is.
        weights: P, one factor per column; None is P = 1. New weights need no new index.

    Raises:
        DataError: no token, tokens of another width, or a kind that is neither.

    >>> images = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    >>> index = retrieval_index(PairedEmbeddings.from_arrays(images, images))
    >>> query_row(index, torch.tensor([[0.0, 1.0]]), kind="text", weights=torch.tensor([1.0, 0.5]))
    tensor([0.0000, 0.8000])
    """
    if len(tokens) == 0 or tokens.shape[1] != index.images.n_columns:
        raise DataError(
            f"the tokens of the query have shape {list(tokens.shape)}; expected one or more rows of "
            f"{index.images.n_columns} columns, as the index has"
        )
    query = tokens[None], _all_real(tokens[None])
    match kind:
        case "image":
            return score_packed(pack_images(*query), index.texts, weights=weights)[0]
        case "text":
            return score_packed(index.images, pack_texts(*query), weights=weights)[:, 0]
    raise DataError(f"a query is of kind 'image' or 'text', not {kind!r}")


@dataclass(frozen=True, eq=False)
class WeightedPairs:
    """Pairs and the weights to score them with.

    Attributes:
        pairs: A split, in the basis of the weights; its tokens need not be unit vectors.
        weights: P, one factor per column.
    """

    pairs: PairedEmbeddings
    weights: Columns


def weighted_scores(
    images: Float[Tensor, "n *p d"],
    texts: Float[Tensor, "m *w d"],
    *,
    weights: Columns | None = None,
    image_mask: Bool[Tensor, "n p"] | None = None,
    text_mask: Bool[Tensor, "m w"] | None = None,
) -> Scores:
    """Score every image with every text: S_P = mean_i max_j s_ij + mean_j max_i s_ij.

    Args:
        images: Patch tokens [n, p, d], or global vectors [n, d].
        texts: Word tokens [m, w, d], or global vectors [m, d].
        weights: P, one factor per column; None is P = 1.
        image_mask: True = real patch; default all.
        text_mask: True = real word; default all.

    Source: paper (weighted interaction).

    >>> weighted_scores(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), weights=torch.tensor([1.0, 0.5]))
    tensor([[14.]])
    """
    patches = images[:, None, :] if images.ndim == 2 else images
    words = texts[:, None, :] if texts.ndim == 2 else texts
    return late_interaction(
        patches,
        words,
        image_mask=_all_real(patches) if image_mask is None else image_mask,
        text_mask=_all_real(words) if text_mask is None else text_mask,
        weights=weights,
    )


def scores_of(
    images: Float[Tensor, "n p d"],
    texts: Float[Tensor, "m w d"],
    *,
    image_mask: Bool[Tensor, "n p"],
    text_mask: Bool[Tensor, "m w"],
    weights: Columns | None = None,
    arithmetic: Arithmetic = DEFAULT,
    reporter: Reporter = SILENT,
) -> Scores:
    """`late_interaction` to the bit, with texts packed a block at a time, so that tokens may lie in a file.

    Raises:
        DataError: the table of the scores itself is too large to be held, or memory does not suffice for one pair.
    """
    size = items_at_once(texts, PACKED_BYTES)
    if 4 * len(images) * len(texts) > TABLE_BYTES:
        raise DataError(
            f"the scores of {len(images):,} images with {len(texts):,} texts take "
            f"{4e-9 * len(images) * len(texts):.1f} GB; a table holds at most {TABLE_BYTES / 1e9:.1f} GB: ask fewer "
            "queries, or count ranks in blocks"
        )

    def some(chosen: slice, part: slice) -> Scores:
        return late_interaction(
            images if chosen == slice(0, len(images)) else images[chosen],
            dense(texts[part]),
            image_mask=image_mask[chosen],
            text_mask=text_mask[part],
            weights=weights,
            arithmetic=arithmetic,
        )

    return chunked(some, len(images), len(texts), size=size, reporter=reporter)


def chunked(
    score: Callable[[slice, slice], Scores],
    n_images: int,
    n_texts: int,
    *,
    size: int | None = None,
    reporter: Reporter = SILENT,
) -> Scores:
    """A table of scores, of all images with a block of texts after the other, and in smaller pieces where memory ends.

    Args:
        score: Scores some images with some texts.
        n_images: All images.
        n_texts: All texts.
        size: Texts of a block; default all.
        reporter: Hears where memory is short.

    Raises:
        DataError: not even one image with one text fits, or the table itself does not.

    >>> chunked(lambda images, texts: torch.ones(2, texts.stop - texts.start), 2, 3, size=2)
    tensor([[1., 1., 1.],
            [1., 1., 1.]])
    """

    def with_all_images(part: slice) -> Scores:
        return score(slice(0, n_images), part)

    def with_one_text(part: slice) -> Scores:
        some = retry_in_halves(
            lambda chosen: score(chosen, part), n_images, what="images with one text", reporter=reporter
        )
        return torch.cat(list(some))

    parts = list(
        retry_in_halves(with_all_images, n_texts, what="texts", size=size, at_one=with_one_text, reporter=reporter)
    )
    if len(parts) <= 1:
        return parts[0] if parts else score(slice(0, n_images), slice(0, 0))
    try:
        return torch.cat(parts, dim=1)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
    raise DataError(
        f"there is not enough memory for the scores of {n_images:,} images with {n_texts:,} texts "
        f"({4e-9 * n_images * n_texts:.1f} GB, twice): ask fewer queries, or count ranks in blocks"
    )


def score_pairs(
    pairs: PairedEmbeddings,
    weights: Columns | None = None,
    *,
    arithmetic: Arithmetic = DEFAULT,
    reporter: Reporter = SILENT,
) -> Scores:
    """Every image of a dataset with every text of it; `arithmetic` says on which program and how precisely.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    >>> score_pairs(pairs, arithmetic=Arithmetic(backend="torch"))
    tensor([[2., 0.],
            [0., 2.]])
    """
    return scores_of(
        pairs.image_tokens,
        pairs.text_tokens,
        image_mask=pairs.image_mask,
        text_mask=pairs.text_mask,
        weights=weights,
        arithmetic=arithmetic,
        reporter=reporter,
    )


def query_scores(
    pairs: PairedEmbeddings, index: int, *, kind: QueryKind, weights: Columns | None = None
) -> Float[Tensor, " candidates"]:
    """Scores of all candidates of one query, all texts or all images: a row or column of `score_pairs` at its cost."""
    images, image_mask, texts, text_mask = pairs.image_tokens, pairs.image_mask, pairs.text_tokens, pairs.text_mask
    if kind == "image":
        images, image_mask = images[index : index + 1], image_mask[index : index + 1]
    else:
        texts = texts[index][text_mask[index]][None]
        text_mask = _all_real(texts)
    return scores_of(images, texts, image_mask=image_mask, text_mask=text_mask, weights=weights).flatten()


def check_queries(pairs: PairedEmbeddings, queries: Int[Tensor, " q"], *, kind: QueryKind) -> None:
    """Refuse queries that are not there.

    Raises:
        DataError: an index is out of range; the message says the range.
    """
    total = pairs.n_images if kind == "image" else pairs.n_texts
    outside = queries[(queries < 0) | (queries >= total)]
    if len(outside):
        raise DataError(f"{kind} {int(outside[0])} is not in the {pairs.part} split; it has {kind}s 0 to {total - 1}")


def _all_real(tokens: Float[Tensor, "items tokens d"]) -> Bool[Tensor, "items tokens"]:
    return torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device)
