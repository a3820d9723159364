"""The statistics of items by the workers of a cluster, each of the blocks that it reads itself."""

from dataclasses import replace
from typing import Literal

import polars as pl
import torch
from torch import Tensor

from pico_core.cluster import Cluster
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.statistics import ItemStatistics, item_statistics
from pico_core.storage.token_files import StoredTokens, blocks, items_at_once

TASK_BYTES = 128 * 2**20  # of tokens in float32: a tenth of a second of one core
CARRIED_BYTES = 2**30  # of tokens that lie in no file of their own
Side = Literal["image", "text"]


def for_workers(pairs: PairedEmbeddings) -> PairedEmbeddings:
    """What workers need to read any block: which rows of which file, masks and the pairing, but no captions.

    Tokens of a packed dataset or of a foreign file cannot be read block by block; they are carried, if they are few.

    Raises:
        DataError: tokens in memory that are too many.
    """
    carried = sum(
        tokens.nbytes for tokens in (pairs.image_tokens, pairs.text_tokens) if not isinstance(tokens, StoredTokens)
    )
    if carried > CARRIED_BYTES:
        raise DataError(
            f"{pairs.name}: {carried / 1e9:.1f} GB of tokens would be sent to every machine; save the dataset as a "
            "folder without packing (pico-lens import), so that each machine reads its part"
        )
    return replace(pairs, images=pl.DataFrame(), texts=pl.DataFrame())


def distributed_statistics(
    cluster: Cluster, pairs: PairedEmbeddings, *, reporter: Reporter = SILENT, task_bytes: int = TASK_BYTES
) -> None:
    """Have workers make `image_statistics` and `text_statistics`; the pairs then know them.

    Statistics of an item need no other item, and blocks are joined in the order of the items: the result is that of
    one process.

    Args:
        cluster: Whose workers can read the file of the tokens.
        pairs: Any part in any basis.
        reporter: Hears of the share.
        task_bytes: Of tokens in float32 that make a block.
    """
    carried = for_workers(pairs)
    sides: tuple[tuple[Side, Tensor], ...] = (("image", pairs.image_tokens), ("text", pairs.text_tokens))
    for number, (side, tokens) in enumerate(sides):
        parts = [(side, part) for part in blocks(len(tokens), items_at_once(tokens, task_bytes))]
        statistics = cluster.all(_statistics_of, parts, carried, reporter=reporter.part(number / 2, (number + 1) / 2))
        vars(pairs)[f"{side}_statistics"] = _joined(statistics)


def _joined(parts: list[ItemStatistics]) -> ItemStatistics:
    """`a + b + ...` in one copy."""
    first = parts[0].signs
    signs = type(first)(*(torch.cat([getattr(part.signs, name) for part in parts]) for name in first._fields))
    return ItemStatistics(torch.cat([part.mean for part in parts]), signs)


def _statistics_of(block: tuple[Side, slice], pairs: PairedEmbeddings) -> ItemStatistics:
    side, part = block
    tokens, mask = (pairs.image_tokens, pairs.image_mask) if side == "image" else (pairs.text_tokens, pairs.text_mask)
    return item_statistics(tokens[part], mask[part])
