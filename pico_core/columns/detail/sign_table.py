"""Sign agreement of one column as a table of two by two, beside what mismatched pairs give."""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.signs import sign_shares
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import bootstrap_counts, percentile_estimate, ratio_draws

N_SHUFFLES = 199


@dataclass(frozen=True)
class SignCell:
    """One of the four combinations of signs.

    Attributes:
        matched: Share of the patch-word products of matched pairs, resampled by image.
        null: The same on mismatched pairs: mean and central 95 % of permutations.
    """

    matched: Estimate
    null: Estimate


@dataclass(frozen=True)
class SignTable:
    """Signs of a column in images and in texts, over all patch-word products of matched pairs.

    The two cells of equal signs add up to p̂; zeros are in no cell.

    Attributes:
        both_positive: Patch and word above 0.
        image_only: Patch above 0, word below.
        text_only: Patch below 0, word above.
        both_negative: Patch and word below 0.
    """

    both_positive: SignCell
    image_only: SignCell
    text_only: SignCell
    both_negative: SignCell

    @property
    def agreement(self) -> float:
        """p̂: the share of products above 0."""
        return self.both_positive.matched.value + self.both_negative.matched.value


def sign_table(pairs: PairedEmbeddings, column: int, *, n_draws: int = 500, seed: int = 0) -> SignTable:
    """Count the four combinations of signs, exactly, from shares of signs per item.

    Args:
        pairs: The fit split in its basis.
        column: Which.
        n_draws: Bootstrap resamples, by image.
        seed: Of the resamples and of the permutations.

    Source: the statistic is the paper's; the table and its null are beyond it.

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8], [0.6, -0.8]]), torch.tensor([[1.0, 0.0]] * 2))
    >>> sign_table(pairs, 0).both_positive.matched.value, sign_table(pairs, 1).agreement
    (1.0, 0.0)
    """
    images = sign_shares(pairs.image_tokens[..., column : column + 1], pairs.image_mask)
    texts = sign_shares(pairs.text_tokens[..., column : column + 1], pairs.text_mask)
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed)
    number = torch.bincount(pairs.text_image, minlength=pairs.n_images).float()
    generator = torch.Generator().manual_seed(seed)
    shuffles = torch.stack([torch.randperm(pairs.n_images, generator=generator) for _ in range(N_SHUFFLES)])

    def cell(image: Float[Tensor, " n 1"], text: Float[Tensor, " m 1"]) -> SignCell:
        # The text side adds up per image, so every permutation is a product of two vectors.
        total = torch.zeros(pairs.n_images).index_add_(0, pairs.text_image, text[:, 0])
        own = image[:, 0] * total
        matched = percentile_estimate(float(own.sum() / number.sum()), ratio_draws(own, number, counts))
        strangers = (image[:, 0][shuffles] @ total) / number.sum()
        return SignCell(matched, percentile_estimate(float(strangers.mean()), strangers))

    return SignTable(
        cell(images.positive, texts.positive),
        cell(images.positive, texts.negative),
        cell(images.negative, texts.positive),
        cell(images.negative, texts.negative),
    )
