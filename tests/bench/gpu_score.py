"""The fused score on a graphics card: its rate beside the card's own matrix product, eager torch, and its memory.

Run it on a machine with an NVIDIA card that does nothing else: `python -m tests.bench.gpu_score`, three to five minutes
with compilation and the choice of tiles. Random unit tokens: 1,000 images of 196 patches, 5,000 texts of 32 words, 512
columns, random weights. Where there is no card it says so and ends with 0.

The yardstick is `torch.matmul` in the same run and the same precision, on the same operands (196,000 x 512 by
512 x 16,384) and on square ones (8,192), whichever is faster. Every time is a whole call of `late_interaction`,
packing and weighting included; a rate counts the operations of real tokens only.
"""

import statistics
import sys
import time
from collections.abc import Callable
from functools import partial

import torch
from torch.nn.functional import normalize

from pico_core.kernels import tiles
from pico_core.kernels.arithmetic import Arithmetic, Precision, triton_is_installed
from pico_core.kernels.similarity import late_interaction

N, M, P, W, D = 1000, 5000, 196, 32, 512
TURNS = 3
DEVICE = "cuda"
SHARE, TIMES, GROWTH = 0.60, 3.0, 1.05  # of the matrix rate at least; eager torch at least; memory at most
TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


def main() -> None:
    """Print the tables and whether the marks are met."""
    if not torch.cuda.is_available():
        say("no GPU: torch sees no CUDA device, nothing was measured")
        return
    if not triton_is_installed():
        say("no Triton: nothing was measured")
        return
    say(f"{torch.cuda.get_device_name()}, torch {torch.__version__}; {N} x {M} x {P} x {W} x {D}")
    verdicts = _rates()
    verdicts += _exactness()
    verdicts += _memory()
    for sentence, holds in verdicts:
        say(f"{'met   ' if holds else 'MISSED'}  {sentence}")


def say(line: str) -> None:
    """Print at once: a run that is cut off has said what it knew."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _rates() -> list[tuple[str, bool]]:
    images, texts = _tokens(N, P, seed=0), _tokens(M, W, seed=1)
    weights = torch.rand(D, device=DEVICE)
    n_operations = 2.0 * N * M * P * W * D
    say(f"{'precision':>10} {'matmul TFLOP/s':>15} {'Triton ms':>10} {'TFLOP/s':>8} {'share':>6}  tile")
    verdicts, took = [], {}
    precisions: tuple[Precision, ...] = ("bfloat16", "float16", "tf32", "tf32x3", "float32")
    for precision in precisions:
        kind = TYPES.get(precision, torch.float32)
        left, right = images.to(kind), texts.to(kind)
        yardstick = _matrix_rate(left, precision)
        asked = Arithmetic(backend="triton", precision=precision)
        took[precision] = _seconds(partial(_score, left, right, weights, asked))
        rate = n_operations / took[precision] / 1e12
        tile = next((t for key, t in tiles._tuned.items() if key[1:3] == (kind, precision)), None)
        share = rate / yardstick
        say(f"{precision:>10} {yardstick:15.1f} {1e3 * took[precision]:10.1f} {rate:8.1f} {share:6.0%}  {tile}")
        if precision in TYPES:
            verdicts.append((f"{precision}: {share:.0%} of the matrix rate, {SHARE:.0%} asked", share >= SHARE))
        del left, right
    _ragged_rate(images, weights)
    half = images.bfloat16(), texts.bfloat16()
    engine = _seconds(lambda: _score(*half, weights, Arithmetic(backend="torch")), turns=1)
    peer = _seconds(lambda: _eager(*half, weights), turns=1)
    single = _seconds(lambda: _score(images, texts, weights, Arithmetic(backend="torch")), turns=1)
    for name, seconds, ours in (
        ("the engine's torch program (float32 from bfloat16)", engine, "bfloat16"),
        ("eager torch in bfloat16, table written in slices", peer, "bfloat16"),
        ("the engine's torch program (float32)", single, "float32"),
    ):
        times = seconds / took[ours]
        say(f"{name}: {1e3 * seconds:.0f} ms, {times:.1f} times Triton's {ours}")
        if ours == "bfloat16":
            verdicts.append((f"{times:.1f} times {name}, {TIMES:.0f} asked", times >= TIMES))
    return verdicts


def _matrix_rate(left: torch.Tensor, precision: Precision) -> float:
    """The faster of two shapes, in TFLOP/s."""
    torch.backends.cuda.matmul.allow_tf32 = precision in ("tf32", "tf32x3")
    rows = left.flatten(0, 1)
    other = torch.randn(D, 16384, device=DEVICE).to(rows.dtype)
    square = torch.randn(8192, 8192, device=DEVICE).to(rows.dtype)
    rates = []
    for a, b in ((rows, other), (square, square)):
        out = torch.empty(len(a), b.shape[1], dtype=a.dtype, device=DEVICE)
        seconds = _seconds(partial(torch.matmul, a, b, out=out))
        rates.append(2.0 * a.shape[0] * a.shape[1] * b.shape[1] / seconds / 1e12)
        del out
    torch.backends.cuda.matmul.allow_tf32 = False
    return max(rates)


def _ragged_rate(images: torch.Tensor, weights: torch.Tensor) -> None:
    """Texts of 6 to 18 words, as captions are: what slots of a power of two cost."""
    lengths = torch.randint(6, 19, (M,), device=DEVICE)
    mask = torch.arange(W, device=DEVICE) < lengths[:, None]
    texts, asked = _tokens(M, W, seed=2).bfloat16(), Arithmetic(backend="triton")
    patches = images.bfloat16()
    seconds = _seconds(lambda: _score(patches, texts, weights, asked, mask))
    rate = 2.0 * N * P * int(lengths.sum()) * D / seconds / 1e12
    say(f"bfloat16, 6 to 18 words per text: {1e3 * seconds:.1f} ms, {rate:.1f} TFLOP/s of real tokens")


def _eager(images: torch.Tensor, texts: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Product, two maxima, two means, in the type of the tokens, with 1 GB of table at a time."""
    words = texts.transpose(0, 1).flatten(0, 1).T.contiguous()  # first words before second words
    rows = []
    for some in (images * weights.to(images)).split(16):
        table = (some.flatten(0, 1) @ words).view(len(some), P, W, M)
        rows.append(table.amax(dim=2).float().mean(dim=1) + table.amax(dim=1).float().mean(dim=1))
    return torch.cat(rows)


