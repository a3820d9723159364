"""Train alignment heads with the weighting in the loop: seeded, and resumable after every epoch to the same bits.

Epoch 1: P = 1 and the sum of violations. From epoch 2 on: P from anchors pushed through the heads,
and hardest negatives. No gradient flows through P (except through the trained vector, a rival).
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.kernels.similarity import late_interaction
from pico_core.training.heads import AlignmentHeads
from pico_core.training.keeping import Progress, keep, resume
from pico_core.training.losses import hinge_loss
from pico_core.training.records import Alignment, Epoch, TrainingEnd
from pico_core.training.settings import AlignmentConfig
from pico_core.training.stopping import TrainingStopped
from pico_core.training.weighting import EpochWeights, Measure, Weigher, WeightVector, as_iteration, sampled


def align(
    fit: PairedEmbeddings,
    feedback: PairedEmbeddings,
    *,
    measure: Measure,
    config: AlignmentConfig | None = None,
    checkpoint: Path | None = None,
    device: str = "cpu",
    on_epoch: Callable[[Epoch], bool | None] | None = None,
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
        on_epoch: Told of every epoch; returning False stops.

    Raises:
        DataError: a checkpoint of another training or damaged, feedback is impossible, or the loss
            stops being a number.
        TrainingStopped: `on_epoch` returned False.

    Source: the order of things is the paper's; settings as its sister works and strongest baseline
    have them; how P is rebuilt cheaply (few iterations, samples) is ours.
    """
    config = config or AlignmentConfig()
    key = _key(fit, feedback, config)
    few = sampled(fit, config.n_training_images, seed=config.seed)
    state = _begin(few, config, device)
    if checkpoint is not None and checkpoint.exists():
        resume(checkpoint, key, state)
    weigher = Weigher.over(few, feedback, measure=measure, config=config)
    tokens = replace(few.to(device), image_tokens=few.image_tokens.to(device).float())
    tokens = replace(tokens, text_tokens=few.text_tokens.to(device).float())
    if not state.epochs:
        began = time.perf_counter()
        rsum = _rsum(state.heads, feedback, measure, torch.ones(state.heads.n_columns))
        ones = torch.ones(state.heads.n_columns)
        state.add(Epoch(0, None, rsum, ones, None, None, time.perf_counter() - began), None)
        _tell(on_epoch, state, config, checkpoint, key)
    while (end := _end(state, config)) is None:
        began = time.perf_counter()
        index = len(state.epochs)
        made = weigher.weights(state.heads, epoch=index)
        loss = _train_epoch(state, tokens, made.weights, config, epoch=index)
        weights = made.weights if state.vector is None else state.vector().detach().cpu()
        rsum = _rsum(state.heads, feedback, measure, weights)
        epoch = _record(index, loss, rsum, weights, made, seconds=time.perf_counter() - began)
        before = state.iterations[-1] if state.iterations else None
        state.add(epoch, None if made.construction is None else as_iteration(made, before))
        if made.construction is not None:
            state.columns = made.construction.image_columns, made.construction.text_columns
        _tell(on_epoch, state, config, checkpoint, key)
    return state.result(config, end)


def epoch_batches(n_texts: int, batch_size: int, *, seed: int, epoch: int) -> tuple[Int[Tensor, " b"], ...]:
    """Every text once, in batches of nearly equal size; the order depends on seed and epoch only.

    >>> [len(batch) for batch in epoch_batches(10, 4, seed=0, epoch=1)]
    [5, 5]
    """
    order = torch.randperm(n_texts, generator=torch.Generator().manual_seed(seed * 100_003 + epoch))
    return order.tensor_split(max(1, round(n_texts / batch_size)))


def _begin(fit: PairedEmbeddings, config: AlignmentConfig, device: str) -> Progress:
    heads = AlignmentHeads(fit.n_columns, config.head, seed=config.seed).to(device)
    vector = WeightVector(heads.n_columns).to(device) if config.weighting == "learned" else None
    matrices = [p for p in heads.parameters() if p.ndim >= 2]
    free = [p for p in heads.parameters() if p.ndim < 2]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": free, "weight_decay": 0.0},
    ]
    if vector is not None:
        groups.append({"params": [vector.free], "weight_decay": 0.0, "lr": config.vector_rate})
    return Progress(heads, vector, torch.optim.AdamW(groups, lr=config.learning_rate))


def _train_epoch(
    state: Progress, fit: PairedEmbeddings, weights: Columns, config: AlignmentConfig, *, epoch: int
) -> float:
    """One pass over all texts; the mean loss of its batches."""
    used = torch.ones_like(weights) if config.weighting == "after" else weights
    total, fixed = 0.0, used.to(fit.image_tokens.device)
    batches = epoch_batches(fit.n_texts, config.batch_size, seed=config.seed, epoch=epoch)
    for texts in batches:
        images = fit.text_image[texts]
        learned = state.vector is not None and epoch > 1
        scores = late_interaction(
            state.heads.image(fit.image_tokens[images]),
            state.heads.text(fit.text_tokens[texts]),
            image_mask=fit.image_mask[images],
            text_mask=fit.text_mask[texts],
            weights=state.vector() if learned and state.vector is not None else fixed,
        )
        loss = hinge_loss(scores, images, margin=config.hinge_margin, hardest=epoch > 1)
        if not bool(torch.isfinite(loss)):
            raise DataError(f"the loss is {loss.item()} in epoch {epoch}; lower the learning rate")
        state.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        state.optimiser.step()
        total += loss.item()
    return total / len(batches)


def _record(index: int, loss: float, rsum: float, weights: Columns, made: EpochWeights, *, seconds: float) -> Epoch:
    built = made.construction
    gain = None if built is None else built.history.iterations[built.best_iteration].gain
    return Epoch(index, loss, rsum, weights, gain, None if built is None else built.guard.accepted, seconds)


def _rsum(heads: AlignmentHeads, pairs: PairedEmbeddings, measure: Measure, weights: Columns) -> float:
    return float(measure(heads.through(pairs))(weights).double().mean())


def _end(state: Progress, config: AlignmentConfig) -> TrainingEnd | None:
    last = len(state.epochs) - 1
    if config.epoch_patience and last - state.best >= config.epoch_patience:
        return TrainingEnd.PATIENCE
    return TrainingEnd.COMPLETED if last >= config.n_epochs else None


def _tell(
    on_epoch: Callable[[Epoch], bool | None] | None,
    state: Progress,
    config: AlignmentConfig,
    checkpoint: Path | None,
    key: str,
) -> None:
    """Keep first, then tell: who stops the training here has lost nothing."""
    if checkpoint is not None:
        keep(checkpoint, key, state)
    if on_epoch is not None and on_epoch(state.epochs[-1]) is False and _end(state, config) is None:
        raise TrainingStopped(
            f"stopped after epoch {len(state.epochs) - 1} of {config.n_epochs}, as asked; start it again to go on"
        )


def _key(fit: PairedEmbeddings, feedback: PairedEmbeddings, config: AlignmentConfig) -> str:
    """Everything that decides the heads."""
    told = json.dumps([fit.digest, feedback.digest, config.to_dict()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
