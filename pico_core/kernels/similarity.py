"""Weighted late interaction: every patch with every word, the best match of each, both directions.

    s_ij(V, T) = sum_d P_d v_id t_jd
    S_P(V, T)  = mean_i max_j s_ij + mean_j max_i s_ij

The weights fold into the image side of the product, block by block, so a new weight vector needs
no new embedding and no new packing. One kernel scores one query, some, and everything; the score
of a pair does not depend on what is scored beside it, so equal items tie exactly (in float32 with
MKL; another library may add a narrow product in another order).
No [n, m, p, w] table is ever held: blocks are sized to stay in cache. On a graphics card with Triton
`fused` takes its place, which keeps the table in registers.
"""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.kernels.arithmetic import DEFAULT, Arithmetic, Precision, uses_triton
from pico_core.kernels.fused import BLOCK, fused_scores
from pico_core.kernels.masking import fill_masked, masked_mean
from pico_core.kernels.packing import (
    TOGETHER,
    PackedTokens,
    TokenBlock,
    image_blocks,
    pack,
    pack_texts,
    unpacked_images,
    unpacked_texts,
)
from pico_core.kernels.threads import parallel_for


def late_interaction(
    images: Float[Tensor, "n p d"],
    texts: Float[Tensor, "m w d"],
    *,
    image_mask: Bool[Tensor, "n p"],
    text_mask: Bool[Tensor, "m w"],
    weights: Float[Tensor, " d"] | None = None,
    arithmetic: Arithmetic = DEFAULT,
) -> Float[Tensor, "n m"]:
    """Score every image with every text: S_P(V, T) over real tokens only.

    Args:
        images: Patch tokens, any floating storage type.
        texts: Word tokens.
        image_mask: True = real patch; every image has at least one.
        text_mask: True = real word; every text has at least one.
        weights: One factor per column; None is the unweighted score (all ones).
        arithmetic: Which program scores, and in which precision; without it the fastest that is exact enough
            for how the tokens are stored.

    Returns:
        Scores in float32 (float64 for float64 tokens).

    Raises:
        ValueError: an item has no real token, the weights are not one finite number per column, or the arithmetic
            cannot be had on this device.

    Source: paper (weighted interaction). Padding never takes part, so it needs no -inf here.

    >>> patches = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    >>> words = torch.tensor([[[0.0, -1.0]]])
    >>> real = torch.ones(1, 2, dtype=torch.bool), torch.ones(1, 1, dtype=torch.bool)
    >>> late_interaction(patches, words, image_mask=real[0], text_mask=real[1])  # (0 - 1)/2 + 0
    tensor([[-0.5000]])
    """
    weights = _checked(weights, images.shape[2])
    if uses_triton(arithmetic, images, texts, tokens_each=(images.shape[1], texts.shape[1]), weights=weights):
        return fused_scores(
            torch.empty(len(images), len(texts), device=images.device),
            partial(pack, images, image_mask, max_tokens=BLOCK),
            pack(texts, text_mask, max_tokens=BLOCK),
            weights=weights,
            stored=torch.promote_types(images.dtype, texts.dtype),
            precision=arithmetic.precision,
        )
    packed = pack_texts(texts, text_mask)
    dtype = torch.promote_types(images.dtype, packed.dtype)
    scores = torch.empty(len(images), len(texts), dtype=dtype, device=images.device)
    learning = _learns(images, texts, weights)
    return _filled_in(scores, image_blocks(images, image_mask), packed, weights, arithmetic.precision, learning)


def score_packed(
    images: PackedTokens,
    texts: PackedTokens,
    *,
    weights: Float[Tensor, " d"] | None = None,
    arithmetic: Arithmetic = DEFAULT,
) -> Float[Tensor, "n m"]:
    """Score packed images with packed texts: `late_interaction` to the bit, without packing again.

    Args:
        images: From `pack_images`.
        texts: From `pack_texts`, on the same device.
        weights: One factor per column; None is the unweighted score.
        arithmetic: As in `late_interaction`; packed tokens are float32, which is what "stored" means here.

    Raises:
        ValueError: the two have different columns, the weights are not one finite number per column, or the arithmetic
            cannot be had on this device.

    >>> from pico_core.kernels.packing import pack_images
    >>> images = pack_images(torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]), torch.ones(1, 2, dtype=torch.bool))
    >>> texts = pack_texts(torch.tensor([[[0.0, -1.0]]]), torch.ones(1, 1, dtype=torch.bool))
    >>> score_packed(images, texts, weights=torch.tensor([1.0, 2.0]))  # (0 - 2)/2 + 0
    tensor([[-1.]])
    """
    if images.n_columns != texts.n_columns:
        raise ValueError(
            f"the packed images have {images.n_columns} columns and the packed texts {texts.n_columns}; "
            "pack both from one space"
        )
    weights = _checked(weights, images.n_columns)
    dtype = torch.promote_types(images.dtype, texts.dtype)
    scores = torch.empty(images.n_items, texts.n_items, dtype=dtype, device=images.device)
    if images.blocks and texts.blocks:
        sides = images.blocks[0].matrix, texts.blocks[0].matrix
        longest = images.longest, texts.longest
        if uses_triton(arithmetic, *sides, tokens_each=longest, weights=weights):
            return fused_scores(
                scores,
                partial(unpacked_images, images),
                unpacked_texts(texts),
                weights=weights,
                stored=dtype,
                precision=arithmetic.precision,
            )
    return _filled_in(scores, images.blocks, texts, weights, arithmetic.precision, _learns(images, texts, weights))


def _learns(*sides: Tensor | PackedTokens | None) -> bool:
    return torch.is_grad_enabled() and any(side is not None and side.requires_grad for side in sides)


