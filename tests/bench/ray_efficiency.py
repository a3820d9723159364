"""Two workers of one thread each against one, on embedded Ray clusters: ranks and statistics of a dataset on disk."""

import importlib.util
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

from pico_core.cluster import Cluster, cluster_at
from pico_core.data.distributed_statistics import distributed_statistics
from pico_core.formats import open_pairs
from pico_core.retrieval.distributed_ranks import distributed_plan, distributed_ranks
from pico_core.retrieval.rank_counts import rank_plan
from tests.bench.large_dataset import write_large
from tests.bench.suite import Row, benchmark, skipped

IMAGES, PATCHES, WORDS, COLUMNS = 384, 49, 18, 192
SIZE = f"{IMAGES} images x {PATCHES}, {5 * IMAGES:,} texts x {WORDS}, {COLUMNS} columns"
ROUNDS = 4000  # of a task of bare matrix products
TURNS = 3  # of every job on a cluster, after one to wake the workers; every cluster is started twice
SMALL = "blocks of 8 MB: handing them out takes as long as reading them"


@benchmark("ray efficiency")
def ray_efficiency() -> Iterator[Row]:
    """The best time of each; bare matrix products tell what the machine's second core gives in the same run."""
    if importlib.util.find_spec("ray") is None:
        yield skipped(f"Ray, two workers against one, ranks of {SIZE}", "the extra [ray] is not installed")
        return
    with tempfile.TemporaryDirectory() as scratch:
        write_large(Path(scratch, "data"), n_images=IMAGES, patches=PATCHES, words=WORDS, columns=COLUMNS)
        found = [_best_times(Path(scratch, "data"), f"local:{n}") for n in (1, 2, 1, 2)]
    one, two = ([min(pair) for pair in zip(*found[n::2], strict=True)] for n in (0, 1))
    ranks, statistics, bare = (slow / quick for slow, quick in zip(one, two, strict=True))
    yield Row(
        f"Ray, two workers against one, ranks of {SIZE}",
        ranks,
        "times",
        mark=1.8,
        note=f"{one[0]:.1f} s and {two[0]:.1f} s; bare matrix products gain {bare:.2f} times in the same run",
    )
    yield Row("Ray, two workers against one, statistics of the same", statistics, "times", note=SMALL)


def _best_times(folder: Path, address: str) -> list[float]:
    pairs = open_pairs(folder, stream_from=0)
    plan, weights = distributed_plan(rank_plan(pairs)), torch.linspace(0.5, 1.5, COLUMNS)
    with cluster_at(address) as cluster:
        assert isinstance(cluster, Cluster)
        jobs: list[Callable[[], object]] = [
            lambda: distributed_ranks(cluster, pairs, plan, weights=weights),
            lambda: distributed_statistics(cluster, pairs, task_bytes=2**24),
            lambda: cluster.all(_products, range(16)),
        ]
        return [min(_seconds(job) for _ in range(1 + TURNS)) for job in jobs]


def _products(_number: int) -> float:
    """Products that stay in the cache."""
    left = torch.ones(128, 128)
    for _ in range(ROUNDS):
        left = (left @ left).clamp_(0.0, 1.0)
    return float(left[0, 0])


def _seconds(job: Callable[[], object]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
