"""Does a word look at the thing it names? Peaks of patch-word maps against known boxes."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws


@dataclass(frozen=True)
class NamedThing:
    """A word of a caption and where the thing that it names lies in the picture.

    Attributes:
        text: The caption.
        word: The place of the word among its tokens.
        box: Left, top, right, bottom of the thing, from 0 to 1, x to the right and y down.
        kind: What sort of word it is, such as "colour".
    """

    text: int
    word: int
    box: tuple[float, float, float, float]
    kind: str


@dataclass(frozen=True)
class PeakHits:
    """How often the strongest patch of a word lies on the thing that the word names.

    Attributes:
        kind: Sort of word, or "all".
        n_words: Words counted.
        rate: Share whose peak is on the thing, 0 to 1, resampled by image.
        chance: What a patch taken at random would reach.
        lift: rate / chance, with the interval of the ratio.
    """

    kind: str
    n_words: int
    rate: Estimate
    chance: float
    lift: Estimate


def patches_on(box: tuple[float, float, float, float], *, grid: tuple[int, int]) -> Bool[Tensor, " p"]:
    """Which patches have their middle inside a box, row by row from the top left.

    >>> patches_on((0.5, 0.0, 1.0, 0.5), grid=(2, 2)).tolist()
    [False, True, False, False]
    """
    rows, columns = grid
    left, top, right, bottom = box
    y = (torch.arange(rows) + 0.5) / rows
    x = (torch.arange(columns) + 0.5) / columns
    return (((y >= top) & (y <= bottom))[:, None] & ((x >= left) & (x <= right))[None]).flatten()


def peak_hits(
    pairs: PairedEmbeddings,
    things: Sequence[NamedThing],
    *,
    grid: tuple[int, int],
    weights: Columns | None = None,
    n_draws: int = 1000,
    seed: int = 0,
) -> tuple[PeakHits, ...]:
    """Measure for every sort of word, and for all, how often its map peaks on what it names.

    The map of a word is s_ij = sum_d P_d v_id t_jd over the patches i of its own picture; its peak
    is the first of the strongest patches. Things that cover no patch's middle are left out.

    Args:
        pairs: Images whose patches form a grid, with their captions.
        things: Words with boxes.
        grid: Rows and columns of the patches.
        weights: P; default all ones.
        n_draws: Bootstrap resamples, by image.
        seed: Of the resamples.

    Raises:
        DataError: the patches are not those of the grid, or nothing is named.

    Source: beyond the paper.
    """
    if pairs.image_tokens.shape[1] != grid[0] * grid[1]:
        raise DataError(
            f"{pairs.image_tokens.shape[1]} patches are no grid of {grid[0]} x {grid[1]}; give its real shape"
        )
    owner = pairs.text_image.tolist()
    rows = []
    for thing in things:
        on = patches_on(thing.box, grid=grid)
        if not bool(on.any()):
            continue
        image = owner[thing.text]
        word = pairs.text_tokens[thing.text, thing.word].float()
        strength = pairs.image_tokens[image].float() @ (word if weights is None else word * weights)
        rows.append((thing.kind, image, float(on[int(strength.argmax())]), float(on.float().mean())))
    if not rows:
        raise DataError("no word names a thing whose place is known; give words with boxes")
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed)
    return tuple(_hits(kind, rows, counts) for kind in (*dict.fromkeys(row[0] for row in rows), "all"))


def _hits(kind: str, rows: list[tuple[str, int, float, float]], counts: Tensor) -> PeakHits:
    chosen = [row for row in rows if kind in ("all", row[0])]
    n_images = counts.shape[1]
    image = torch.tensor([row[1] for row in chosen])
    hits, chance, words = (
        torch.zeros(n_images).index_add_(0, image, torch.tensor(values))
        for values in ([row[2] for row in chosen], [row[3] for row in chosen], [1.0] * len(chosen))
    )
    rate, lift = float(hits.sum() / words.sum()), float(hits.sum() / chance.sum())
    return PeakHits(
        kind=kind,
        n_words=len(chosen),
        rate=percentile_estimate(rate, ratio_draws(hits, words, counts)),
        chance=float(chance.sum() / words.sum()),
        lift=percentile_estimate(lift, ratio_draws(hits, chance, counts)),
    )
