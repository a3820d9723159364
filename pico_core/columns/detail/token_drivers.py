"""Which words and which patches drive a column: token values, not item means. Beyond the paper."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders.words import TokenWords
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts

MIN_IMAGES = 5  # a word said of fewer images says more about them than about the word
N_DRAWS = 300


@dataclass(frozen=True)
class WordValue:
    """A word and its mean value in the column, over all places where it stands.

    Attributes:
        word: In small letters.
        value: Mean with its bootstrap interval, by image.
        n_tokens: How often it stands.
        n_images: In the texts of how many images.
    """

    word: str
    value: Estimate
    n_tokens: int
    n_images: int


@dataclass(frozen=True)
class WordDrivers:
    """Words at both ends of a column.

    Attributes:
        highest: Highest mean first.
        lowest: Lowest mean first; no word is in both.
        n_words: Words that stand in the texts of enough images.
        mean: Of all tokens.
    """

    highest: tuple[WordValue, ...]
    lowest: tuple[WordValue, ...]
    n_words: int
    mean: float


@dataclass(frozen=True)
class PatchValue:
    """One patch of one image."""

    image: int
    patch: int
    value: float


@dataclass(frozen=True, eq=False)
class PatchDrivers:
    """Patches at both ends of a column, one per image, and where in the picture it is high.

    Attributes:
        highest: Highest first.
        lowest: Lowest first.
        grid: Rows and columns of the patches; None where they form no square.
        mean: Mean over images at every position [rows, columns]; None without a grid.
        half_width: Half of the 95 % interval of those means (normal, images independent).
    """

    highest: tuple[PatchValue, ...]
    lowest: tuple[PatchValue, ...]
    grid: tuple[int, int] | None
    mean: Float[Tensor, "rows columns"] | None
    half_width: Float[Tensor, "rows columns"] | None


def word_drivers(
    pairs: PairedEmbeddings, words: TokenWords, column: int, *, top: int = 8, seed: int = 0
) -> WordDrivers | None:
    """Mean value of every word in a column; None where no word can be read often enough.

    All resamples of all words are one matrix product: sums and numbers per image add up.

    Args:
        pairs: The fit split in its basis.
        words: Of the same texts.
        column: Which.
        top: Words at each end.
        seed: Of the resamples.
    """
    owner = pairs.text_image.tolist()
    codes: dict[str, int] = {}
    images: list[int] = []
    rows: list[int] = []
    values: list[Tensor] = []
    for text, pieces in enumerate(words.words):
        if pieces is None:
            continue
        values.append(pairs.text_tokens[text][pairs.text_mask[text]][:, column].float())
        rows += [codes.setdefault(word, len(codes)) for word in pieces]
        images += [owner[text]] * len(pieces)
    if not values:
        return None
    value, row, image = torch.cat(values), torch.tensor(rows), torch.tensor(images)
    flat = image * len(codes) + row
    sums = torch.zeros(pairs.n_images * len(codes)).index_add_(0, flat, value).view(pairs.n_images, -1)
    numbers = torch.bincount(flat, minlength=sums.numel()).float().view_as(sums)
    kept = ((numbers > 0).sum(dim=0) >= MIN_IMAGES).nonzero()[:, 0]
    if not len(kept):
        return None
    counts = bootstrap_counts(pairs.n_images, n_draws=N_DRAWS, seed=seed)
    mean = sums[:, kept].sum(dim=0) / numbers[:, kept].sum(dim=0)
    # A resample without the word says nothing of it: it gets the mean.
    drawn = counts @ numbers[:, kept]
    draws = torch.where(drawn > 0, (counts @ sums[:, kept]) / drawn.clamp_min(1), mean)
    low, high = torch.quantile(draws, torch.tensor([0.025, 0.975]), dim=0)
    names = list(codes)

    def word_value(index: int) -> WordValue:
        number = numbers[:, kept[index]]
        estimate = Estimate(float(mean[index]), float(low[index]), float(high[index]))
        return WordValue(names[int(kept[index])], estimate, int(number.sum()), int((number > 0).sum()))

    order = mean.argsort(descending=True, stable=True).tolist()
    ends = min(top, math.ceil(len(order) / 2))
    return WordDrivers(
        highest=tuple(word_value(i) for i in order[:ends]),
        lowest=tuple(word_value(i) for i in reversed(order[max(ends, len(order) - ends) :])),
        n_words=len(order),
        mean=float(value.mean()),
    )


def patch_drivers(pairs: PairedEmbeddings, column: int, *, top: int = 6) -> PatchDrivers | None:
    """The strongest patches of a column, one per image, and its mean at every position; None for global vectors.

    Args:
        pairs: The fit split in its basis.
        column: Which.
        top: Patches at each end.
    """
    n_patches = pairs.image_tokens.shape[1]
    if n_patches <= 1:
        return None
    values = pairs.image_tokens[..., column].float()
    highest = values.masked_fill(~pairs.image_mask, -torch.inf).max(dim=1)
    lowest = values.masked_fill(~pairs.image_mask, torch.inf).min(dim=1)
    side = math.isqrt(n_patches)
    square = side * side == n_patches and bool(pairs.image_mask.all())
    error = values.std(dim=0) / math.sqrt(max(1, len(values)))
    return PatchDrivers(
        highest=_patches(highest.values, highest.indices, top, descending=True),
        lowest=_patches(lowest.values, lowest.indices, top, descending=False),
        grid=(side, side) if square else None,
        mean=values.mean(dim=0).view(side, side) if square else None,
        half_width=1.96 * error.view(side, side) if square else None,
    )


def _patches(
    values: Float[Tensor, " n"], patches: Int[Tensor, " n"], top: int, *, descending: bool
) -> tuple[PatchValue, ...]:
    order = values.argsort(descending=descending, stable=True)[:top].tolist()
    return tuple(PatchValue(i, int(patches[i]), float(values[i])) for i in order)
