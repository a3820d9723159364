"""Weighted late interaction: every patch with every word, the best match of each, both directions.

    s_ij(V, T) = sum_d P_d v_id t_jd
    S_P(V, T)  = mean_i max_j s_ij + mean_j max_i s_ij

The weights fold into one side of the product, so a new weight vector needs no new embedding.
No [n, m, p, w] table is ever held: blocks are sized to stay in cache.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from pico_core.kernels.masking import fill_masked, masked_mean
from pico_core.kernels.packing import pack

# Tokens of an image block and of a text block. Their product, the table of one block, is 1 M
# floats = 4 MB: larger blocks fall out of the second-level cache, smaller ones starve the
# matrix product.
IMAGE_BLOCK = 512
TEXT_BLOCK = 2048


def late_interaction(
    images: Float[Tensor, "n p d"],
    texts: Float[Tensor, "m w d"],
    *,
    image_mask: Bool[Tensor, "n p"],
    text_mask: Bool[Tensor, "m w"],
    weights: Float[Tensor, " d"] | None = None,
) -> Float[Tensor, "n m"]:
    """Score every image with every text: S_P(V, T) over real tokens only.

    Args:
        images: Patch tokens, any floating storage type.
        texts: Word tokens.
        image_mask: True = real patch; every image has at least one.
        text_mask: True = real word; every text has at least one.
        weights: One factor per column; None is the unweighted score (all ones).

    Returns:
        Scores in float32 (float64 for float64 tokens).

    Raises:
        ValueError: an item has no real token, or the weights are not one finite number per column.

    Source: paper (weighted interaction). Padding never takes part, so it needs no -inf here.

    >>> patches = torch.tensor([[[1.0, 0.0], [0.0, 1.0]]])
    >>> words = torch.tensor([[[0.0, -1.0]]])
    >>> real = torch.ones(1, 2, dtype=torch.bool), torch.ones(1, 1, dtype=torch.bool)
    >>> late_interaction(patches, words, image_mask=real[0], text_mask=real[1])  # (0 - 1)/2 + 0
    tensor([[-0.5000]])
    """
    if weights is not None and not (weights.shape == images.shape[2:] and bool(torch.isfinite(weights).all())):
        raise ValueError(
            f"the weights have shape {list(weights.shape)}, {int((~torch.isfinite(weights)).sum())} of them NaN or "
            f"infinite; expected {images.shape[2]} finite numbers, one per column"
        )
    kind = torch.promote_types(torch.promote_types(images.dtype, texts.dtype), torch.float32)
    scores = torch.empty(len(images), len(texts), dtype=kind, device=images.device)
    text_blocks = [
        # Word-major columns: both maxima below then run along contiguous memory.
        (block.items, block.tokens.to(kind).transpose(0, 1).flatten(0, 1).T.contiguous(), block.tokens.shape[1])
        for block in pack(texts, text_mask, max_tokens=TEXT_BLOCK)
    ]
    for block in pack(images, image_mask, max_tokens=IMAGE_BLOCK):
        n_images, n_patches, _ = block.tokens.shape
        patches = block.tokens.to(kind).flatten(0, 1)
        if weights is not None:
            patches = patches * weights.to(device=patches.device, dtype=kind)
        for items, words, n_words in text_blocks:
            table = (patches @ words).view(n_images, n_patches, n_words, len(items))
            best_word = table.amax(dim=2).mean(dim=1)
            best_patch = table.amax(dim=1).mean(dim=1)
            scores[block.items[:, None], items[None, :]] = best_word + best_patch
    return scores


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
