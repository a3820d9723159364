"""How long one query waits for its scores: through a prepared index, without it, and as its share of the whole table.

Random tokens in float16, 1,000 images of 49 patches and 5,000 texts of 6 to 18 words in 192 columns, one thread,
new weights at every turn.
"""

import time
from collections.abc import Iterator

import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.scoring import query_row, query_scores, retrieval_index, score_pairs
from tests.bench.suite import Row, benchmark, in_turn

N_IMAGES, N_PATCHES, N_TEXTS, N_WORDS, N_COLUMNS = 1000, 49, 5000, 18, 192


@benchmark("one query")
def one_query() -> Iterator[Row]:
    """Milliseconds of one query, and how they compare."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield from _queries()
    finally:
        torch.set_num_threads(threads)


def _queries() -> Iterator[Row]:
    generator = torch.Generator().manual_seed(0)
    pairs = _random_pairs(generator)
    index = retrieval_index(pairs)
    own = {
        "image": (pairs.image_tokens[0][pairs.image_mask[0]], N_IMAGES),
        "text": (pairs.text_tokens[0][pairs.text_mask[0]], N_TEXTS),
    }

    def factor():
        return torch.rand(N_COLUMNS, generator=generator)

    began = time.perf_counter()
    score_pairs(pairs, factor())
    whole = time.perf_counter() - began
    for kind, (tokens, n) in own.items():
        prepared, unprepared = in_turn(
            lambda t=tokens, k=kind: query_row(index, t, kind=k, weights=factor()),
            lambda k=kind: query_scores(pairs, 0, kind=k, weights=factor()),
        )
        note = f"without an index {1e3 * unprepared:.1f} ms; its share of the whole table is {1e3 * whole / n:.1f} ms"
        yield Row(f"One {kind} query through a prepared index, one thread", 1e3 * prepared, "ms", note=note)
    yield Row("The whole table of these, one thread", whole, "s", note=f"index of {index.nbytes / 1e6:.0f} MB")


def _random_pairs(generator: torch.Generator) -> PairedEmbeddings:
    lengths = torch.randint(6, N_WORDS + 1, (N_TEXTS,), generator=generator)
    return PairedEmbeddings.from_arrays(
        torch.randn(N_IMAGES, N_PATCHES, N_COLUMNS, generator=generator).half(),
        torch.randn(N_TEXTS, N_WORDS, N_COLUMNS, generator=generator).half(),
        text_mask=torch.arange(N_WORDS) < lengths[:, None],
        text_image=torch.arange(N_TEXTS) % N_IMAGES,
    )
