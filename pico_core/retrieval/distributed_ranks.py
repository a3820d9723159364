"""Ranks counted by the workers of a cluster: every block of the table of scores is a task, and counts add up."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from pico_core.cluster import Cluster
from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.distributed_statistics import for_workers
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.rank_counts import Bests, RankCounts, RankPlan, best_scores, count_block
from pico_core.retrieval.rank_files import KeptCounts
from pico_core.storage.token_files import blocks

# Of a task, whatever the cluster is: seconds of one core at 196 x 32 tokens of 512 columns, tenths at 49 x 18 of 192.
IMAGE_TASK, TEXT_TASK = 64, 512


class BlockCounts(NamedTuple):
    """What one block says about the queries that ask in it; None for a side that does not ask."""

    images: tuple[Tensor, Tensor] | None
    texts: tuple[Tensor, Tensor] | None


def distributed_plan(plan: RankPlan) -> RankPlan:
    """The same queries in blocks of the size of a task."""
    return replace(plan, image_block=IMAGE_TASK, text_block=TEXT_TASK)


def distributed_ranks(
    cluster: Cluster,
    pairs: PairedEmbeddings,
    plan: RankPlan,
    *,
    weights: Columns | None = None,
    file: Path | None = None,
    reporter: Reporter = SILENT,
) -> QueryRanks:
    """`count_ranks` by workers: the same whole numbers, since a pair's score is the same in every block.

    Args:
        cluster: Whose workers can read the file of the tokens.
        pairs: The split, in the basis of the weights.
        plan: From `distributed_plan`.
        weights: P, one factor per column; None is P = 1.
        file: Where counts are kept, and read if they are there.
        reporter: Hears of the share of the blocks; cancelled, what was counted is kept.
    """
    kept = KeptCounts(plan, file)
    counts = kept.counts
    todo = counts.missing
    if not todo:
        return counts.ranks
    carried = for_workers(pairs)
    bests = _bests(cluster, carried, plan, weights, reporter)

    def add(position: int, counted: BlockCounts) -> None:
        _add(counts, plan, todo[position], counted)
        kept.keep_now_and_then()
        reporter.share(counts.share)

    with kept:
        cluster.each(_count, todo, carried, plan, bests, weights, on_result=add, reporter=reporter)
    return counts.ranks


def _bests(
    cluster: Cluster, pairs: PairedEmbeddings, plan: RankPlan, weights: Columns | None, reporter: Reporter
) -> Bests:
    """`best_scores`, each worker of some of the query images."""
    parts = list(blocks(len(plan.images), IMAGE_TASK))
    bests = cluster.all(_best, parts, pairs, plan, weights, reporter=reporter.part(0.0, 0.0))
    texts = torch.empty(len(plan.texts), dtype=bests[0].texts.dtype)
    for part, best in zip(parts, bests, strict=True):
        texts[(plan.owners >= part.start) & (plan.owners < part.stop)] = best.texts
    return Bests(torch.cat([best.images for best in bests]), texts)


def _best(part: slice, pairs: PairedEmbeddings, plan: RankPlan, weights: Columns | None) -> Bests:
    return best_scores(pairs, RankPlan(plan.text_image, plan.n_images, plan.images[part]), weights)


def _count(number: int, pairs: PairedEmbeddings, plan: RankPlan, bests: Bests, weights: Columns | None) -> BlockCounts:
    """`count_block`, without the zeros of all other queries."""
    block, counted = plan.blocks[number], count_block(pairs, plan, number, bests=bests, weights=weights)
    images = (counted.image_better[block.images].clone(), counted.image_tied[block.images].clone())
    texts = (counted.text_better[block.texts].clone(), counted.text_tied[block.texts].clone())
    return BlockCounts(None if block.asking == "texts" else images, None if block.asking == "images" else texts)


def _add(counts: RankCounts, plan: RankPlan, number: int, counted: BlockCounts) -> None:
    """`counts + counted`, in place: a plan may have many thousands of blocks."""
    block = plan.blocks[number]
    counts.done[number] = True
    if counted.images is not None:
        counts.image_better[block.images] += counted.images[0]
        counts.image_tied[block.images] |= counted.images[1]
    if counted.texts is not None:
        counts.text_better[block.texts] += counted.texts[0]
        counts.text_tied[block.texts] |= counted.texts[1]
