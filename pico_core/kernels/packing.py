"""Ragged items as dense blocks: items with the same number of real tokens lie together.

A block holds real tokens only, so no work is spent on padding and no padding can win a maximum.
Packing a side costs about as much as scoring one query against it: pack once, score often.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

# Tokens of an image block (at least) and of a text block (at most). Their product, the table of one
# block, is some 4 M floats = 16 MB: larger blocks fall out of the cache, smaller ones starve the
# matrix product and pay for starting each step more often than they save (maxima in bfloat16 want
# 64 images beside each other).
IMAGE_BLOCK = 4096
TEXT_BLOCK = 1024
RUN = TEXT_BLOCK // 2  # tokens of texts of one length at most, so that blocks can be filled well

# Images of a block lie beside each other in so many numbers, or a multiple of it: the vectors in
# which the maximum over patches is taken; with fewer it is taken number by number.
TOGETHER = 32

# Libraries multiply narrow matrices in another order of sums than wide ones, so that equal items
# would score differently in the last bit. With zero tokens up to a multiple of this they do not.
MULTIPLE = 16


class Packed(NamedTuple):
    """Some items of equal length: which ones, and their real tokens."""

    items: Int[Tensor, " g"]
    tokens: Float[Tensor, "g length d"]


class Run(NamedTuple):
    """Some items of equal length in a block: which ones, and the real tokens of each."""

    items: Int[Tensor, " g"]
    length: int


class TokenBlock(NamedTuple):
    """Some items, as one side of a matrix product.

    Attributes:
        runs: Items of one length, then those of the next. Texts of several lengths share a product, which would be
            narrow with those of each alone; images of a block have one length.
        matrix: One row per token; of texts item after item, of images first patches before second
            patches (both maxima then run along contiguous memory). Zero tokens at the end fill it up
            to a multiple of 16.
    """

    runs: tuple[Run, ...]
    matrix: Float[Tensor, "tokens d"]


@dataclass(frozen=True, eq=False)
class PackedTokens:
    """One side of a score, packed once: images or texts in the layout that the kernel reads.

    Attributes:
        blocks: Every item in exactly one of them.
        n_items: How many items.
        n_columns: Feature columns d.
        dtype: float32, or float64 for float64 tokens.
    """

    blocks: tuple[TokenBlock, ...]
    n_items: int
    n_columns: int
    dtype: torch.dtype

    @property
    def device(self) -> torch.device:
        """Where the tokens are."""
        return self.blocks[0].matrix.device if self.blocks else torch.device("cpu")

    @property
    def longest(self) -> int:
        """Most real tokens of an item."""
        return max((run.length for block in self.blocks for run in block.runs), default=0)

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient is asked for with respect to the tokens."""
        return any(block.matrix.requires_grad for block in self.blocks)

    @property
    def nbytes(self) -> int:
        """Memory of the tokens, in bytes."""
        return sum(block.matrix.nbytes for block in self.blocks)


