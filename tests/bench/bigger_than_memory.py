"""How time and memory grow from 1,000 to 29,000 images.

Datasets of 196 x 512 image tokens and five captions of up to 32 x 512 word tokens in float16 are made in the folder
that PICO_BENCH_FOLDER names, streamed, and deleted again (10.6 GB for the largest).
Every size runs in a process of its own, which may not allocate more than 2 GiB (RLIMIT_DATA). Anonymous memory is
what the process holds; pages of files that the system keeps are not counted, and may be dropped at any time.
"""

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

from tests.bench.suite import Row, benchmark, skipped

SIZES = (1000, 3000, 10_000, 29_000)
LIMIT = 2 * 2**30
BYTES_PER_IMAGE = 196 * 512 * 2 + 5 * 32 * 512 * 2 + 600
FEEDBACK_IMAGES, ITERATIONS, QUERY_IMAGES, BLOCK = 16, 2, 2, (64, 512)
PASS, HELD = "the statistics of all tokens", "most memory of a study"


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
    from pico_core.columns.summary import column_table
    from pico_core.data.statistics import item_statistics
    from pico_core.formats import open_pairs
    from pico_core.formats.native import ARRAYS
    from pico_core.method.config import StudyConfig
    from pico_core.method.construction import construct
    from pico_core.retrieval.evaluation import retrieval_feedback
    from pico_core.retrieval.rank_counts import Bests, count_block, rank_plan
    from pico_core.retrieval.rank_files import count_ranks
    from pico_core.retrieval.schemes.beside_a_study import report_controls
    from pico_core.storage.token_files import StoredTokens
    from pico_core.studies.study import study_basis, study_splits

    watch, file = Watch(), folder / ARRAYS
    config = StudyConfig(basis="cross", feedback_images=FEEDBACK_IMAGES).with_settings({"n_iterations": ITERATIONS})
    with watch.stage("open"):
        pairs = open_pairs(folder, stream_from=0)
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
        report_controls(splits.fit, made)
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


def rows_of_growth(found: list[dict]) -> Iterator[Row]:
    """What was measured at every size, and from the smallest to the largest."""
    for at in found:
        n, gigabytes = at["images"], at["bytes"] / 1e9
        seconds, held = at["seconds"], at["peaks"]
        note = ", ".join(f"{name} {took:.2g} s" for name, took in seconds.items())
        yield Row(f"{n:,} images, {gigabytes:.1f} GB: {PASS}", seconds["statistics, warm"], "s", note=note)
        note = ", ".join(f"{name} {most:.0f} MB" for name, most in held.items())
        yield Row(
            f"{n:,} images, {gigabytes:.1f} GB: {HELD}", max(held.values()), "MB", 2048.0, at_most=True, note=note
        )
    small, large = found[0], found[-1]
    times = large["images"] / small["images"]
    for name in ("statistics, warm", "fit statistics", "rank queries"):
        grown = large["seconds"][name] / small["seconds"][name] / times
        yield Row(f"{times:g} times the images: {name}, time per image", grown, "times", 1.3, at_most=True)
    for name, kept in (("open", 0), ("statistics, warm", 1)):  # what is kept is one vector per item: linear
        before, after = (at["peaks"][name] - kept * at["result"] for at in (small, large))
        beyond = " beside its result" if kept else ""
        note = f"{before:.0f} to {after:.0f} MB"
        yield Row(
            f"{times:g} times the images: memory of {name}{beyond}",
            after / before,
            "times",
            1.5,
            at_most=True,
            note=note,
        )
    for kind in ("cold", "warm") if "read, cold" in small["seconds"] else ("warm",):
        read, passed = large["seconds"][f"read, {kind}"], large["seconds"][f"statistics, {kind}"]
        note = f"{large['bytes'] / read / 1e9:.2f} GB/s read and {large['bytes'] / passed / 1e9:.2f} GB/s looked at"
        yield Row(
            f"Statistics of tokens in a file, {kind}, share of the rate of reading",
            100 * read / passed,
            "%",
            80.0,
            note=note,
        )
    rate = large["flops"] / large["seconds"]["one block of scores"]
    yield Row(
        f"All scores of {large['images']:,} images with all captions, by one block of them",
        large["all"] / rate / 86400,
        "days",
        note=f"{large['all']:.2g} operations at {rate / 1e9:.0f} GFLOP/s; that is why the report samples its queries, "
        f"and feedback was {large['sample']}",
    )


@benchmark("bigger than memory")
def bigger_than_memory() -> Iterator[Row]:
    """Make, stream and delete a dataset of each size, in a folder that is named for it."""
    folder = os.environ.get("PICO_BENCH_FOLDER")
    if folder is None:
        yield skipped("Datasets bigger than memory", "PICO_BENCH_FOLDER names no folder with 12 GB of room")
        return
    sizes = [int(n) for n in os.environ.get("PICO_BENCH_IMAGES", "").split()] or SIZES
    found = []
    for n in sizes:
        place = Path(folder, f"made-up-{n}")
        if shutil.disk_usage(folder).free < 1.1 * n * BYTES_PER_IMAGE:
            yield skipped(f"{n:,} images", f"no room for {n * BYTES_PER_IMAGE / 1e9:.1f} GB in PICO_BENCH_FOLDER")
            continue
        _run("tests.bench.large_dataset", str(place), "--images", str(n))
        try:
            found.append(json.loads(_run("tests.bench.bigger_than_memory", str(place))))
        finally:
            shutil.rmtree(place)
    if found:
        yield from rows_of_growth(found)


def _run(module: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    measure(Path(sys.argv[1]), cold=True)
