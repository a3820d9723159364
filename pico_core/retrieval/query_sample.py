"""Ranks of some queries against everything: what a quick answer can afford, and all queries on demand."""

from dataclasses import replace

import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.rank_counts import rank_plan
from pico_core.retrieval.rank_files import count_ranks

# Multiplications and additions of one quick scoring: a quarter of a second of one slow core, so that the
# answer with the page around it is there within one. One place for all.
QUICK_FLOPS = 1.5e10
FEWEST = 8  # query images: fewer give no interval worth drawing
CHUNK = 32  # images scored between two reports of progress


def scoring_flops(pairs: PairedEmbeddings) -> float:
    """Multiplications and additions of scoring every image with every text: 2 d x real patches x real words.

    >>> scoring_flops(PairedEmbeddings.from_arrays(torch.eye(3), torch.eye(3)))
    54.0
    """
    return 2.0 * pairs.n_columns * float(pairs.image_mask.sum()) * float(pairs.text_mask.sum())


def sample_images(pairs: PairedEmbeddings, *, flops: float = QUICK_FLOPS, seed: int = 0) -> Int[Tensor, " q"]:
    """Query images that a quick answer can afford, drawn without replacement; all of them if all fit.

    A sampled image costs its row and the columns of its texts, so the sample costs twice its share
    of the full table. Only queries are sampled; the candidates are always all items.

    Args:
        pairs: The split that is searched.
        flops: What one scoring may cost; at least `FEWEST` images are drawn whatever it says.
        seed: Of the draw.

    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(20), torch.eye(20))
    >>> len(sample_images(pairs)), len(sample_images(pairs, flops=1.0))
    (20, 8)
    """
    everything = scoring_flops(pairs)
    number = max(FEWEST, int(pairs.n_images * flops / (2 * everything)))
    if everything <= flops or number >= pairs.n_images:
        return torch.arange(pairs.n_images)
    return torch.randperm(pairs.n_images, generator=torch.Generator().manual_seed(seed))[:number].sort().values


def ranks_of(
    pairs: PairedEmbeddings, weights: Columns, *, images: Int[Tensor, " q"] | None = None, reporter: Reporter = SILENT
) -> QueryRanks:
    """Ranks of these images, and of all their texts, among all items of the split.

    Args:
        pairs: The split that is searched, in the basis of the weights.
        weights: P, one factor per column.
        images: Query images, sorted; default all: the ranks of `query_ranks` at half the cost per query.
        reporter: Hears of the share that is done.

    Returns:
        Ranks in the order of `images` and of the `texts` of `rank_plan(pairs, images)`.
    """
    plan = replace(rank_plan(pairs, images), image_block=CHUNK, text_block=max(1, pairs.n_texts))
    return count_ranks(pairs, plan, weights=weights, reporter=reporter)
