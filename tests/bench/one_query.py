"""How long one query waits for its scores: through a prepared index, without it, and as its share of the whole table.

Run it on an idle machine: `python -m tests.bench.one_query`. Random tokens in float16, 1,000 images
of 49 patches and 5,000 texts of 6 to 18 words in 192 columns, one thread, new weights at every turn.
"""

import resource
import statistics
import sys
import time

import torch

from pico_core.analysis.retrieve import top_candidates
from pico_core.analysis.scoring import query_row, retrieval_index, score_image, score_pairs, score_text
from pico_core.data.pairs import PairedEmbeddings

N_IMAGES, N_PATCHES, N_TEXTS, N_WORDS, N_COLUMNS = 1000, 49, 5000, 18, 192
TURNS = 15


def main() -> None:
    """Print milliseconds and ratios."""
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(0)
    pairs = _random_pairs(generator)
    strengths = iter(torch.rand(10 * TURNS, N_COLUMNS, generator=generator))
    began = time.perf_counter()
    index = retrieval_index(pairs)
    packing = time.perf_counter() - began
    image = pairs.image_tokens[0][pairs.image_mask[0]]
    text = pairs.text_tokens[0][pairs.text_mask[0]]
    took = {
        "image, prepared": _median(lambda: query_row(index, image, kind="image", weights=next(strengths))),
        "image, bare": _median(lambda: score_image(pairs, 0, next(strengths))),
        "text, prepared": _median(lambda: query_row(index, text, kind="text", weights=next(strengths))),
        "text, bare": _median(lambda: score_text(pairs, 0, next(strengths))),
    }
    began = time.perf_counter()
    score_pairs(pairs, next(strengths))
    whole = time.perf_counter() - began
    began = time.perf_counter()
    top_candidates(pairs, kind="text", k=10, weights=next(strengths))
    best = time.perf_counter() - began
    say = sys.stdout.write
    say(f"index packed in {1e3 * packing:.0f} ms, {index.nbytes / 1e6:.0f} MB\n")
    for kind, n in (("image", N_IMAGES), ("text", N_TEXTS)):
        prepared, bare = took[f"{kind}, prepared"], took[f"{kind}, bare"]
        share = whole / n
        say(
            f"one {kind} query: prepared {1e3 * prepared:.1f} ms, bare {1e3 * bare:.1f} ms "
            f"({bare / prepared:.1f} times), its share of the whole table {1e3 * share:.1f} ms "
            f"(prepared is {prepared / share:.1f} times that)\n"
        )
    say(f"whole table {whole:.1f} s; ten best images of every text {best:.1f} s ({best / whole:.2f} times)\n")
    say(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB\n")


def _random_pairs(generator: torch.Generator) -> PairedEmbeddings:
    lengths = torch.randint(6, N_WORDS + 1, (N_TEXTS,), generator=generator)
    return PairedEmbeddings.from_arrays(
        torch.randn(N_IMAGES, N_PATCHES, N_COLUMNS, generator=generator).half(),
        torch.randn(N_TEXTS, N_WORDS, N_COLUMNS, generator=generator).half(),
        text_mask=torch.arange(N_WORDS) < lengths[:, None],
        text_image=torch.arange(N_TEXTS) % N_IMAGES,
    )


def _median(query) -> float:
    query()
    took = []
    for _ in range(TURNS):
        began = time.perf_counter()
        query()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


if __name__ == "__main__":
    main()
