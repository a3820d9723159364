"""How time and memory grow from 1,000 to 29,000 images: `python -m tests.bench.bigger_than_memory FOLDER`.

Datasets of 196 x 512 image tokens and five captions of up to 32 x 512 word tokens in float16 are made in FOLDER,
streamed, and deleted again (10.6 GB for the largest; sizes that the disk has no room for are left out and named).
Every size runs in a process of its own, which may not allocate more than 2 GiB (RLIMIT_DATA). Anonymous memory is
what the process holds; pages of files that the system keeps are not counted, and may be dropped at any time.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch

SIZES = (1000, 3000, 10_000, 29_000)
LIMIT = 2 * 2**30
BYTES_PER_IMAGE = 196 * 512 * 2 + 5 * 32 * 512 * 2 + 600
FEEDBACK_IMAGES, ITERATIONS, QUERY_IMAGES, BLOCK = 16, 2, 2, (64, 512)
FLAT, LINEAR = 1.5, 1.3  # most that may be called so: growth of memory, and of time per image


class Watch:
    """Seconds of every stage, and the most memory that was seen."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peaks: dict[str, float] = {}
        self._stage = "start"
        threading.Thread(target=self._look, daemon=True).start()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage."""
        self._stage = name
        began = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - began
        sys.stderr.write(f"{name}: {self.seconds[name]:.1f} s, {self.peaks.get(name, 0):.0f} MB\n")

    def _look(self) -> None:
        while True:
            for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
                if line.startswith("RssAnon:"):
                    seen = int(line.split()[1]) / 1024
                    self.peaks[self._stage] = max(seen, self.peaks.get(self._stage, 0.0))
            time.sleep(0.02)


def measure(folder: Path, *, cold: bool) -> None:
    """Stream one dataset and print what was measured as JSON."""
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT, LIMIT))
    from pico_core.analysis.columns import column_table
    from pico_core.analysis.controls import standard_controls
    from pico_core.analysis.evaluation import retrieval_feedback
    from pico_core.analysis.rank_counts import Bests, count_block, rank_plan
    from pico_core.analysis.rank_files import count_ranks
    from pico_core.data.blocks import StoredTokens
    from pico_core.data.files import ARRAYS, load_pairs
    from pico_core.data.statistics import item_statistics
    from pico_core.method.config import StudyConfig
    from pico_core.method.construction import construct
    from pico_core.study import study_basis, study_splits

    watch, file = Watch(), folder / ARRAYS
    config = StudyConfig(basis="cross", feedback_images=FEEDBACK_IMAGES).with_settings({"n_iterations": ITERATIONS})
    with watch.stage("open"):
        pairs = load_pairs(folder, stream_from=0)
    assert isinstance(pairs.image_tokens, StoredTokens)
    with watch.stage("digest"):
        pairs.digest  # noqa: B018

    def statistics() -> None:
        for tokens, mask in ((pairs.image_tokens, pairs.image_mask), (pairs.text_tokens, pairs.text_mask)):
            item_statistics(tokens, mask)

    for kind in ("cold", "warm") if cold else ("warm",):
        for name, work in (("read", lambda: _read(file)), ("statistics", statistics)):
            if kind == "cold":
                _drop(file)
            with watch.stage(f"{name}, {kind}"):
                work()
    with watch.stage("basis"):
        basis = study_basis(pairs.split(seed=config.seed).fit, config)
    with watch.stage("fit statistics"):
        splits = study_splits(pairs, config, basis)
        splits.fit.image_means, splits.fit.text_means  # noqa: B018
    with watch.stage("construct"):
        made = construct(splits.fit, feedback=retrieval_feedback(splits.feedback), config=config.construction)
    with watch.stage("columns"):
        column_table(splits.fit, made, basis)
        standard_controls(splits.fit, made)
    plan = rank_plan(splits.test, torch.arange(QUERY_IMAGES))
    with watch.stage("rank queries"):
        count_ranks(splits.test, plan, weights=made.weights)
    whole = replace(rank_plan(splits.test), image_block=BLOCK[0], text_block=BLOCK[1])
    bests = Bests(torch.zeros(len(whole.images)), torch.zeros(len(whole.texts)))  # what is counted takes as long
    with watch.stage("one block of scores"):
        count_block(splits.test, whole, 0, bests=bests, weights=made.weights)
    words = splits.test.text_mask.sum(dim=1)
    patches = 2.0 * splits.test.image_mask.shape[1] * pairs.n_columns
    found = {
        "images": pairs.n_images,
        "bytes": file.stat().st_size,
        "seconds": watch.seconds,
        "peaks": watch.peaks,
        "result": 3 * 4 * pairs.n_columns * pairs.n_texts / 2**20,  # mean and two shares of every text
        "most": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "flops": patches * BLOCK[0] * float(words[: BLOCK[1]].sum()),
        "all": patches * pairs.n_images * float(pairs.text_mask.sum()),
        "sample": None if splits.feedback_sample is None else splits.feedback_sample.sentence,
    }
    sys.stdout.write(json.dumps(found) + "\n")


def _read(file: Path) -> None:
    """Read a file from end to end into one buffer."""
    into = memoryview(bytearray(2**21))
    with file.open("rb", buffering=0) as stream:
        while stream.readinto(into):
            pass


def _drop(file: Path) -> None:
    """Ask the system to forget what it holds of a file, so that it is read from the disk."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def table(rows: list[dict]) -> Iterator[str]:
    """Everything as lines, and the verdicts."""
    stages = list(rows[0]["seconds"])
    yield f"{'':24}" + "".join(f"{row['images']:>12,}" for row in rows) + "   images"
    yield f"{'file':24}" + "".join(f"{row['bytes'] / 1e9:12.2f}" for row in rows) + "   GB"
    for name in stages:
        yield f"{name:24}" + "".join(f"{row['seconds'][name]:12.2f}" for row in rows) + "   s"
    for kind in ("cold", "warm") if "read, cold" in stages else ("warm",):
        for name in ("read", "statistics"):
            rates = [row["bytes"] / row["seconds"][f"{name}, {kind}"] / 1e9 for row in rows]
            yield f"{f'{name}, {kind}':24}" + "".join(f"{rate:12.2f}" for rate in rates) + "   GB/s"
    for name in stages:
        yield f"{f'memory, {name}':24}" + "".join(f"{row['peaks'].get(name, 0):12.0f}" for row in rows) + "   MB"
    yield f"{'result of statistics':24}" + "".join(f"{row['result']:12.0f}" for row in rows) + "   MB"
    yield f"{'memory, most':24}" + "".join(f"{max(row['peaks'].values()):12.0f}" for row in rows) + "   MB anonymous"
    yield f"{'with pages of files':24}" + "".join(f"{row['most']:12.0f}" for row in rows) + "   MB resident"
    yield from _verdicts(rows)