def _checked(weights: Float[Tensor, " d"] | None, n_columns: int) -> Float[Tensor, " d"] | None:
    if weights is not None and not (weights.shape == (n_columns,) and bool(torch.isfinite(weights).all())):
        raise ValueError(
            f"the weights have shape {list(weights.shape)}, {int((~torch.isfinite(weights)).sum())} of them NaN or "
            f"infinite; expected {n_columns} finite numbers, one per column"
        )
    return weights


def _filled_in(
    scores: Float[Tensor, "n m"],
    images: Iterable[TokenBlock],
    texts: PackedTokens,
    weights: Float[Tensor, " d"] | None,
    precision: Precision,
    learning: bool,
) -> Float[Tensor, "n m"]:
    """The one kernel: every block of images, as it comes, with every block of texts, shared out among threads.

    Without a gradient to keep, the tables of a thread share one buffer, and maxima and sums are folded in place:
    fresh memory for every block costs more than they do. The bits are the same either way.
    """
    kind = torch.bfloat16 if precision == "bfloat16" else scores.dtype
    sides = [block._replace(matrix=block.matrix.to(kind)) for block in texts.blocks]

    def weighted(image: TokenBlock) -> TokenBlock:
        patches = image.matrix.to(scores.dtype)
        return image._replace(matrix=(patches if weights is None else patches * weights.to(patches)).to(kind))

    def worker() -> Callable[[tuple[TokenBlock, TokenBlock]], None]:
        buffer = scores.new_empty(0, dtype=kind)

        def fill(pair: tuple[TokenBlock, TokenBlock]) -> None:
            nonlocal buffer
            patches, words = pair[0].matrix, pair[1].matrix
            if learning:
                table = words @ patches.T
            else:
                if buffer.numel() < (cells := len(words) * len(patches)):
                    buffer = buffer.new_empty(cells)
                table = torch.mm(words, patches.T, out=buffer[:cells].view(len(words), -1))
            _reduce(table, *pair, scores)

        return fill

    pairs = ((image, text) for image in map(weighted, images) for text in sides)
    if scores.device.type == "cpu" and not learning:
        parallel_for(pairs, worker)
    else:
        for pair in pairs:
            worker()(pair)
    return scores


def _reduce(table: Float[Tensor, "words patches"], image: TokenBlock, text: TokenBlock, scores: Tensor) -> None:
    """Both maxima of the table of two blocks, their means, and the sum of these into its places; uses the table up."""
    (run,), first = image.runs, 0
    n_images = len(run.items)
    for items, length in text.runs:
        part = table[first : first + len(items) * length, : run.length * n_images]
        part, first = part.view(len(items), length, run.length, n_images), first + len(items) * length
        best_word, best_patch = part.amax(dim=1), _best_patch(part)
        pairs = _mean(best_word.to(scores.dtype)) + _mean(best_patch.to(scores.dtype))
        scores[run.items[:, None], items[None, :]] = pairs.T


def _best_patch(table: Float[Tensor, "h words patches g"]) -> Float[Tensor, "h words g"]:
    """The largest along the patches; with few images beside each other, where `amax` runs one by one, in halves."""
    if table.requires_grad or table.shape[3] % TOGETHER == 0 or table.shape[3] == 1:
        return table.amax(dim=2)
    n = table.shape[2]
    while n > 1:
        half, odd = divmod(n, 2)
        torch.maximum(table[:, :, :half], table[:, :, half : 2 * half], out=table[:, :, :half])
        if odd:
            table[:, :, half] = table[:, :, 2 * half]
        n = half + odd
    return table[:, :, 0].contiguous()


def _mean(best: Float[Tensor, "h tokens g"]) -> Float[Tensor, "h g"]:
    """Mean over tokens, added in halves: the order of the sum is the same wherever an item lies in a block.

    An odd one out waits behind the sums of its round. `best` is used up where it has no gradient.
    """
    n, total = best.shape[1], best
    while n > 1:
        half, odd = divmod(n, 2)
        if total.requires_grad:
            folded = total[:, :half] + total[:, half : 2 * half]
            total = torch.cat((folded, total[:, 2 * half :]), dim=1) if odd else folded
        else:
            total[:, :half] += total[:, half : 2 * half]
            if odd:
                total[:, half] = total[:, 2 * half]
        n = half + odd
    return total[:, 0] / best.shape[1]


def token_table(
    patches: Float[Tensor, "p d"], words: Float[Tensor, "w d"], *, weights: Float[Tensor, " d"] | None = None
) -> Float[Tensor, "p w"]:
    """Similarity of every patch with every word of one pair: s_ij = sum_d P_d v_id t_jd.

    >>> token_table(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), weights=torch.tensor([1.0, 0.5]))
    tensor([[7.]])
    """
    weighted = patches.float() if weights is None else patches.float() * weights
    return weighted @ words.float().T


def table_score(
    table: Float[Tensor, "p w"], *, image_mask: Bool[Tensor, " p"], text_mask: Bool[Tensor, " w"]
) -> Float[Tensor, ""]:
    """Score of one pair from its token table: mean of the best word per patch + best patch per word.

    >>> real = torch.tensor([True]), torch.tensor([True, False])
    >>> table_score(torch.tensor([[-0.5, 0.0]]), image_mask=real[0], text_mask=real[1])
    tensor(-1.)
    """
    best_word = fill_masked(table, text_mask[None, :]).amax(dim=1)
    best_patch = fill_masked(table, image_mask[:, None]).amax(dim=0)
    return (masked_mean(best_word[None], image_mask[None]) + masked_mean(best_patch[None], text_mask[None]))[0]
