"""Ranks of queries among more candidates than a table of scores can hold: counted block by block.

The rank of a query is 1 + the number of irrelevant candidates that score strictly better than its best
relevant one. That best score is known first; then every block of scores is counted and forgotten. Counts
of different blocks add up (`+`) in any order, so they can be kept, gone on with, or made by other processes.
"""

from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from pico_core.common.axes import Columns, Scores
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.scoring import chunked, scores_of
from pico_core.storage.token_files import blocks

IMAGE_BLOCK, TEXT_BLOCK = 256, 2048  # half a minute of one core at 196 x 32 tokens of 512 columns
RELEVANT_BLOCK = 8  # images scored with their own texts at a time


class Block(NamedTuple):
    """A block of the table of scores, and who of it asks.

    Attributes:
        images: Which of the plan's query images; where only texts ask, which of all images.
        texts: Which of the plan's query texts; where only images ask, which of all texts.
        asking: Whose ranks are counted.
    """

    images: slice
    texts: slice
    asking: Literal["both", "images", "texts"]


@dataclass(frozen=True, eq=False)
class RankPlan:
    """Which queries are ranked among all items of a split, and the blocks that this takes.

    Attributes:
        text_image: The image of each text of the split.
        n_images: Images of the split.
        images: Images that ask, sorted.
        image_block: Images of a block.
        text_block: Texts of a block.
    """

    text_image: Int[Tensor, " m"]
    n_images: int
    images: Int[Tensor, " q"]
    image_block: int = IMAGE_BLOCK
    text_block: int = TEXT_BLOCK

    @cached_property
    def texts(self) -> Int[Tensor, " r"]:
        """Texts that ask: all of the images that ask, in their order in the split."""
        return torch.isin(self.text_image, self.images).nonzero()[:, 0]

    @cached_property
    def owners(self) -> Int[Tensor, " r"]:
        """The place among the images that ask of the image of each text that asks."""
        return torch.searchsorted(self.images, self.text_image[self.texts])

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All blocks: of the whole table once for both directions, of a sample once per direction."""
        n, m, q, r = self.n_images, len(self.text_image), len(self.images), len(self.texts)
        if q == n:
            return tuple(Block(i, t, "both") for t in blocks(m, self.text_block) for i in blocks(n, self.image_block))
        rows = (Block(i, t, "images") for t in blocks(m, self.text_block) for i in blocks(q, self.image_block))
        columns = (Block(i, t, "texts") for t in blocks(r, self.text_block) for i in blocks(n, self.image_block))
        return (*rows, *columns)

    def items(self, block: Block) -> tuple[Tensor, Tensor]:
        """Images and texts of a block, by their place in the split."""
        images = torch.arange(self.n_images) if block.asking == "texts" else self.images
        texts = torch.arange(len(self.text_image)) if block.asking == "images" else self.texts
        return images[block.images], texts[block.texts]


def rank_plan(pairs: PairedEmbeddings, images: Int[Tensor, " q"] | None = None) -> RankPlan:
    """The plan for these query images (sorted) and all their texts; default all images of the split."""
    chosen = torch.arange(pairs.n_images) if images is None else images
    return RankPlan(pairs.text_image.cpu(), pairs.n_images, chosen)


@dataclass(frozen=True, eq=False)
class Bests:
    """The score of the best relevant candidate of every query of a plan."""

    images: Float[Tensor, " q"]
    texts: Float[Tensor, " r"]


@dataclass(frozen=True, eq=False)
class RankCounts:
    """What some blocks of a plan say about its queries.

    Attributes:
        done: Which blocks were counted.
        image_better: Irrelevant texts in them that score better than the image's best own text.
        text_better: Irrelevant images in them that score better than the text's own image.
        image_tied: Whether an irrelevant text in them ties with the best own text.
        text_tied: Whether an irrelevant image in them ties with the own image.
    """

    done: Bool[Tensor, " blocks"]
    image_better: Int[Tensor, " q"]
    text_better: Int[Tensor, " r"]
    image_tied: Bool[Tensor, " q"]
    text_tied: Bool[Tensor, " r"]

    def __add__(self, other: "RankCounts") -> "RankCounts":
        """The counts of both parts.

        Raises:
            ValueError: a block is in both; it would count twice.
        """
        if bool((self.done & other.done).any()):
            raise ValueError(f"block {int((self.done & other.done).nonzero()[0])} was counted in both parts")
        # The sum of boolean masks is their union.
        return RankCounts(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    @property
    def share(self) -> float:
        """Which share of the blocks is done."""
        return float(self.done.float().mean())

    @property
    def missing(self) -> list[int]:
        """Numbers of the blocks that are still to be counted."""
        return [int(number) for number in (~self.done).nonzero()[:, 0]]

    @property
    def ranks(self) -> QueryRanks:
        """The ranks, once all blocks are done.

        Raises:
            ValueError: blocks are missing.
        """
        if not bool(self.done.all()):
            raise ValueError(f"{int((~self.done).sum())} of {len(self.done)} blocks are not counted yet")
        return QueryRanks(1 + self.image_better, 1 + self.text_better, self.image_tied, self.text_tied)


def nothing_counted(plan: RankPlan) -> RankCounts:
    """The counts of no block: what others are added to."""
    q, r = len(plan.images), len(plan.texts)
    whole, flags = partial(torch.zeros, dtype=torch.int64), partial(torch.zeros, dtype=torch.bool)
    return RankCounts(flags(len(plan.blocks)), whole(q), whole(r), flags(q), flags(r))


def best_scores(
    pairs: PairedEmbeddings,
    plan: RankPlan,
    weights: Columns | None = None,
    *,
    arithmetic: Arithmetic = DEFAULT,
    reporter: Reporter = SILENT,
) -> Bests:
    """Score the query images of a plan with their own texts.

    Raises:
        ValueError: a score is NaN or infinite.
    """
    images, texts = torch.empty(len(plan.images)), torch.empty(len(plan.texts))
    order = plan.owners.argsort(stable=True)
    for part in blocks(len(plan.images), RELEVANT_BLOCK):
        own = order[_between(plan.owners[order], part)].sort().values
        scores = _scores(pairs, plan.images[part], plan.texts[own], weights, arithmetic, reporter)
        relevant = plan.owners[own] == torch.arange(part.start, part.stop)[:, None]
        if images.dtype != scores.dtype:
            images, texts = images.to(scores.dtype), texts.to(scores.dtype)
        images[part] = scores.masked_fill(~relevant, -torch.inf).amax(dim=1)
        texts[own] = scores[plan.owners[own] - part.start, torch.arange(len(own))]
    return Bests(images, texts)


def count_block(
    pairs: PairedEmbeddings,
    plan: RankPlan,
    number: int,
    *,
    bests: Bests,
    weights: Columns | None = None,
    arithmetic: Arithmetic = DEFAULT,
    reporter: Reporter = SILENT,
) -> RankCounts:
    """Score one block of a plan and count in it.

    Args:
        pairs: The split, in the basis of the weights.
        plan: From `rank_plan` on it.
        number: Of the block.
        bests: From `best_scores`, with the same weights.
        weights: P, one factor per column; None is P = 1.
        arithmetic: How scores are computed; as for `bests`.
        reporter: Hears where memory is short.

    Raises:
        ValueError: a score is NaN or infinite.
    """
    block, counted = plan.blocks[number], nothing_counted(plan)
    images, texts = plan.items(block)
    scores = _scores(pairs, images, texts, weights, arithmetic, reporter)
    scores = scores.masked_fill(plan.text_image[texts] == images[:, None], -torch.inf)
    counted.done[number] = True
    if block.asking != "texts":
        best = bests.images[block.images, None]
        counted.image_better[block.images] = (scores > best).sum(dim=1)
        counted.image_tied[block.images] = (scores == best).any(dim=1)
    if block.asking != "images":
        best = bests.texts[None, block.texts]
        counted.text_better[block.texts] = (scores > best).sum(dim=0)
        counted.text_tied[block.texts] = (scores == best).any(dim=0)
    return counted


def _scores(
    pairs: PairedEmbeddings,
    images: Tensor,
    texts: Tensor,
    weights: Columns | None,
    arithmetic: Arithmetic,
    reporter: Reporter,
) -> Float[Tensor, "q r"]:
    def some(rows: slice, columns: slice) -> Scores:
        return scores_of(
            pairs.image_tokens[images[rows]],
            pairs.text_tokens[texts[columns]],
            image_mask=pairs.image_mask[images[rows]],
            text_mask=pairs.text_mask[texts[columns]],
            weights=weights,
            arithmetic=arithmetic,
            reporter=reporter,
        ).cpu()

    scores = chunked(some, len(images), len(texts), reporter=reporter)
    if not bool(torch.isfinite(scores).all()):
        row, column = (int(i) for i in (~torch.isfinite(scores)).nonzero()[0])
        raise ValueError(
            f"the score of image {int(images[row])} and text {int(texts[column])} is NaN or infinite: a rank from it "
            "would mean nothing"
        )
    return scores


def _between(rising: Int[Tensor, " r"], part: slice) -> slice:
    ends = torch.searchsorted(rising, torch.tensor([part.start, part.stop])).tolist()
    return slice(ends[0], ends[1])