def _verdicts(rows: list[dict]) -> Iterator[str]:
    small, large = rows[0], rows[-1]
    times = large["images"] / small["images"]
    for name in ("statistics, warm", "fit statistics", "rank queries"):
        grown = large["seconds"][name] / small["seconds"][name] / times
        yield f"{name}: time per image grows {grown:.2f} times: {'linear' if grown <= LINEAR else 'more than linear'}"
    for kind in ("cold", "warm") if "read, cold" in small["seconds"] else ("warm",):
        share = large["seconds"][f"read, {kind}"] / large["seconds"][f"statistics, {kind}"]
        yield f"statistics, {kind}: {share:.2f} of the rate of a plain read of the same file"
    for name, kept in (("open", 0), ("statistics, warm", 1)):  # what is kept is one vector per item: linear
        before, after = (row["peaks"][name] - kept * row["result"] for row in (small, large))
        word = "flat" if after / before <= FLAT else "grows"
        beyond = " beyond the result" if kept else ""
        yield f"memory, {name}{beyond}: {before:.0f} to {after:.0f} MB for {times:.0f} times the images: {word}"
    most = max(large["peaks"].values())
    yield f"most anonymous memory {most:.0f} MB: {'below' if most * 2**20 < LIMIT else 'ABOVE'} the limit of 2,048 MB"
    rate = large["flops"] / large["seconds"]["one block of scores"]
    yield (
        f"scores in blocks: {rate / 1e9:.0f} GFLOP/s; all {large['images']:,} images with all captions take "
        f"{large['all']:.2g} FLOPs, {large['all'] / rate / 86400:.1f} days of this, one scoring in both directions; "
        f"{QUERY_IMAGES} images and their captions against the test split took {large['seconds']['rank queries']:.0f} s"
    )
    yield f"feedback of the largest: {large['sample']} of the feedback split, {ITERATIONS} iterations"


def main() -> None:
    """Make, stream and delete a dataset of each size, and print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    asked.add_argument("--keep", action="store_true", help="leave the datasets there, and use those that are there")
    asked.add_argument("--warm", action="store_true", help="leave out the passes for which the file is read from disk")
    asked.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.measure is not None:
        measure(given.measure, cold=not given.warm)
        return
    rows = []
    for n in given.sizes:
        place = given.folder / f"made-up-{n}"
        if not place.is_dir():
            given.folder.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(given.folder).free < 1.1 * n * BYTES_PER_IMAGE:
                sys.stdout.write(f"{n:,} images: no room for {n * BYTES_PER_IMAGE / 1e9:.1f} GB; left out\n")
                continue
            _run("tests.bench.large_dataset", str(place), "--images", str(n))
        try:
            more = ("--warm",) if given.warm else ()
            rows.append(json.loads(_run("tests.bench.bigger_than_memory", str(place), "--measure", str(place), *more)))
        finally:
            if not given.keep:
                shutil.rmtree(place)
    if rows:
        sys.stdout.write("\n".join(table(rows)) + "\n")


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    main()
