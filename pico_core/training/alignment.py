"""Train alignment heads on frozen tokens with the weighting in the loop.

Epoch 1: P = 1 and the sum of violations. From epoch 2 on: P from anchors pushed through the heads,
and hardest negatives.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.losses import hinge_loss
from pico_core.kernels.similarity import late_interaction
from pico_core.training.heads import AlignmentHeads
from pico_core.training.loop import Keeping, decay_groups, ending, run_epochs
from pico_core.training.records import Alignment
from pico_core.training.settings import AlignmentConfig
from pico_core.training.weighting import Measure, WeightVector, sampled


def align(
    fit: PairedEmbeddings,
    feedback: PairedEmbeddings,
    *,
    measure: Measure,
    config: AlignmentConfig | None = None,
    checkpoint: Path | None = None,
    device: str = "cpu",
    reporter: Reporter = SILENT,
) -> Alignment:
    """Train alignment heads on the fit split and keep the best epoch by the feedback split.

    No other split is given, so none can decide anything. With the same seed the order of the
    batches is the same for every weighting.

    Args:
        fit: Matched pairs to train on, as frozen tokens.
        feedback: Disjoint from fit and test: chooses the epoch, and is asked by the constructions.
        measure: Pairs to their feedback (rSum of every image).
        config: Settings.
        checkpoint: A file that is written after every epoch; if it is there already, and of the
            same data and settings, the training goes on from it.
        device: Where the heads and the tokens of the fit split lie, such as "cuda". The rest stays on the CPU.
        reporter: Hears of every epoch as a step, with its record.

    Raises:
        DataError: a checkpoint of another training or damaged, feedback is impossible, or the loss
            stops being a number.
        Cancelled: by the reporter.

    Source: the order of things is the paper's; settings as its sister works and strongest baseline
    have them; how P is rebuilt cheaply (few iterations, samples) is ours.
    """
    config = config or AlignmentConfig()
    learner = HeadLearner.over(fit, feedback, config, device)
    state = run_epochs(
        learner,
        config,
        n_epochs=config.n_epochs,
        measure=measure,
        keeping=Keeping(checkpoint, _key(fit, feedback, config)),
        reporter=reporter,
    )
    heads = AlignmentHeads(fit.n_columns, config.head)
    heads.load_state_dict(state.best_model)
    end = ending(state, config, config.n_epochs)
    assert end is not None
    return Alignment(
        heads=heads.eval(),
        weights=state.epochs[state.best].weights,
        best_epoch=state.best,
        epochs=tuple(state.epochs),
        prototypes=state.prototypes,
        end=end,
        config=config,
    )


@dataclass(eq=False)
class HeadLearner:
    """Alignment heads that learn on frozen tokens.

    Attributes:
        model: The heads.
        vector: A trained rival of P, if any.
        optimiser: Of both.
        tokens: The fit split on the device.
        asked_all: The feedback split.
        few_anchors: Items of the fit split that every construction uses.
        few_asked: Items of the feedback split that every construction asks.
        config: Settings.
    """

    model: AlignmentHeads
    vector: WeightVector | None
    optimiser: torch.optim.Optimizer
    tokens: PairedEmbeddings
    asked_all: PairedEmbeddings
    few_anchors: PairedEmbeddings
    few_asked: PairedEmbeddings
    config: AlignmentConfig

    @classmethod
    def over(
        cls, fit: PairedEmbeddings, feedback: PairedEmbeddings, config: AlignmentConfig, device: str = "cpu"
    ) -> "HeadLearner":
        """Heads at their start, and the items that they will be asked about."""
        few = sampled(fit, config.n_training_images, seed=config.seed)
        heads = AlignmentHeads(fit.n_columns, config.head, seed=config.seed).to(device)
        vector = WeightVector(heads.n_columns).to(device) if config.weighting == "learned" else None
        tokens = replace(few.to(device), image_tokens=few.image_tokens.to(device).float())
        return cls(
            model=heads,
            vector=vector,
            optimiser=_optimiser(heads, vector, config),
            tokens=replace(tokens, text_tokens=few.text_tokens.to(device).float()),
            asked_all=feedback,
            few_anchors=sampled(few, config.anchor_images, seed=config.seed + 1),
            few_asked=sampled(feedback, config.feedback_images, seed=config.seed + 2),
            config=config,
        )

    @property
    def n_columns(self) -> int:
        """Columns behind the heads."""
        return self.model.n_columns

    def anchors(self) -> PairedEmbeddings:
        """Items of the fit split through the heads as they are."""
        return self.model.through(self.few_anchors)

    def asked(self) -> PairedEmbeddings:
        """Items of the feedback split through the heads as they are."""
        return self.model.through(self.few_asked)

    def feedback(self) -> PairedEmbeddings:
        """The whole feedback split through the heads as they are."""
        return self.model.through(self.asked_all)

    def train_epoch(self, weights: Callable[[], Columns], *, epoch: int) -> float:
        """One pass over all texts; the mean loss of its batches."""
        fit, config, total = self.tokens, self.config, 0.0
        batches = epoch_batches(fit.n_texts, config.batch_size, seed=config.seed, epoch=epoch)
        for texts in batches:
            images = fit.text_image[texts]
            scores = late_interaction(
                self.model.image(fit.image_tokens[images]),
                self.model.text(fit.text_tokens[texts]),
                image_mask=fit.image_mask[images],
                text_mask=fit.text_mask[texts],
                weights=weights().to(fit.image_tokens.device),
            )
            loss = hinge_loss(scores, images, margin=config.hinge_margin, hardest=epoch > 1)
            if not bool(torch.isfinite(loss)):
                raise DataError(f"the loss is {loss.item()} in epoch {epoch}; lower the learning rate")
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            total += loss.item()
        return total / len(batches)


def epoch_batches(n_texts: int, batch_size: int, *, seed: int, epoch: int) -> tuple[Int[Tensor, " b"], ...]:
    """Every text once, in batches of nearly equal size; the order depends on seed and epoch only.

    >>> [len(batch) for batch in epoch_batches(10, 4, seed=0, epoch=1)]
    [5, 5]
    """
    order = torch.randperm(n_texts, generator=torch.Generator().manual_seed(seed * 100_003 + epoch))
    return order.tensor_split(max(1, round(n_texts / batch_size)))


def _optimiser(heads: AlignmentHeads, vector: WeightVector | None, config: AlignmentConfig) -> torch.optim.AdamW:
    groups = decay_groups(heads, config.weight_decay)
    if vector is not None:
        groups.append({"params": [vector.free], "weight_decay": 0.0, "lr": config.vector_rate})
    return torch.optim.AdamW(groups, lr=config.learning_rate)


def _key(fit: PairedEmbeddings, feedback: PairedEmbeddings, config: AlignmentConfig) -> str:
    """Everything that decides the heads."""
    text = json.dumps([fit.digest, feedback.digest, config.to_dict()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
