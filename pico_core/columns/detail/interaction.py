"""Signs of products: of one column as a table of two by two, and of one pair, every patch with every word."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.signs import pair_agreement, sign_shares
from pico_core.kernels.similarity import table_score, token_table
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


@dataclass(frozen=True, eq=False)
class Interaction:
    """The similarity of a patch with a word, taken apart.

    Attributes:
        patch: v_i, the values of the patch.
        word: t_j, the values of the word.
        weights: P.
        products: P_d v_id t_jd of every column; they add up to `similarity`.
        similarity: s_ij, from the table.
        table: s_ij of every real patch with every real word of the pair.
        score: S_P of the pair, from that table.
    """

    patch: Columns
    word: Columns
    weights: Columns
    products: Columns
    similarity: float
    table: Float[Tensor, "p w"]
    score: float

    @property
    def running(self) -> Columns:
        """The sum of the products up to and with every column."""
        return self.products.double().cumsum(dim=0).float()


def interaction(pairs: PairedEmbeddings, text: int, patch: int, word: int, *, weights: Columns) -> Interaction:
    """Take the similarity of a patch and a word of a matched pair apart: s_ij = sum_d P_d v_id t_jd.

    Args:
        pairs: Any split.
        text: The caption; its image goes with it.
        patch: Among the real patches of the image.
        word: Among the real words of the caption.
        weights: P.

    Source: paper (weighted interaction).

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8]]), torch.tensor([[0.8, 0.6]]))
    >>> interaction(pairs, 0, 0, 0, weights=torch.tensor([1.0, 0.5])).products
    tensor([0.4800, 0.2400])
    """
    patches, words = real_tokens(pairs, text)
    table = token_table(patches, words, weights=weights)
    chosen = patches[patch].float(), words[word].float()
    return Interaction(
        patch=chosen[0],
        word=chosen[1],
        weights=weights,
        products=weights * chosen[0] * chosen[1],
        similarity=float(table[patch, word]),
        table=table,
        score=float(
            table_score(
                table,
                image_mask=torch.ones(len(patches), dtype=torch.bool),
                text_mask=torch.ones(len(words), dtype=torch.bool),
            )
        ),
    )


def real_tokens(pairs: PairedEmbeddings, text: int) -> tuple[Float[Tensor, "p d"], Float[Tensor, "w d"]]:
    """The real patches and the real words of a matched pair."""
    image = int(pairs.text_image[text])
    return pairs.image_tokens[image][pairs.image_mask[image]], pairs.text_tokens[text][pairs.text_mask[text]]


@dataclass(frozen=True, eq=False)
class PairSigns:
    """The signs of one column in one matched pair.

    Attributes:
        patches: Value of every real patch.
        words: Value of every real word.
        positive_patches: How many lie above 0.
        negative_patches: How many lie below.
        positive_words: Of the words, above 0.
        negative_words: Of the words, below.
        agreement: Share of positive products: pos_v pos_t + neg_v neg_t, from the shares.
    """

    patches: Float[Tensor, " p"]
    words: Float[Tensor, " w"]
    positive_patches: int
    negative_patches: int
    positive_words: int
    negative_words: int
    agreement: float

    @property
    def products(self) -> Float[Tensor, "p w"]:
        """v_id t_jd of every patch with every word."""
        return self.patches[:, None] * self.words[None, :]

    @property
    def n_products(self) -> int:
        """How many there are."""
        return len(self.patches) * len(self.words)

    @property
    def n_positive(self) -> int:
        """How many of them are above 0."""
        return self.positive_patches * self.positive_words + self.negative_patches * self.negative_words


def pair_signs(pairs: PairedEmbeddings, text: int, column: int) -> PairSigns:
    """Signs of a column in a matched pair, and the share of its products that are positive.

    Source: paper (pseudo-semantic probability of one pair).

    >>> tokens = torch.tensor([[[0.6, 0.8], [-0.6, 0.8]]]), torch.tensor([[[0.6, 0.8]]])
    >>> found = pair_signs(PairedEmbeddings.from_arrays(*tokens), 0, 0)
    >>> found.agreement, found.n_positive, found.n_products
    (0.5, 1, 2)
    """
    image = int(pairs.text_image[text])
    only = slice(column, column + 1)
    patches, words = real_tokens(pairs, text)
    agreement = pair_agreement(
        sign_shares(pairs.image_tokens[image : image + 1, :, only], pairs.image_mask[image : image + 1]),
        sign_shares(pairs.text_tokens[text : text + 1, :, only], pairs.text_mask[text : text + 1]),
        torch.zeros(1, dtype=torch.long),
    )
    v, t = patches[:, column].float(), words[:, column].float()
    return PairSigns(
        patches=v,
        words=t,
        positive_patches=int((v > 0).sum()),
        negative_patches=int((v < 0).sum()),
        positive_words=int((t > 0).sum()),
        negative_words=int((t < 0).sum()),
        agreement=float(agreement[0, 0]),
    )


@dataclass(frozen=True, eq=False)
class RunningAgreement:
    """p̂ of a column while pairs are added one after the other, in a random order.

    Attributes:
        matched: Mean agreement of the first 1, 2, ... matched pairs; the last is p̂.
        mismatched: The same captions with images of others, in the same order.
        counted: How many pairs.
    """

    matched: Float[Tensor, " s"]
    mismatched: Float[Tensor, " s"]
    counted: Int[Tensor, " s"]


def running_agreement(pairs: PairedEmbeddings, column: int, *, n_steps: int = 24, seed: int = 0) -> RunningAgreement:
    """Add matched pairs one by one and watch their mean sign agreement settle at p̂.

    Args:
        pairs: The fit split in its basis.
        column: Which.
        n_steps: At most how many counts are kept, closer together at the beginning.
        seed: Of the order and of the mismatching.

    Source: beyond the paper (a picture of its mean, beside a null).

    >>> pairs = PairedEmbeddings.from_arrays(torch.tensor([[0.6, 0.8]] * 4), torch.tensor([[0.6, -0.8]] * 4))
    >>> running_agreement(pairs, 0).matched
    tensor([1., 1., 1., 1.])
    """
    only = slice(column, column + 1)
    images = sign_shares(pairs.image_tokens[..., only], pairs.image_mask)
    texts = sign_shares(pairs.text_tokens[..., only], pairs.text_mask)
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(pairs.n_texts, generator=generator)
    # Every image takes the place of the next of a random circle: none keeps its own.
    circle = torch.randperm(pairs.n_images, generator=generator)
    stranger = torch.empty_like(circle)
    stranger[circle] = circle.roll(1)
    number = torch.arange(1, pairs.n_texts + 1)
    counted = torch.unique(torch.logspace(0, math.log10(pairs.n_texts), n_steps, dtype=torch.float64).round().long())

    def mean_of(owner: Int[Tensor, " m"]) -> Float[Tensor, " s"]:
        agreement = pair_agreement(images, texts, owner)[order, 0].double()
        return (agreement.cumsum(dim=0) / number)[counted - 1].float()

    return RunningAgreement(mean_of(pairs.text_image), mean_of(stranger[pairs.text_image]), counted)


@dataclass(frozen=True, eq=False)
class ColumnProfile:
    """A column as a point of one modality: its values over the anchors, and how it became one.

    Attributes:
        point: c_d, one coordinate per anchor; unit length, or zeros for a column that never varies.
        mean: Of the raw values over the anchors; NaN where columns are no token means of items.
        norm: Length of the raw values once the mean is taken away; NaN likewise.
        values: The raw values.
        items: The item of every anchor.
    """

    point: Float[Tensor, " a"]
    mean: float
    norm: float
    values: Float[Tensor, " a"]
    items: Int[Tensor, " a"]


def column_profile(
    means: Float[Tensor, "items d"], points: Float[Tensor, "d a"], items: Int[Tensor, " a"], column: int
) -> ColumnProfile:
    """How a column became a point: c_d = (x_d - mean) / ||x_d - mean||, x_da the token mean of item a.

    Args:
        means: Token means of the items of one modality.
        points: From `column_points`, over item anchors.
        items: The item of every anchor.
        column: Which.

    Source: reconstruction (what a column's coordinates are is not stated).

    >>> means, points = torch.tensor([[1.0], [3.0]]), torch.tensor([[-0.7071, 0.7071]])
    >>> found = column_profile(means, points, torch.tensor([0, 1]), 0)
    >>> found.mean, round(found.norm, 4)
    (2.0, 1.4142)
    """
    values = means[items, column].float()
    centred = values - values.mean()
    return ColumnProfile(points[column], float(values.mean()), float(centred.norm()), values, items)
