"""Sign statistics of 256 pairs of 196 patches and 32 words in 512 columns."""

from collections.abc import Iterator

import torch

from pico_core.kernels.signs import pair_agreement, sign_shares
from tests.bench.suite import Row, benchmark, in_turn

PAIRS, PATCHES, WORDS, COLUMNS = 256, 196, 32, 512
MANY = 2**40  # as if these were a part of so many bytes: the loop that is compiled for them
LOOPED = 1  # pair that the literal loop does; it takes the same time for each
WHY = "one pass by a compiled loop"


@benchmark("signs")
def sign_statistics() -> Iterator[Row]:
    """Against the literal double loop, and against reading the tokens."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(PAIRS, PATCHES, COLUMNS, generator=generator)
    texts = torch.randn(PAIRS, WORDS, COLUMNS, generator=generator)
    real, words = torch.ones(PAIRS, PATCHES) > 0, torch.ones(PAIRS, WORDS) > 0
    owner = torch.arange(PAIRS)

    def fast():
        return pair_agreement(
            sign_shares(images, real, total_bytes=MANY), sign_shares(texts, words, total_bytes=MANY), owner
        )

    def literal():
        return torch.stack([_literal(images[i], texts[i]) for i in range(LOOPED)])

    torch.testing.assert_close(fast()[:LOOPED], literal())
    quick, slow = in_turn(fast, literal, turns=3)
    slow *= PAIRS / LOOPED
    yield Row(
        "Sign statistics against the literal double loop",
        slow / quick,
        "times",
        mark=40.0,
        note=f"{1e3 * quick:.0f} ms",
    )
    for dtype in (torch.float32, torch.float16):
        tokens = images.to(dtype)
        numbers = tokens.view(torch.int64)
        passed, read = in_turn(lambda t=tokens: sign_shares(t, real, total_bytes=MANY), lambda t=numbers: t.amax())
        yield Row(
            f"Sign statistics in {str(dtype).removeprefix('torch.')}, share of the read bandwidth",
            100 * read / passed,
            "%",
            mark=50.0,
            note=f"{tokens.nbytes / read / 1e9:.0f} GB/s read; {WHY}",
        )


def _literal(patches, words):
    count = torch.zeros(patches.shape[1])
    for patch in patches:
        for word in words:
            count += (patch * word > 0).float()
    return count / (len(patches) * len(words))
