"""Nothing but the table of scores itself grows with the square of the number of images."""

from collections.abc import Callable, Iterator

import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import query_ranks
from pico_core.method.config import ConstructionConfig
from pico_core.method.prototypes import style_prototypes
from pico_core.retrieval.explain import Tokens, column_parts
from pico_core.retrieval.schemes.simple import column_correlation
from pico_core.retrieval.uncertainty import mismatched_null, pseudo_semantic_band
from tests.bench.suite import Row, benchmark, in_turn

SMALL, TIMES, COLUMNS = 500, 4, 64


@benchmark("growth")
def growth() -> Iterator[Row]:
    """Four times the images take about four times as long, or less; twice that would be a square in the making."""
    small, large = _pairs(SMALL), _pairs(SMALL * TIMES)
    once = torch.rand(COLUMNS)
    jobs: dict[str, Callable[[PairedEmbeddings], object]] = {
        "intervals of p̂": lambda pairs: pseudo_semantic_band(pairs, n_draws=500),
        "the null of p̂": lambda pairs: mismatched_null(pairs, n_draws=50),
        "column correlation": column_correlation,
        "K-means of columns": lambda pairs: style_prototypes(pairs, once, config=ConstructionConfig(n_prototypes=4)),
    }
    for name, job in jobs.items():
        first, second = in_turn(lambda j=job: j(small), lambda j=job: j(large), turns=5)
        yield Row(
            f"{TIMES} times the images: time of {name}", second / first, "times", mark=2.0 * TIMES, at_most=True,
            note=f"{1e3 * first:.0f} ms at {SMALL} images",
        )  # fmt: skip


@benchmark("ranks")
def ranks() -> Iterator[Row]:
    """Ranks by counting against ranks by sorting the table."""
    scores = torch.randn(500, 2500, generator=torch.Generator().manual_seed(0))
    owner = torch.arange(2500) // 5
    found = query_ranks(scores, owner)
    assert torch.equal(found.text_to_image, _by_sorting(scores.T, torch.arange(500) == owner[:, None]))
    counted, sorted_ = in_turn(
        lambda: query_ranks(scores, owner),
        lambda: (
            _by_sorting(scores.T, torch.arange(500) == owner[:, None]),
            _by_sorting(scores, owner == torch.arange(500)[:, None]),
        ),
    )
    yield Row(
        "Ranks by counting against by sorting", sorted_ / counted, "times", mark=1.0,
        note=f"500 images, 2,500 texts: {1e3 * counted:.0f} ms",
    )  # fmt: skip


@benchmark("decomposition")
def decomposition() -> Iterator[Row]:
    """The exact split of one score into columns; it reads one pair, whatever the size of the dataset."""
    generator = torch.Generator().manual_seed(0)
    pair = Tokens(torch.randn(196, 512, generator=generator), torch.randn(32, 512, generator=generator))
    (took,) = in_turn(lambda: column_parts(pair, weights=torch.ones(512)))
    yield Row("Split of one score into 512 columns", 1e3 * took, "ms", note="196 patches, 32 words")


def _pairs(n: int) -> PairedEmbeddings:
    generator = torch.Generator().manual_seed(0)
    return PairedEmbeddings.from_arrays(
        torch.randn(n, 16, COLUMNS, generator=generator), torch.randn(n, 8, COLUMNS, generator=generator)
    )


def _by_sorting(scores, relevant):
    order = scores.argsort(dim=1, descending=True)
    return 1 + relevant.gather(1, order).float().argmax(dim=1)
