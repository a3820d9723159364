"""Would another start, or other images, put the columns in the same order? Rank correlations of p.

Source: beyond the paper.
"""

import math
from dataclasses import dataclass

import torch

from pico_core.columns.resampling import construction_draws
from pico_core.columns.summary import rank_agreement
from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.construction import construct
from pico_core.method.history import Construction
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.records import Estimate
from pico_core.retrieval.uncertainty import percentile_estimate

N_SEEDS, N_HALVES = 4, 3
FEWEST_IMAGES = 8  # fewer cannot be halved into two fits that say anything


@dataclass(frozen=True)
class Stability:
    """Spearman's rank correlation between the probabilities of constructions that ought to agree.

    Attributes:
        seeds: With other batches and starts on the same images, one per seed.
        halves: Between two constructions on disjoint halves of the images, one per division.
        resampled: Between the estimate and its resamples: median and central 95 %; None where
            nothing can be resampled.
    """

    seeds: tuple[float, ...]
    halves: tuple[float, ...]
    resampled: Estimate | None


def stability(
    fit: PairedEmbeddings,
    feedback: PairedEmbeddings,
    construction: Construction,
    *,
    seed: int = 0,
    n_seeds: int = N_SEEDS,
    n_halves: int = N_HALVES,
    reporter: Reporter = SILENT,
) -> Stability:
    """Construct again with other seeds, and on both halves of the images, and compare the orders.

    Args:
        fit: The fit split in its basis.
        feedback: The feedback split, the same for all constructions; the test split is not looked at.
        construction: The one under question.
        seed: Of its study; the others follow from it.
        n_seeds: Other seeds.
        n_halves: Divisions into halves.
        reporter: Hears of the share.

    Raises:
        ValueError: the seed is not that of the study.
    """
    draws = construction_draws(fit, construction, seed=seed)  # first: it refuses a seed of another study
    performance = retrieval_feedback(feedback)
    halved = n_halves if fit.n_images >= FEWEST_IMAGES else 0
    planned = n_seeds + 2 * halved
    parts = iter([reporter.part(done / planned, (done + 1) / planned) for done in range(planned)])

    def again(images: PairedEmbeddings, number: int) -> Columns:
        generator = torch.Generator().manual_seed(number)
        return construct(
            images, feedback=performance, config=construction.config, generator=generator, reporter=next(parts)
        ).probabilities

    others = [again(fit, seed + 1 + i) for i in range(n_seeds)]
    halves = []
    for division in range(halved):
        order = torch.randperm(fit.n_images, generator=torch.Generator().manual_seed(seed + division))
        first, second = (fit.select(part.sort().values) for part in order.tensor_split(2))
        halves.append(_rho(again(first, seed), again(second, seed)))
    resampled = None
    if draws is not None:
        rhos = torch.tensor([_rho(draw, construction.probabilities) for draw in draws.probabilities])
        resampled = percentile_estimate(float(rhos.median()), rhos)
    return Stability(tuple(_rho(other, construction.probabilities) for other in others), tuple(halves), resampled)


def _rho(first: Columns, second: Columns) -> float:
    rho = rank_agreement(first, second).rho.value
    return 0.0 if math.isnan(rho) else rho  # an order that does not exist agrees with nothing
