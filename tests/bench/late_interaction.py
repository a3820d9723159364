"""Weighted late interaction in both directions beside the matrix product of the same size, and its memory."""

import contextlib
import ctypes
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import torch

from pico_core.formats import open_pairs
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.kernels.packing import pack_images, pack_texts
from pico_core.kernels.similarity import late_interaction, score_packed
from pico_core.retrieval.precision import agreement_with_float32
from tests.bench.suite import Row, benchmark, in_turn, real_data, skipped

SIZES = ((192, 49, 800, 18, 192), (64, 196, 160, 32, 512))
WHY = "the rest is the two maxima, each a pass over the table of a block, and the means"


def made_up(n, p, m, w, d, *, shortest=None):
    """Random tokens; texts of `shortest` (default a third of w) to w words."""
    generator = torch.Generator().manual_seed(0)
    images, texts = torch.randn(n, p, d, generator=generator), torch.randn(m, w, d, generator=generator)
    lengths = torch.randint(shortest or w // 3, w + 1, (m,), generator=generator)
    return images, texts, torch.ones(n, p) > 0, torch.arange(w) < lengths[:, None]


@benchmark("late interaction")
def share_of_the_product() -> Iterator[Row]:
    """The same number of floating-point operations as a bare product with its result written to one buffer."""
    for n, p, m, w, d in SIZES:
        images, texts, image_mask, text_mask = made_up(n, p, m, w, d)
        weights = torch.rand(d)
        packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
        patches, words = images.flatten(0, 1), texts[text_mask]
        share = words[:1024], patches[:3136]
        buffer = torch.empty(len(share[0]), len(share[1]))
        times = len(words) * len(patches) / buffer.numel()
        scored, once = in_turn(
            lambda s=packed, f=weights: score_packed(*s, weights=f),
            lambda s=share, b=buffer: torch.mm(s[0], s[1].T, out=b),
        )
        product = once * times
        operations = 2.0 * len(words) * len(patches) * d
        yield Row(
            f"Late interaction, {n} images x {p} and {m} texts x {w // 3} to {w} in {d} columns, share of the product",
            100 * product / scored,
            "%",
            mark=90.0,
            note=f"{operations / product / 1e9:.0f} GFLOP/s as a product, {scored:.2f} s; {WHY}",
        )


@benchmark("bfloat16")
def half_the_bits() -> Iterator[Row]:
    """Products in bfloat16 beside float32: time, and what they have in common on random tokens."""
    images, texts, image_mask, text_mask = made_up(192, 49, 800, 18, 192)
    packed = pack_images(images, image_mask), pack_texts(texts, text_mask)
    full, half = in_turn(
        lambda: score_packed(*packed), lambda: score_packed(*packed, arithmetic=Arithmetic(precision="bfloat16"))
    )
    yield Row("Late interaction in bfloat16 against float32", full / half, "times", mark=1.0, note=f"{half:.3f} s")
    folder = real_data()
    data = None if folder is None else folder / "flickr8k_test1k" / "pairs.npz"
    if data is None or not data.is_file():
        yield skipped("bfloat16 and float32 on photographs", "PICO_REAL_DATA names no folder with flickr8k_test1k")
        return
    pairs = open_pairs(data).select(range(200))
    found = agreement_with_float32(pairs, torch.ones(pairs.n_columns), Arithmetic(precision="bfloat16"))
    note = "200 photographs, 1,000 captions"
    yield Row("bfloat16 and float32: share of the ten best in common", found.top10_overlap, "", mark=0.99, note=note)
    yield Row("bfloat16 and float32: rank correlation", found.rank_correlation, "", mark=0.99, note=note)


@benchmark("memory")
def peak_memory() -> Iterator[Row]:
    """What scoring takes beside its inputs and its result, in a process of its own."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.bench.late_interaction"], capture_output=True, text=True, check=True
    )
    yield Row(
        "Late interaction, memory beside inputs and scores", float(run.stdout), "MB", mark=300.0, at_most=True,
        note="400 images x 49 and 5,000 texts x 18 in 192 columns, float16",
    )  # fmt: skip


def main() -> None:
    """Print the megabytes by which the peak of this process grows when it scores."""
    images, texts, image_mask, text_mask = made_up(400, 49, 5000, 18, 192)
    images, texts = images.half(), texts.half()
    late_interaction(images[:32], texts[:64], image_mask=image_mask[:32], text_mask=text_mask[:64])
    _settle()
    before = _most()
    scores = late_interaction(images, texts, image_mask=image_mask, text_mask=text_mask)
    sys.stdout.write(f"{_most() - before - scores.nbytes / 2**20:.1f}\n")


def _most() -> float:
    """Most resident megabytes since `_settle`; what getrusage tells also counts the process that started this one."""
    found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text(encoding="ascii"))
    return int(found[1]) / 1024


def _settle() -> None:
    """Let the peak start from what is held now: what making the inputs left free would hide what scoring takes."""
    with contextlib.suppress(AttributeError):  # another C library than GNU's has no such call
        ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")


if __name__ == "__main__":
    main()
