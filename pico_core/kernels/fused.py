"""Weighted late interaction on a graphics card: what surrounds the two Triton programs of `fused_triton`.

Tokens go to the card's program in slabs of bounded size, so that the working memory does not grow with the number of
captions; weights are folded into the image side here, in float32, before anything is rounded. The programs themselves,
their arithmetic and what it costs are described in `fused_triton`, which is imported at the first use only.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.kernels.arithmetic import Precision
from pico_core.kernels.packing import Packed
from pico_core.kernels.tiles import Launch, Tile, chosen_tile, images_each

IMAGE_SLAB = 2**18  # patches at a time: 268 MB at 512 columns of 16 bits, 537 MB of float32
TEXT_SLAB = 2**16  # words at a time, a quarter of that: enough work for any card
BLOCK = 2**15  # tokens that are weighted and scaled in float32 at a time: 67 MB at 512 columns
WIDEST = 64  # words of a text that fit every tile; a longer one is scored piece by piece
PIECES_TABLE = 2**22  # numbers in the table of best patches of long texts: 17 MB
ALIGNED = 16  # columns are filled up to a multiple: a tile is read in lines of 16 bytes


class ImageSlab(NamedTuple):
    """Some images: their weighted patches row after row, and where each image lies."""

    items: Int[Tensor, " g"]
    tokens: Float[Tensor, "rows d"]
    starts: Int[Tensor, " bounds"]
    owners: Int[Tensor, " rows"]
    factors: Float[Tensor, " g"]


class TextSlab(NamedTuple):
    """Some texts of like length: the words of each in `width` slots, the rest of them zero."""

    items: Int[Tensor, " g"]
    tokens: Float[Tensor, "slots d"]
    lengths: Int[Tensor, " g"]
    factors: Float[Tensor, " g"]
    width: int


class Part(NamedTuple):
    """Some items of equal length times a power of two each, such that their longest token has a length of at most 1."""

    items: Int[Tensor, " g"]
    tokens: Float[Tensor, "g length d"]
    factors: Float[Tensor, " g"]

    @property
    def length(self) -> int:
        """Real tokens of each."""
        return self.tokens.shape[1]


def fused_scores(
    scores: Float[Tensor, "n m"],
    images: Callable[[], Iterable[Packed]],
    texts: Iterable[Packed],
    *,
    weights: Float[Tensor, " d"] | None,
    stored: torch.dtype,
    precision: Precision,
    tile: Tile | None = None,
) -> Float[Tensor, "n m"]:
    """Fill `scores` in; the tokens and the scores lie on one device.

    Args:
        scores: float32, contiguous.
        images: Gives the images, real patches only; asked once per slab of texts where one slab cannot hold them.
        texts: The texts, real words only.
        weights: One finite factor per column.
        stored: The type that `precision="stored"` means.
        precision: What is multiplied.
        tile: Size of the tiles; None is what suits the card and the precision.

    Source: paper (weighted interaction); the program is beyond the paper.
    """
    operand = operand_type(stored, precision)
    held: list[ImageSlab] | None = None
    for text in text_slabs(texts, operand):
        slabs: Iterable[ImageSlab] = image_slabs(images(), weights, operand) if held is None else held
        n_slabs = 0
        for image in slabs:
            _launch(scores, image, text, precision, tile)
            n_slabs, last = n_slabs + 1, image
        if n_slabs == 1:
            held = [last]
    return scores


def operand_type(stored: torch.dtype, precision: Precision) -> torch.dtype:
    """The type of the numbers that are multiplied.

    >>> operand_type(torch.bfloat16, "stored"), operand_type(torch.float16, "tf32")
    (torch.bfloat16, torch.float32)
    """
    if precision == "stored":
        return stored
    return {"bfloat16": torch.bfloat16, "float16": torch.float16}.get(precision, torch.float32)


def scaled(block: Packed, weights: Float[Tensor, " d"] | None, operand: torch.dtype) -> Part:
    """Fold the weights in, scale every item by a power of two, which is exact, and only then round to the operand type.

    An item with a number that is not finite becomes zeros with the factor NaN: its scores are NaN, no others.

    >>> block = Packed(torch.tensor([0]), torch.tensor([[[3.0, 4.0], [0.0, 0.5]]]))
    >>> part = scaled(block, None, torch.float32)
    >>> part.tokens.tolist(), part.factors.tolist()  # the longest has length 5, so 8 is the factor
    ([[[0.375, 0.5], [0.0, 0.0625]]], [8.0])
    """
    tokens = block.tokens if weights is None else block.tokens * weights.to(block.tokens)
    largest = tokens.abs().amax(dim=(1, 2))
    finite = torch.isfinite(largest)
    tokens = tokens.masked_fill(~finite[:, None, None], 0.0)
    first = _exponent(torch.where(finite, largest, 0.0))
    tokens = torch.ldexp(tokens, -first[:, None, None])  # no square of a number leaves the range now
    second = _exponent(torch.linalg.vector_norm(tokens, dim=2).amax(dim=1))
    tokens = torch.ldexp(tokens, -second[:, None, None]).to(operand)
    factors = torch.ldexp(torch.ones_like(largest), first + second)
    return Part(block.items, tokens, torch.where(finite, factors, torch.nan))


def _exponent(values: Float[Tensor, " g"]) -> Int[Tensor, " g"]:
    return torch.frexp(values).exponent.clamp(min=-100)  # what is smaller stays smaller than 1


def image_slabs(
    images: Iterable[Packed], weights: Float[Tensor, " d"] | None, operand: torch.dtype
) -> Iterator[ImageSlab]:
    """Join images to slabs of at most `IMAGE_SLAB` patches (one image is never divided)."""
    for parts in _gathered((scaled(block, weights, operand) for block in images), limit=IMAGE_SLAB):
        lengths = _lengths(parts)
        counts = torch.arange(len(lengths), dtype=torch.int32, device=lengths.device)
        yield ImageSlab(
            torch.cat([part.items for part in parts]),
            torch.cat([_aligned(part.tokens).flatten(0, 1) for part in parts]),
            torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).to(torch.int32),
            torch.repeat_interleave(counts, lengths),
            torch.cat([part.factors for part in parts]),
        )


def text_slabs(texts: Iterable[Packed], operand: torch.dtype) -> Iterator[TextSlab]:
    """Join texts of one width to slabs: a power of two from 8, or beyond `WIDEST` a multiple of it.

    Blocks in the order of their length give the fewest slabs.
    """
    parts_of_texts = (scaled(block, None, operand) for block in texts)
    for parts in _gathered(parts_of_texts, limit=TEXT_SLAB, width=slot_width):
        width = slot_width(parts[0].length)
        yield TextSlab(
            torch.cat([part.items for part in parts]),
            torch.cat([_aligned(part.tokens, width).flatten(0, 1) for part in parts]),
            _lengths(parts),
            torch.cat([part.factors for part in parts]),
            width,
        )


def slot_width(length: int) -> int:
    """Slots that a text of so many words takes: the rest of them is work on padding.

    >>> [slot_width(length) for length in (1, 8, 18, 64, 65)]
    [8, 8, 32, 64, 128]
    """
    return max(8, 1 << (length - 1).bit_length()) if length <= WIDEST else -(-length // WIDEST) * WIDEST


def _lengths(parts: list[Part]) -> Int[Tensor, " g"]:
    lengths = [torch.full_like(part.items, part.length, dtype=torch.int32) for part in parts]
    return torch.cat(lengths)


def _aligned(tokens: Float[Tensor, "g length d"], width: int | None = None) -> Float[Tensor, "g width columns"]:
    slots = 0 if width is None else width - tokens.shape[1]
    return torch.nn.functional.pad(tokens, (0, -tokens.shape[2] % ALIGNED, 0, slots))


def _gathered(parts: Iterable[Part], *, limit: int, width: Callable[[int], int] | None = None) -> Iterator[list[Part]]:
    """Neighbouring parts as long as they fit together, and are of one width where texts lie in slots."""
    held: list[Part] = []
    kept = 0
    for part in parts:
        slots = len(part.items) * (part.length if width is None else width(part.length))
        other = bool(held) and width is not None and width(held[0].length) != width(part.length)
        if held and (other or kept + slots > limit):
            yield held
            held, kept = [], 0
        held.append(part)
        kept += slots
    if held:
        yield held


def _launch(scores: Tensor, image: ImageSlab, text: TextSlab, precision: Precision, tile: Tile | None) -> None:
    from pico_core.kernels import fused_triton

    launch = Launch(image.tokens, text.tokens, text.width, precision)
    if text.width <= WIDEST:

        def short(tile: Tile) -> None:
            each = images_each(launch, n_images=len(image.items), n_texts=len(text.items), tile=tile)
            n_blocks = -(-len(text.items) // (tile.words // text.width))
            program = fused_triton.score_short[(n_blocks * -(-len(image.items) // each),)]
            program(
                *launch.operands(tile),
                text.lengths,
                image.starts,
                image.owners,
                text.factors,
                image.factors,
                text.items,
                image.items,
                scores,
                scores.stride(0),
                len(text.items),
                len(image.items),
                each,
                launch.columns,
                WIDTH=text.width,
                TEXTS=tile.words // text.width,
                APART=tile.apart,
                BAND=16,
                **launch.constants(tile),
            )

        n_products = len(image.tokens) * len(text.tokens) * launch.columns
        short(tile or chosen_tile(launch, short, n_products=n_products))
        return
    _score_pieces(scores, image, text, launch, tile or chosen_tile(launch))


def _score_pieces(scores: Tensor, image: ImageSlab, text: TextSlab, launch: Launch, tile: Tile) -> None:
    """Texts of many words: the program leaves the best patch of every word, which is averaged here."""
    from pico_core.kernels import fused_triton

    n_images = len(image.items)
    step = max(1, PIECES_TABLE // (n_images * text.width))
    tile = tile.with_words(WIDEST)
    for first in range(0, len(text.items), step):
        count = min(step, len(text.items) - first)
        part = launch._replace(words=launch.words[first * text.width : (first + count) * text.width])
        best = torch.full((n_images, count, text.width), -torch.inf, device=scores.device)
        totals = torch.zeros(n_images, count, dtype=torch.int64, device=scores.device)
        each = images_each(part, n_images=n_images, n_texts=count, tile=tile)
        lengths = text.lengths[first : first + count].contiguous()
        fused_triton.score_long[(count * -(-n_images // each),)](
            *part.operands(tile),
            lengths,
            image.starts,
            image.owners,
            best,
            totals,
            count,
            n_images,
            each,
            part.columns,
            text.width // WIDEST,
            SLOTS=WIDEST,
            **part.constants(tile),
        )
        real = torch.arange(text.width, device=scores.device)[None] < lengths[:, None]
        points = (torch.where(real, best, 0.0) * part.scale).to(torch.int64).sum(dim=2)
        by_patch = totals.float() / image.starts.diff()[:, None]
        by_word = points.float() / lengths
        factors = image.factors[:, None] * text.factors[first : first + count]
        scores[image.items[:, None], text.items[first : first + count][None]] = (
            (by_patch + by_word) / part.scale * factors
        )