def _exactness() -> list[tuple[str, bool]]:
    """Against float64 on a part, ties of equal items, a row beside the whole, and what 16 bits do to ranks."""
    images, texts = _tokens(200, P, seed=3), _tokens(1000, W, seed=4)
    images[7], texts[11] = images[3], texts[5]
    weights = torch.rand(D, device=DEVICE)
    exact = _score(images[:20].double(), texts[:200].double(), weights, Arithmetic(backend="torch"))
    single = _score(images, texts, weights, Arithmetic(backend="triton"))
    verdicts = []
    for precision, limit in (
        ("float32", 1e-5),
        ("tf32x3", 1e-5),
        ("tf32", 2e-2),
        ("float16", 1e-2),
        ("bfloat16", 5e-2),
    ):
        asked = Arithmetic(backend="triton", precision=precision)
        found = _score(images, texts, weights, asked)
        error = float((found[:20, :200].double() - exact).abs().max())
        tie = torch.equal(found[7], found[3]) and torch.equal(found[:, 11], found[:, 5])
        row = torch.equal(_score(images[40:41], texts, weights, asked), found[40:41])
        shared, correlation = _agreement(found, single)
        say(
            f"{precision:>10}: largest error {error:.1e}, equal items {'tie' if tie else 'DO NOT tie'}, a row is "
            f"{'' if row else 'NOT '}that of the whole, top 10 shared {shared:.3f}, rank correlation {correlation:.5f}"
        )
        verdicts.append((f"{precision}: largest error {error:.1e}, {limit:.0e} allowed; ties", error < limit and tie))
    return verdicts


def _agreement(found: torch.Tensor, single: torch.Tensor) -> tuple[float, float]:
    ours, theirs = (scores.topk(10, dim=1).indices for scores in (found, single))
    shared = (ours[:, :, None] == theirs[:, None, :]).any(dim=2).float().mean()
    ranks = [scores.argsort(dim=1).argsort(dim=1).float() for scores in (found, single)]
    centred = [rank - rank.mean(dim=1, keepdim=True) for rank in ranks]
    products = (centred[0] * centred[1]).sum(dim=1) / (centred[0].norm(dim=1) * centred[1].norm(dim=1))
    return float(shared), float(products.mean())


def _memory() -> list[tuple[str, bool]]:
    """Peak beyond inputs and scores, for 1 and for 10 times the captions."""
    images, weights = _tokens(N, P, seed=0).bfloat16(), torch.rand(D, device=DEVICE)
    peaks = []
    for times in (1, 10):
        texts = _tokens(times * M, W, seed=1).bfloat16()
        torch.cuda.synchronize()
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        began = time.perf_counter()
        scores = _score(images, texts, weights, Arithmetic(backend="triton"))
        torch.cuda.synchronize()
        took = time.perf_counter() - began
        peaks.append(torch.cuda.max_memory_allocated() - before - scores.nbytes)
        say(f"{times * M:>6} texts: {took * 1e3:.0f} ms, {peaks[-1] / 1e6:.0f} MB beyond inputs and scores")
        del texts, scores
    growth = peaks[1] / peaks[0]
    return [(f"memory grows {growth:.2f} times with 10 times the captions, {GROWTH} allowed", growth <= GROWTH)]


def _score(
    images: torch.Tensor,
    texts: torch.Tensor,
    weights: torch.Tensor,
    arithmetic: Arithmetic,
    text_mask: torch.Tensor | None = None,
) -> torch.Tensor:
    every = torch.ones(texts.shape[:2], dtype=torch.bool, device=texts.device)
    return late_interaction(
        images,
        texts,
        image_mask=torch.ones(images.shape[:2], dtype=torch.bool, device=images.device),
        text_mask=every if text_mask is None else text_mask,
        weights=weights,
        arithmetic=arithmetic,
    )


def _tokens(items: int, tokens: int, *, seed: int) -> torch.Tensor:
    generator = torch.Generator(DEVICE).manual_seed(seed)
    made = torch.empty(items, tokens, D, device=DEVICE)
    for part in made.split(5000):
        part.copy_(normalize(torch.randn(part.shape, generator=generator, device=DEVICE), dim=2))
    return made


def _seconds(call: Callable[[], object], *, turns: int = TURNS) -> float:
    call()  # compiles, chooses a tile
    took = []
    for _ in range(turns):
        torch.cuda.synchronize()
        began = time.perf_counter()
        call()
        torch.cuda.synchronize()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


if __name__ == "__main__":
    main()
