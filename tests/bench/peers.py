"""The two-directional score beside what others offer for one direction, and beside a plain loop.

`maxsim-cpu` is measured where PICO_MAXSIM_PYTHON names a Python that has it (it needs no other environment
than its own), in a subprocess and at most 128 columns and 64 tokens, where it is known to work.
"""

import os
import subprocess
from collections.abc import Iterator

import torch

from pico_core.kernels.packing import pack_images, pack_texts
from pico_core.kernels.similarity import score_packed
from tests.bench.late_interaction import made_up
from tests.bench.suite import Row, benchmark, in_turn, skipped

N, P, M, W, D = 64, 49, 200, 18, 128
MAXSIM = """
import time, numpy as np, maxsim_cpu
images = np.random.default_rng(0).standard_normal(({n}, {p}, {d})).astype(np.float32)
texts = np.random.default_rng(1).standard_normal(({m}, {w}, {d})).astype(np.float32)
took = []
for _ in range(6):
    began = time.perf_counter()
    for text in texts:
        maxsim_cpu.maxsim_scores(text, images)
    took.append(time.perf_counter() - began)
print(sorted(took[1:])[2])
"""


def published(words, patches, text_mask):
    """The multi-vector score of ColBERT, as colpali-engine and PyLate have it: sum over words of the best patch."""
    table = torch.einsum("mwd,npd->mnwp", words, patches)
    return (table.amax(dim=3) * text_mask[:, None, :]).sum(dim=2)


def looped(patches, words, text_mask, weights):
    """A plain loop over the captions: one product and two maxima for each."""
    weighted, rows = patches * weights, []
    for text, real in zip(words, text_mask, strict=True):
        table = weighted @ text[real].T
        rows.append(table.amax(dim=2).mean(dim=1) + table.amax(dim=1).mean(dim=1))
    return torch.stack(rows, dim=1)


@benchmark("peers")
def peers() -> Iterator[Row]:
    """All in one run; where a peer scores one direction, this scores both in less time."""
    images, texts, image_mask, text_mask = made_up(N, P, M, W, D)
    weights = torch.rand(D)
    packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
    expected = looped(images, texts, text_mask, weights)
    torch.testing.assert_close(score_packed(*packed, weights=weights), expected, rtol=1e-4, atol=1e-4)
    one_word = text_mask & (torch.arange(W) < 1)  # with one word the second direction is the mean over patches
    single = score_packed(packed[0], pack_texts(texts, one_word))
    other = torch.einsum("md,npd->mnp", texts[:, 0], images).mean(dim=2).T
    torch.testing.assert_close(single - other, published(texts, images, one_word).T, rtol=1e-4, atol=1e-4)
    ours, loop, theirs = in_turn(
        lambda: score_packed(*packed, weights=weights),
        lambda: looped(images, texts, text_mask, weights),
        lambda: published(texts, images, text_mask),
    )
    sizes = f"{N} images x {P}, {M} texts x {W // 3} to {W}, {D} columns; {1e3 * ours:.0f} ms"
    yield Row("Both directions against a plain loop per caption", loop / ours, "times", mark=3.0, note=sizes)
    yield Row(
        "Both directions against one by the published formula (colpali-engine, PyLate)", theirs / ours, "times",
        mark=1.0, note=sizes,
    )  # fmt: skip
    yield _maxsim()


def _maxsim() -> Row:
    what = "Both directions against one by maxsim-cpu"
    python = os.environ.get("PICO_MAXSIM_PYTHON")
    if not python:
        return skipped(what, "PICO_MAXSIM_PYTHON names no Python with maxsim-cpu")
    program = MAXSIM.format(n=N, p=P, m=M, w=W, d=D)
    threads = os.environ | {"RAYON_NUM_THREADS": str(torch.get_num_threads())}
    run = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False, env=threads)
    if run.returncode:
        return skipped(what, f"it ended with {run.returncode}: {run.stderr.strip().splitlines()[-1:]}")
    images, texts, image_mask, text_mask = made_up(N, P, M, W, D, shortest=W)
    packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
    (ours,) = in_turn(lambda: score_packed(*packed), turns=5)
    return Row(
        what,
        float(run.stdout) / ours,
        "times",
        mark=1.0,
        note=f"{N} x {P}, {M} x {W}, {D} columns; {1e3 * ours:.0f} ms",
    )
