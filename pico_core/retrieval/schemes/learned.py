"""A learned weight per column: what gradient descent makes of the same d numbers that the method sets by prototypes."""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.losses import contrastive_loss
from pico_core.kernels.similarity import late_interaction
from pico_core.method.feedback import Feedback


@dataclass(frozen=True)
class LearningConfig:
    """How the weights are learned; none of it was tuned.

    Attributes:
        n_epochs: At most so many passes over the fit images, each with one of its texts.
        patience: Stop after so many epochs without a better feedback score.
        batch_size: Pairs at a time; the others are the negatives.
        learning_rate: Of AdamW.
        weight_decay: Pulls towards equal weights.
        temperature: What scores are divided by.
    """

    n_epochs: int = 30
    patience: int = 8
    batch_size: int = 64
    learning_rate: float = 0.05
    weight_decay: float = 0.01
    temperature: float = 0.05


@dataclass(frozen=True, eq=False)
class LearnedWeights:
    """What was learned.

    Attributes:
        weights: Those of the best epoch by feedback, mean 1.
        best_epoch: Which, from 0.
        feedback: Mean feedback score after every epoch.
    """

    weights: Columns
    best_epoch: int
    feedback: tuple[float, ...]


def learn_weights(
    fit: PairedEmbeddings, *, feedback: Feedback, generator: torch.Generator, config: LearningConfig | None = None
) -> LearnedWeights:
    """Learn P by the contrastive loss on the fit split; stop early by the feedback split.

    P = softplus(theta) / mean softplus(theta), from P = 1 on. The start is no candidate, so that the weights
    may turn out worse than none, as those of every other variant may.

    Args:
        fit: The fit split; the only pairs that the loss sees.
        feedback: Weights to performance per feedback image; only the choice of the epoch sees it.
        generator: Of the order and the captions.
        config: Settings.

    Source: beyond the paper. InfoNCE as in `contrastive_loss`, AdamW (Loshchilov and Hutter, 2019).
    """
    config = config or LearningConfig()
    theta = torch.zeros(fit.n_columns, requires_grad=True)
    optimizer = torch.optim.AdamW([theta], lr=config.learning_rate, weight_decay=config.weight_decay)
    best, best_epoch, scores = torch.ones(fit.n_columns), 0, list[float]()
    for epoch in range(config.n_epochs):
        captions = _one_text_each(fit.text_image, fit.n_images, generator)
        order = torch.randperm(fit.n_images, generator=generator)
        for batch in torch.split(order, config.batch_size):
            if len(batch) < 2:  # a pair alone has no negatives
                continue
            optimizer.zero_grad()
            _loss(fit, batch, captions[batch], _positive(theta), config.temperature).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        weights = _positive(theta).detach()
        scores.append(float(feedback(weights).double().mean()))
        if epoch == 0 or scores[-1] > scores[best_epoch]:
            best, best_epoch = weights, epoch
        elif epoch - best_epoch >= config.patience:
            break
    return LearnedWeights(best, best_epoch, tuple(scores))


def _positive(theta: Columns) -> Columns:
    """Positive weights of mean 1; theta = 0 gives all ones."""
    positive = torch.nn.functional.softplus(theta + math.log(math.e - 1))
    return positive / positive.mean()


def _loss(
    fit: PairedEmbeddings, images: Int[Tensor, " b"], texts: Int[Tensor, " b"], weights: Columns, temperature: float
) -> Float[Tensor, ""]:
    scores = late_interaction(
        fit.image_tokens[images].float(),
        fit.text_tokens[texts].float(),
        image_mask=fit.image_mask[images],
        text_mask=fit.text_mask[texts],
        weights=weights,
    )
    return contrastive_loss(scores, temperature=temperature)


def _one_text_each(text_image: Int[Tensor, " m"], n_images: int, generator: torch.Generator) -> Int[Tensor, " n"]:
    """A random text of every image.

    >>> _one_text_each(torch.tensor([1, 0]), 2, torch.Generator())
    tensor([1, 0])
    """
    shuffled = torch.randperm(len(text_image), generator=generator)
    chosen = torch.empty(n_images, dtype=torch.int64)
    chosen[text_image[shuffled]] = shuffled
    return chosen
