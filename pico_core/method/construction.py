"""Prototype iterative construction: batches suggest style prototypes, feedback weighs the suggestions.

draw a batch of matched pairs -> p̂, q̂ -> weighted K-means, warm-started -> candidate prototypes
-> candidate probabilities -> gain on the feedback split -> weight of every candidate -> average
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from pico_core.common.axes import Columns, PerImage
from pico_core.common.reporter import SILENT, Cancelled, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import ConstructionConfig
from pico_core.method.feedback import Feedback, candidate_shares, guard_weights, memoize, relative_gain
from pico_core.method.history import Construction, History, Iteration, ModalityPrototypes, StopReason, StylePrototypes
from pico_core.method.probabilities import agreement_sums, semantic_probabilities, style_similarity, weights_from
from pico_core.method.prototypes import ColumnPoints, assign, cluster_columns, column_points


@dataclass(frozen=True, eq=False)
class Start:
    """What stays the same in every iteration: read once from the fit split and the feedback split.

    Attributes:
        points: Columns over the fixed anchors.
        agreement: Per image the sum of its pairs' sign agreements [n, d].
        texts_per_image: Number of texts of each image.
        reference: Performance of every feedback image at P = 1.
    """

    points: ColumnPoints
    agreement: Float[Tensor, "n d"]
    texts_per_image: Float[Tensor, " n"]
    reference: Float[Tensor, " feedback_images"]

    @property
    def pseudo_semantic(self) -> Columns:
        """p̂ over all pairs."""
        return self.agreement.sum(dim=0) / self.texts_per_image.sum()

    def batch(self, share: float, generator: torch.Generator) -> Columns:
        """p̂ over a random share of the images, drawn without replacement."""
        size = max(1, round(len(self.agreement) * share))
        drawn = torch.randperm(len(self.agreement), generator=generator)[:size]
        return self.agreement[drawn].sum(dim=0) / self.texts_per_image[drawn].sum()


def prepare(
    pairs: PairedEmbeddings, *, feedback: Feedback, config: ConstructionConfig, generator: torch.Generator
) -> Start:
    """Read the columns, the sign agreements and the reference once."""
    return Start(
        points=column_points(pairs, config=config, generator=generator),
        agreement=agreement_sums(pairs),
        texts_per_image=torch.bincount(pairs.text_image, minlength=pairs.n_images).float(),
        reference=feedback(torch.ones(pairs.n_columns)),
    )


def iterate(
    start: Start, *, feedback: Feedback, config: ConstructionConfig, generator: torch.Generator
) -> Iterator[Iteration]:
    """Yield one frozen record per iteration. Ceasing to iterate is how one stops early.

    Source: the loop and the role of feedback are the paper's; see `candidate_shares` and
    `style_similarity` for what is reconstructed.
    """
    reference = float(start.reference.double().mean())
    candidates: list[StylePrototypes] = []
    gains: list[float] = []
    previous: StylePrototypes | None = None
    for index in range(config.n_iterations):
        began = time.perf_counter()
        pseudo = start.batch(config.batch_share, generator)
        candidate = cluster_columns(start.points, 1 - pseudo, start=previous, config=config, generator=generator)
        candidate_probabilities = probabilities_from(start.points, candidate, 1 - pseudo, config)
        candidates.append(candidate)
        gains.append(_gain(candidate_probabilities, reference, feedback))
        shares = candidate_shares(torch.tensor(gains), config=config, generator=generator)
        averaged = average_prototypes(candidates, shares, start.points, (1 - pseudo) ** config.gamma)
        probabilities = probabilities_from(start.points, averaged, 1 - pseudo, config)
        alone = len(candidates) == 1
        yield Iteration(
            index=index,
            pseudo_semantic=pseudo,
            candidate=candidate,
            candidate_probabilities=candidate_probabilities,
            candidate_gain=gains[-1],
            candidate_shares=shares,
            prototypes=averaged,
            probabilities=probabilities,
            gain=gains[0] if alone else _gain(probabilities, reference, feedback),
            shift=_shift(averaged, previous),
            seconds=time.perf_counter() - began,
        )
        previous = averaged


def construct(
    pairs: PairedEmbeddings,
    *,
    feedback: Feedback,
    config: ConstructionConfig | None = None,
    generator: torch.Generator | None = None,
    reporter: Reporter = SILENT,
) -> Construction:
    """Run the construction to its end and keep the best result by feedback.

    Args:
        pairs: The fit split, in the basis whose columns are asked about.
        feedback: Weights [d] to performance of every feedback image; disjoint from fit and test.
        config: Settings.
        generator: All randomness; default seed 0. Same seed, same result, bit for bit, on one machine.
        reporter: Hears of every iteration as a step, with its record; one that raises `Cancelled` there ends the
            construction after this iteration. Its share is that of the questions to feedback.

    Returns:
        `probabilities` (what the instruments show) and guarded `weights` (what retrieval applies).

    Raises:
        ValueError: the unweighted performance on the feedback split is 0.
        SettingError: more prototypes than columns.

    Source: paper, with the reconstructions named in `config`.
    """
    config = config or ConstructionConfig()
    generator = generator or torch.Generator().manual_seed(0)
    feedback = memoize(_counted(feedback, config, reporter))
    start = prepare(pairs, feedback=feedback, config=config, generator=generator)
    steps: list[Iteration] = []
    reason = StopReason.COMPLETED
    for step in iterate(start, feedback=feedback, config=config, generator=generator):
        steps.append(step)
        try:
            reporter.step(len(steps), config.n_iterations, name="iteration", record=step)
        except Cancelled:
            if len(steps) < config.n_iterations:
                reason = StopReason.CANCELLED
                break
        ended = _ended(steps, config)
        if ended is not None:
            reason = ended
            break
    best = max(steps, key=lambda step: step.gain)
    guarded = guard_weights(
        [step.probabilities for step in steps], reference=start.reference, feedback=feedback, config=config
    )
    reporter.share(1.0)
    style = 1 - best.pseudo_semantic
    return Construction(
        probabilities=best.probabilities,
        best_iteration=best.index,
        weights=guarded.weights,
        unguarded_weights=guarded.unguarded_weights,
        guard=guarded.decision,
        pseudo_semantic=start.pseudo_semantic,
        prototypes=best.prototypes,
        image_columns=start.points.image,
        text_columns=start.points.text,
        image_similarity=_similarity(start.points.image, best.prototypes.image, style, config),
        text_similarity=_similarity(start.points.text, best.prototypes.text, style, config),
        reference=float(start.reference.double().mean()),
        history=History(tuple(steps)),
        stop_reason=reason,
        config=config,
    )


def most_questions(config: ConstructionConfig) -> int:
    """How many weights feedback is asked about at most.

    The reference, every candidate, every average but the first (which is its only candidate), and of every average
    the guard's strengths, of which 1 is known.

    >>> most_questions(ConstructionConfig(n_iterations=3, strengths=(1.0, 2.0)))
    9
    """
    return config.n_iterations * (2 + len(set(config.strengths) - {1.0}))


def _counted(feedback: Feedback, config: ConstructionConfig, reporter: Reporter) -> Feedback:
    """The same feedback; every answer is a share of the construction."""
    planned, answered = most_questions(config), 0

    def performance(weights: Columns) -> PerImage:
        nonlocal answered
        answer = feedback(weights)
        answered += 1
        reporter.share(min(1.0, answered / planned))
        return answer

    return performance


def uniform_feedback_probabilities(construction: Construction) -> Columns:
    """The control without feedback: the same candidates, averaged alike, none chosen by performance."""
    steps = construction.history.iterations
    points = ColumnPoints(construction.image_columns, construction.text_columns)
    style = 1 - construction.pseudo_semantic
    shares = torch.full((len(steps),), 1.0 / len(steps))
    averaged = average_prototypes([s.candidate for s in steps], shares, points, style**construction.config.gamma)
    return probabilities_from(points, averaged, style, construction.config)


def average_prototypes(
    candidates: list[StylePrototypes], shares: Float[Tensor, " t"], points: ColumnPoints, weight: Columns
) -> StylePrototypes:
    """mu_t = sum_s omega_s mu^_s, prototype by prototype, with the columns assigned anew."""
    image = torch.einsum("t,tka->ka", shares, torch.stack([c.image.centres for c in candidates]))
    text = torch.einsum("t,tka->ka", shares, torch.stack([c.text.centres for c in candidates]))
    return StylePrototypes(assign(points.image, image, weight), assign(points.text, text, weight))


def probabilities_from(
    points: ColumnPoints, prototypes: StylePrototypes, pseudo_style: Columns, config: ConstructionConfig
) -> Columns:
    """Semantic probability of every column from the prototypes of both modalities."""
    return semantic_probabilities(
        _similarity(points.image, prototypes.image, pseudo_style, config),
        _similarity(points.text, prototypes.text, pseudo_style, config),
        config,
    )


def _similarity(
    points: Tensor, prototypes: ModalityPrototypes, pseudo_style: Columns, config: ConstructionConfig
) -> Columns:
    return style_similarity(
        points, prototypes, pseudo_style=pseudo_style, similarity=config.similarity, sigma=config.sigma
    )


def _gain(probabilities: Columns, reference: float, feedback: Feedback) -> float:
    return relative_gain(float(feedback(weights_from(probabilities)).double().mean()), reference)


def _shift(now: StylePrototypes, before: StylePrototypes | None) -> float:
    if before is None:
        return float("inf")
    image = (now.image.centres - before.image.centres).abs().max()
    return float(torch.maximum(image, (now.text.centres - before.text.centres).abs().max()))


def _ended(steps: list[Iteration], config: ConstructionConfig) -> StopReason | None:
    if config.tol > 0 and steps[-1].shift <= config.tol:
        return StopReason.CONVERGED
    if config.patience > 0:
        best = max(steps, key=lambda step: step.gain).index
        if steps[-1].index - best >= config.patience:
            return StopReason.PATIENCE
    return None
