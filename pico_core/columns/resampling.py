"""The whole construction on resampled images, for all resamples at once.

A centre of weighted K-means is a weighted mean of columns, and an average of centres is one too:
everything that the construction measures (angles, distances, assignments) follows from the
products of columns with columns. Resampling images changes only the weights in those products.
So one weighted matrix product per resample replaces the data, and K-means, the averaging of
prototypes and the probabilities then run on [b, k, d] arrays for a whole block of resamples.

Source: beyond the paper.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.history import Construction
from pico_core.method.probabilities import agreement_sums, semantic_probabilities, similarity_of
from pico_core.method.prototypes import STARTS, column_points
from pico_core.retrieval.uncertainty import bootstrap_counts

N_DRAWS = 200
LLOYD_STEPS = 20  # of a warm-started K-means; nearly all end by themselves before
BLOCK_VALUES = 12_000_000  # of the products of columns with columns: 48 MB
LLOYD_VALUES = 500_000  # of those that K-means reads again and again: 2 MB, which stay in the cache
EMPTY = 1e-12

Draws = Float[Tensor, "b d"]


@dataclass(frozen=True, eq=False)
class ConstructionDraws:
    """What the construction gives on every resample of the images.

    Attributes:
        image_similarity: Style similarity on the image side.
        text_similarity: Style similarity on the text side.
        probabilities: Semantic probability.
    """

    image_similarity: Draws
    text_similarity: Draws
    probabilities: Draws


def construction_draws(
    fit: PairedEmbeddings,
    construction: Construction,
    *,
    seed: int = 0,
    n_draws: int = N_DRAWS,
    reporter: Reporter = SILENT,
) -> ConstructionDraws | None:
    """Repeat the construction on bootstrap resamples of the images of the fit split.

    Every resample draws images with replacement, then batches and K-means starts of its own; p̂,
    prototypes and their averages are made anew up to the iteration that the construction chose.
    Held fixed are the anchors and the feedback shares of the candidates, so the interval says
    nothing of another feedback split (see `stability`).

    Args:
        fit: The fit split in its basis, from which the construction was made.
        construction: What is repeated.
        seed: The seed of its study: draws its anchors again, and the resamples.
        n_draws: Resamples.
        reporter: Hears of the share of the resamples.

    Returns:
        One row per resample; None where columns are quantiles, which have no images to resample.

    Raises:
        ValueError: the seed draws other anchors than those of the construction.

    Source: beyond the paper.
    """
    config = construction.config
    points = column_points(fit, config=config, generator=torch.Generator().manual_seed(seed))
    if points.image_owner is None or points.text_owner is None:
        return None
    if not torch.allclose(points.image, construction.image_columns, atol=1e-4):
        raise ValueError(f"with seed {seed} the anchors are not those of the construction; give the seed of its study")
    counts = bootstrap_counts(fit.n_images, n_draws=n_draws, seed=seed)
    chance = torch.Generator().manual_seed(seed)
    agreement = agreement_sums(fit)
    texts = torch.bincount(fit.text_image, minlength=fit.n_images).float()
    size = max(1, BLOCK_VALUES // fit.n_columns**2)
    done: list[ConstructionDraws] = []
    for block in torch.split(counts, size):
        pseudo = _batches(agreement, texts, block, construction, chance)
        image = _replay(points.image, block[:, points.image_owner], pseudo, construction, chance)
        text = _replay(points.text, block[:, points.text_owner], pseudo, construction, chance)
        done.append(ConstructionDraws(image, text, semantic_probabilities(image, text, config)))
        reporter.share(sum(len(part.probabilities) for part in done) / n_draws)
    return ConstructionDraws(
        torch.cat([part.image_similarity for part in done]),
        torch.cat([part.text_similarity for part in done]),
        torch.cat([part.probabilities for part in done]),
    )


def _batches(
    agreement: Float[Tensor, "n d"],
    texts: Float[Tensor, " n"],
    counts: Float[Tensor, "b n"],
    construction: Construction,
    generator: torch.Generator,
) -> Float[Tensor, "t b d"]:
    """p̂ of every batch of every resample: of the images drawn, a random share."""
    share = construction.config.batch_share
    batches = []
    for _ in range(construction.best_iteration + 1):
        kept = counts if share >= 1 else torch.binomial(counts, torch.full_like(counts, share), generator=generator)
        kept = torch.where(kept.sum(dim=1, keepdim=True) > 0, kept, counts)  # a batch is never empty
        batches.append((kept @ agreement) / (kept @ texts)[:, None])
    return torch.stack(batches)


def _replay(
    points: Float[Tensor, "d a"],
    counts: Float[Tensor, "b a"],
    pseudo_semantic: Float[Tensor, "t b d"],
    construction: Construction,
    generator: torch.Generator,
) -> Draws:
    """Style similarity of one modality after all iterations, for every resample."""
    config = construction.config
    steps = construction.history.iterations
    products = column_products(points, counts)
    varies = products.diagonal(dim1=1, dim2=2) > 0.5
    candidates: list[Tensor] = []
    average = torch.empty(0)
    for step in range(construction.best_iteration + 1):
        style = 1 - pseudo_semantic[step]
        weight = style.clamp(0.0, 1.0) ** config.gamma * varies
        weight = torch.where(weight.sum(dim=1, keepdim=True) > 0, weight, torch.ones_like(weight))
        if step == 0:
            candidates.append(_first(products, weight, config.n_prototypes, generator))
        else:
            candidates.append(_lloyd(products, weight, average))
        shares = steps[step].candidate_shares
        average = torch.einsum("t,tbkd->bkd", shares, torch.stack(candidates))
    to_centres, squares = _to_centres(products, average)
    cosines = to_centres / squares.sqrt().clamp_min(1e-6)[..., None]
    distances = (squares[..., None] - 2 * to_centres + varies[:, None, :].float()).clamp_min(0.0)
    member = torch.nn.functional.one_hot(_nearest(distances), average.shape[1]).float()
    return similarity_of(
        cosines.transpose(1, 2),
        distances.transpose(1, 2),
        member=member,
        pseudo_style=1 - pseudo_semantic[-1],
        similarity=config.similarity,
        sigma=config.sigma,
    )


def column_products(points: Float[Tensor, "d a"], counts: Float[Tensor, "b a"]) -> Float[Tensor, "b d d"]:
    """Correlation of every column with every column over anchors that count so often.

    These are the inner products of the columns as points, centred and scaled to unit length anew
    on every resample. A column that does not vary has zeros.

    >>> column_products(torch.tensor([[-1.0, 1.0], [2.0, -2.0]]), torch.tensor([[1.0, 3.0]]))
    tensor([[[ 1.0000, -1.0000],
             [-1.0000,  1.0000]]])
    """
    total = counts.sum(dim=1)[:, None, None]
    mean = (counts @ points.T) / counts.sum(dim=1, keepdim=True)
    raw = (points[None] * counts[:, None, :]) @ points.T
    covariance = raw.sub_(total * mean[:, :, None] * mean[:, None, :])  # in place: these are the largest arrays here
    spread = covariance.diagonal(dim1=1, dim2=2).clamp_min(0.0).sqrt()
    scale = torch.where(spread > 1e-6, 1 / spread.clamp_min(1e-6), torch.zeros_like(spread))
    return covariance.mul_(scale[:, :, None]).mul_(scale[:, None, :])


def _first(
    products: Float[Tensor, "b d d"], weight: Float[Tensor, "b d"], n_prototypes: int, generator: torch.Generator
) -> Float[Tensor, "b k d"]:
    """Weighted K-means from several K-means++ starts; of every resample the one with the least inertia."""
    heavy = weight.repeat(STARTS, 1)
    first = _spread_centres(products, heavy, n_prototypes, generator)
    starts = zip(torch.chunk(heavy, STARTS), torch.chunk(first, STARTS), strict=True)  # the products serve all of them
    centres = torch.cat([_lloyd(products, own, spread) for own, spread in starts])
    inertias = []
    for start in torch.chunk(centres, STARTS):
        to_centres, squares = _to_centres(products, start)
        inertias.append((weight * (squares[..., None] - 2 * to_centres).amin(dim=1)).sum(dim=1))
    inertia = torch.stack(inertias)
    best = inertia.argmin(dim=0)
    return centres.view(STARTS, len(products), *centres.shape[1:])[best, torch.arange(len(products))]


def _spread_centres(
    products: Float[Tensor, "b d d"], weight: Float[Tensor, "s d"], n_prototypes: int, generator: torch.Generator
) -> Float[Tensor, "s k d"]:
    """K-means++: columns as first centres, each drawn by weight times squared distance to the nearest one so far.

    Rows of `weight` are all resamples of the first start, then those of the next.
    """
    resample = torch.arange(len(weight)) % len(products)
    length = products.diagonal(dim1=1, dim2=2)[resample]
    nearest = torch.full_like(length, torch.inf)
    chances, chosen = weight, []
    for _ in range(n_prototypes):
        drawn = torch.multinomial(chances, 1, generator=generator)
        chosen.append(drawn)
        to_drawn = products[resample, drawn[:, 0]]
        nearest = torch.minimum(nearest, (length - 2 * to_drawn + length.gather(1, drawn)).clamp_min(0.0))
        spread = weight * nearest
        chances = torch.where(spread.sum(dim=1, keepdim=True) > EMPTY, spread, weight)
    return torch.nn.functional.one_hot(torch.cat(chosen, dim=1), products.shape[1]).to(products.dtype)


def _lloyd(
    products: Float[Tensor, "b d d"], weight: Float[Tensor, "b d"], centres: Float[Tensor, "b k d"]
) -> Float[Tensor, "b k d"]:
    """Weighted K-means from given centres; a centre is kept as its shares in the columns.

    A few resamples at a time: their products stay in the cache, and none waits for others to settle.
    """
    size = max(1, LLOYD_VALUES // products.shape[1] ** 2)
    parts = zip(*(torch.split(side, size) for side in (products, weight, centres)), strict=True)
    return torch.cat([_settled(*part) for part in parts])


def _settled(
    products: Float[Tensor, "b d d"], weight: Float[Tensor, "b d"], centres: Float[Tensor, "b k d"]
) -> Float[Tensor, "b k d"]:
    before: Int[Tensor, "b d"] | None = None
    for _ in range(LLOYD_STEPS):
        to_centres, squares = _to_centres(products, centres)
        nearest = _nearest(squares[..., None] - 2 * to_centres)
        if before is not None and torch.equal(nearest, before):
            break
        before = nearest
        member = torch.nn.functional.one_hot(nearest, centres.shape[1]).to(products.dtype).transpose(1, 2)
        centres = _means(member, weight, fallback=centres)
    return centres


def _nearest(distances: Float[Tensor, "b k d"]) -> Int[Tensor, "b d"]:
    """The centre of least distance, of equals the first: `argmin`, which takes many times as long over few rows.

    >>> _nearest(torch.tensor([[[3.0, 1.0], [2.0, 1.0], [2.0, 5.0]]]))
    tensor([[1, 0]])
    """
    least = distances[:, 0].clone()
    nearest = torch.zeros_like(least, dtype=torch.int64)
    for centre, distance in enumerate(distances.unbind(dim=1)):
        nearest.masked_fill_(distance < least, centre)
        torch.minimum(least, distance, out=least)
    return nearest


def _to_centres(
    products: Float[Tensor, "b d d"], centres: Float[Tensor, "b k d"]
) -> tuple[Float[Tensor, "b k d"], Float[Tensor, "b k"]]:
    """Inner product of every centre with every column, and the squared length of every centre."""
    to_centres = centres @ products
    return to_centres, (to_centres * centres).sum(dim=-1).clamp_min(0.0)


def _means(
    member: Float[Tensor, "b k d"], weight: Float[Tensor, "b d"], *, fallback: Float[Tensor, "b k d"]
) -> Float[Tensor, "b k d"]:
    """Weighted means of the members; a centre without weight stays where it was."""
    pull = member * weight[:, None, :]
    mass = pull.sum(dim=2, keepdim=True)
    return torch.where(mass > EMPTY, pull / mass.clamp_min(EMPTY), fallback)
