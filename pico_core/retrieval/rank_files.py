"""Counting ranks takes hours where there are many pairs: what finished blocks counted is kept, and gone on with."""

import hashlib
import time
from dataclasses import dataclass, fields
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.arithmetic import DEFAULT, Arithmetic
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.rank_counts import RankCounts, RankPlan, best_scores, count_block, nothing_counted
from pico_core.storage.atomic import atomic_file

KEEP_EVERY = 5.0  # seconds at least between two writings


@dataclass(frozen=True)
class RankFiles:
    """A folder where unfinished counts lie.

    Attributes:
        folder: Made when something is kept.
        mark: Names the split and its axes by all that decides them; part of the name of every file.
    """

    folder: Path
    mark: str

    def path(self, name: str, plan: RankPlan, weights: Columns | None) -> Path:
        """The file of one scoring: other data, queries, weights or blocks mean another file."""
        digest = hashlib.sha256(f"{self.mark} {name} {plan.n_images} {plan.image_block} {plan.text_block}".encode())
        for tensor in (plan.text_image, plan.images, weights):
            digest.update(b"-" if tensor is None else tensor.numpy().tobytes())
        return self.folder / f"ranks-{name}-{digest.hexdigest()[:16]}.safetensors"


def count_ranks(
    pairs: PairedEmbeddings,
    plan: RankPlan,
    *,
    weights: Columns | None = None,
    arithmetic: Arithmetic = DEFAULT,
    file: Path | None = None,
    reporter: Reporter = SILENT,
) -> QueryRanks:
    """Rank the queries of a plan, block by block; the ranks of `query_ranks`, without the table.

    Args:
        pairs: The split, in the basis of the weights.
        plan: From `rank_plan` on it.
        weights: P, one factor per column; None is P = 1.
        arithmetic: How scores are computed.
        file: Where counts are kept, and read if they are there.
        reporter: Hears of the share of the blocks; cancelled, what was counted is kept.

    >>> import torch
    >>> from pico_core.retrieval.rank_counts import rank_plan
    >>> pairs = PairedEmbeddings.from_arrays(torch.eye(3), torch.eye(3))
    >>> count_ranks(pairs, rank_plan(pairs)).image_to_text
    tensor([1, 1, 1])
    """
    kept = KeptCounts(plan, file)
    bests = None
    with kept:
        for number in kept.counts.missing:
            bests = bests or best_scores(pairs, plan, weights, arithmetic=arithmetic, reporter=reporter)
            kept.counts += count_block(
                pairs, plan, number, bests=bests, weights=weights, arithmetic=arithmetic, reporter=reporter
            )
            kept.keep_now_and_then()
            reporter.share(kept.counts.share)
    return kept.counts.ranks


class KeptCounts:
    """Counts that are written to their file now and then, and when the work ends, however it ends.

    Attributes:
        counts: What was kept there, or of no block; whoever counts puts in more.
    """

    def __init__(self, plan: RankPlan, file: Path | None) -> None:
        self.counts = nothing_counted(plan) if file is None else read_counts(file, plan)
        self._file, self._last = file, time.monotonic()

    def keep_now_and_then(self) -> None:
        """Write them if the last writing was long ago."""
        if time.monotonic() - self._last >= KEEP_EVERY:
            self._keep()

    def _keep(self) -> None:
        """Write them in one step: a reader finds the old ones or the new ones."""
        self._last = time.monotonic()
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(self._file) as draft:
                save_file({field.name: getattr(self.counts, field.name) for field in fields(self.counts)}, draft)

    def __enter__(self) -> "KeptCounts":
        return self

    def __exit__(self, *_: object) -> None:
        """Write what was counted."""
        if bool(self.counts.done.any()):
            self._keep()


def read_counts(file: Path, plan: RankPlan) -> RankCounts:
    """Counts that were kept; of no block where nothing (or nothing of this plan) lies there."""
    nothing = nothing_counted(plan)
    try:
        arrays = load_file(file)
        counts = RankCounts(**{field.name: arrays[field.name] for field in fields(RankCounts)})
    except (OSError, SafetensorError, KeyError):
        return nothing
    both = [(getattr(counts, field.name), getattr(nothing, field.name)) for field in fields(RankCounts)]
    same = all(read.shape == empty.shape and read.dtype == empty.dtype for read, empty in both)
    return counts if same else nothing