def pack(
    tokens: Float[Tensor, "items tokens d"], mask: Bool[Tensor, "items tokens"], *, max_tokens: int, at_least: int = 1
) -> Iterator[Packed]:
    """Yield the items grouped by their number of real tokens, at most `max_tokens` tokens at a time.

    The order of the real tokens of an item is kept; every item appears in exactly one block.
    Tokens are yielded in float32 whatever they are stored in.

    Args:
        tokens: Padded tokens.
        mask: True = real, anywhere in a row.
        max_tokens: Bound on g x length of one block (one item is never divided).
        at_least: Items of a block come in multiples of this, more tokens or not; the last ones apart.

    Raises:
        ValueError: an item has no real token.

    >>> tokens = torch.tensor([[[1.0], [0.0]], [[2.0], [3.0]], [[0.0], [4.0]]])
    >>> mask = torch.tensor([[True, False], [True, True], [False, True]])
    >>> [(block.items.tolist(), block.tokens.flatten().tolist()) for block in pack(tokens, mask, max_tokens=8)]
    [([0, 2], [1.0, 4.0]), ([1], [2.0, 3.0])]
    """
    lengths = mask.sum(dim=1)
    if bool((lengths == 0).any()):
        where = int((lengths == 0).nonzero()[0])
        raise ValueError(f"item {where} has no real token: mask at least one as real")
    for length in torch.unique(lengths).tolist():
        members = (lengths == length).nonzero()[:, 0]
        for items in members.split(max(1, max_tokens // (length * at_least)) * at_least):
            rows = tokens[items]
            if length < mask.shape[1]:
                rows = rows[mask[items]].view(len(items), length, -1)
            yield Packed(items, rows.to(torch.promote_types(rows.dtype, torch.float32)))


def image_blocks(tokens: Float[Tensor, "n p d"], mask: Bool[Tensor, "n p"]) -> Iterator[TokenBlock]:
    """Yield images block by block, one row per patch: nothing of a large dataset is held twice.

    >>> tokens = torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]])
    >>> [block.matrix[:5, 0] for block in image_blocks(tokens, torch.ones(2, 2) > 0)]  # first patches, then second ones
    [tensor([1., 3., 2., 4., 0.])]
    """
    yield from map(_image_block, pack(tokens, mask, max_tokens=IMAGE_BLOCK, at_least=TOGETHER))


def _image_block(images: Packed) -> TokenBlock:
    rows = images.tokens.transpose(0, 1).flatten(0, 1)
    return TokenBlock((Run(images.items, images.tokens.shape[1]),), _filled(rows))


def pack_images(tokens: Float[Tensor, "n p d"], mask: Bool[Tensor, "n p"]) -> PackedTokens:
    """Pack images once, to score them often.

    Args:
        tokens: Patch tokens, any floating storage type; copied to float32 (float64 stays).
        mask: True = real patch.

    Raises:
        ValueError: an image has no real token.

    >>> packed = pack_images(torch.ones(3, 2, 4, dtype=torch.float16), torch.ones(3, 2) > 0)
    >>> packed.n_items, packed.dtype, packed.nbytes  # 6 tokens, filled up to 16, of 4 columns of 4 bytes
    (3, torch.float32, 256)
    """
    return PackedTokens(tuple(image_blocks(tokens, mask)), len(tokens), tokens.shape[2], _computed(tokens))


def pack_texts(tokens: Float[Tensor, "m w d"], mask: Bool[Tensor, "m w"]) -> PackedTokens:
    """Pack texts once, to score them often; as `pack_images`, text after text.

    Args:
        tokens: Word tokens, any floating storage type; copied to float32 (float64 stays).
        mask: True = real word.

    Raises:
        ValueError: a text has no real token.

    >>> packed = pack_texts(torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]]), torch.ones(2, 2) > 0)
    >>> packed.blocks[0].matrix[:5, 0]
    tensor([1., 2., 3., 4., 0.])
    """
    return PackedTokens(tuple(_text_blocks(tokens, mask)), len(tokens), tokens.shape[2], _computed(tokens))


def _text_blocks(tokens: Float[Tensor, "m w d"], mask: Bool[Tensor, "m w"]) -> Iterator[TokenBlock]:
    """Texts of like length together, as many as a block takes."""
    waiting: list[Packed] = []
    for packed in pack(tokens, mask, max_tokens=RUN):
        rows = sum(len(each.items) * each.tokens.shape[1] for each in [*waiting, packed])
        if waiting and rows > TEXT_BLOCK:
            yield _together(waiting)
            waiting = []
        waiting.append(packed)
    if waiting:
        yield _together(waiting)


def _together(texts: list[Packed]) -> TokenBlock:
    rows = torch.cat([each.tokens.flatten(0, 1) for each in texts])
    return TokenBlock(tuple(Run(each.items, each.tokens.shape[1]) for each in texts), _filled(rows))


def unpacked_images(packed: PackedTokens) -> Iterator[Packed]:
    """The blocks of packed images as `pack` yields them.

    >>> packed = pack_images(torch.tensor([[[1.0], [2.0]]]), torch.ones(1, 2) > 0)
    >>> [block.tokens.tolist() for block in unpacked_images(packed)]
    [[[[1.0], [2.0]]]]
    """
    for block in packed.blocks:
        (run,) = block.runs
        rows = block.matrix[: len(run.items) * run.length]
        yield Packed(run.items, rows.view(run.length, len(run.items), packed.n_columns).transpose(0, 1))


def unpacked_texts(packed: PackedTokens) -> Iterator[Packed]:
    """The blocks of packed texts as `pack` yields them.

    >>> packed = pack_texts(torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]]), torch.ones(2, 2) > 0)
    >>> [block.tokens.flatten().tolist() for block in unpacked_texts(packed)]
    [[1.0, 2.0, 3.0, 4.0]]
    """
    for block in packed.blocks:
        sizes = [len(run.items) * run.length for run in block.runs]
        for run, rows in zip(block.runs, torch.split(block.matrix[: sum(sizes)], sizes), strict=True):
            yield Packed(run.items, rows.view(len(run.items), run.length, packed.n_columns))


def some_images(packed: PackedTokens, part: slice) -> PackedTokens:
    """The packed images of a range, numbered from 0.

    >>> packed = pack_images(torch.tensor([[[1.0]], [[2.0]], [[3.0]]]), torch.ones(3, 1) > 0)
    >>> [found.tokens.flatten().tolist() for found in unpacked_images(some_images(packed, slice(1, 3)))]
    [[2.0, 3.0]]
    """
    return _some(packed, part, unpacked_images, _image_block)


def some_texts(packed: PackedTokens, part: slice) -> PackedTokens:
    """The packed texts of a range, numbered from 0.

    >>> packed = pack_texts(torch.tensor([[[1.0]], [[2.0]], [[3.0]]]), torch.ones(3, 1) > 0)
    >>> [found.tokens.flatten().tolist() for found in unpacked_texts(some_texts(packed, slice(0, 2)))]
    [[1.0, 2.0]]
    """
    return _some(packed, part, unpacked_texts, lambda own: _together([own]))


def _some(
    packed: PackedTokens,
    part: slice,
    unpacked: Callable[[PackedTokens], Iterator[Packed]],
    block: Callable[[Packed], TokenBlock],
) -> PackedTokens:
    if part == slice(0, packed.n_items):
        return packed
    blocks = tuple(block(own) for own in (_inside(group, part) for group in unpacked(packed)) if len(own.items))
    return PackedTokens(blocks, part.stop - part.start, packed.n_columns, packed.dtype)


def _inside(packed: Packed, part: slice) -> Packed:
    own = (packed.items >= part.start) & (packed.items < part.stop)
    return Packed(packed.items[own] - part.start, packed.tokens[own])


def _filled(rows: Float[Tensor, "tokens d"]) -> Float[Tensor, "filled d"]:
    missing = -len(rows) % MULTIPLE
    return torch.nn.functional.pad(rows, (0, 0, 0, missing)) if missing else rows


def _computed(tokens: Tensor) -> torch.dtype:
    return torch.promote_types(tokens.dtype, torch.float32)
