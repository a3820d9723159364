"""The loop with the weighting in it, whatever it trains: seeded, and resumable after every epoch to the same bits.

Epoch 1: P = 1. From epoch 2 on: P from anchors as the model sees them now. No gradient flows through
P (except through the trained vector, a rival).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from pico_core.common.axes import Columns
from pico_core.common.reporter import SILENT, Cancelled, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.training.checkpoints import Progress, keep, resume
from pico_core.training.records import Epoch, TrainingEnd
from pico_core.training.settings import LoopConfig
from pico_core.training.weighting import EpochWeights, ItemsNow, Measure, Weigher, WeightVector, as_iteration


def decay_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """The parameters of a model as two groups of an optimiser.

    Source: usual practice for transformers.

    >>> [(len(group["params"]), group["weight_decay"]) for group in decay_groups(nn.Linear(2, 2), 0.1)]
    [(1, 0.1), (1, 0.0)]
    """
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    free = [p for p in model.parameters() if p.ndim < 2]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": free, "weight_decay": 0.0}]


@runtime_checkable
class Learner(ItemsNow, Protocol):
    """A model that learns, with its splits."""

    @property
    def model(self) -> nn.Module:
        """What is trained."""

    @property
    def vector(self) -> WeightVector | None:
        """The rival of P that is trained along, if any."""

    @property
    def optimiser(self) -> torch.optim.Optimizer:
        """Of both."""

    def feedback(self) -> PairedEmbeddings:
        """The feedback split as the model sees it now."""

    def train_epoch(self, weights: Callable[[], Columns], *, epoch: int) -> float:
        """One pass over the fit split, every batch scored by the weights as they are then; the mean loss."""


@dataclass(frozen=True)
class Keeping:
    """Where a training is kept.

    Attributes:
        path: Written after every epoch; if it is there already, the training goes on from it. None = nowhere.
        key: Everything that decides the training, as a digest.
        first: Kept after the first epoch, which is the same for every weighting, and taken up by whoever comes
            later; None = everyone trains it anew.
        first_key: The same digest without the weighting.
    """

    path: Path | None
    key: str
    first: Path | None = None
    first_key: str = ""


def run_epochs(
    learner: Learner,
    config: LoopConfig,
    *,
    n_epochs: int,
    measure: Measure,
    keeping: Keeping,
    reporter: Reporter = SILENT,
) -> Progress:
    """Train until the last epoch, or until feedback has not improved for long enough.

    Source: the order of things is the paper's; how P is rebuilt cheaply (few iterations, samples) is ours.

    Raises:
        DataError: what is kept is of another training or damaged, feedback is impossible, or the loss
            stops being a number.
        Cancelled: by the reporter, after an epoch was kept.
    """
    state = _taken_up(learner, keeping)
    weigher = Weigher(measure, config)

    def tell() -> None:
        """Keep first, then tell: who stops the training here has lost nothing."""
        if keeping.path is not None:
            keep(keeping.path, keeping.key, state)
        if keeping.first is not None and len(state.epochs) == 2:
            keep(keeping.first, keeping.first_key, state)
        reporter.share(len(state.epochs) / (n_epochs + 1))
        try:
            reporter.step(len(state.epochs) - 1, n_epochs, name="epoch", record=state.epochs[-1])
        except Cancelled:
            if ending(state, config, n_epochs) is None:
                raise Cancelled(
                    f"stopped after epoch {len(state.epochs) - 1} of {n_epochs}, as asked; start it again to go on"
                ) from None

    if not state.epochs:
        began = time.perf_counter()
        ones = torch.ones(learner.n_columns)
        rsum = _rsum(learner, measure, ones)
        state.add(Epoch(0, None, rsum, ones, None, None, time.perf_counter() - began), None)
        tell()
    while ending(state, config, n_epochs) is None:
        began = time.perf_counter()
        index = len(state.epochs)
        weighting = weigher.weights(learner, epoch=index)
        loss = learner.train_epoch(_used(weighting, learner.vector, config, epoch=index), epoch=index)
        weights = weighting.weights if learner.vector is None else learner.vector().detach().cpu()
        rsum = _rsum(learner, measure, weights)
        epoch = _record(index, loss, rsum, weights, weighting, seconds=time.perf_counter() - began)
        before = state.iterations[-1] if state.iterations else None
        state.add(epoch, None if weighting.construction is None else as_iteration(weighting, before))
        if weighting.construction is not None:
            state.columns = weighting.construction.image_columns, weighting.construction.text_columns
        tell()
    return state


def ending(state: Progress, config: LoopConfig, n_epochs: int) -> TrainingEnd | None:
    """Why a training has ended; None = it has not."""
    last = len(state.epochs) - 1
    if config.epoch_patience and last - state.best >= config.epoch_patience:
        return TrainingEnd.PATIENCE
    return TrainingEnd.COMPLETED if last >= n_epochs else None


def _taken_up(learner: Learner, keeping: Keeping) -> Progress:
    """The training where it was kept, else after the first epoch if another weighting kept that, else at its start."""
    state = Progress(learner.model, learner.vector, learner.optimiser)
    if keeping.path is not None and keeping.path.exists():
        resume(keeping.path, keeping.key, state)
    elif keeping.first is not None and keeping.first.exists():
        resume(keeping.first, keeping.first_key, state)
    return state


def _used(
    weighting: EpochWeights, vector: WeightVector | None, config: LoopConfig, *, epoch: int
) -> Callable[[], Columns]:
    """The weights of a batch: fixed over the epoch, but for a trained vector after the first."""
    if vector is not None and epoch > 1:
        return vector
    fixed = torch.ones_like(weighting.weights) if config.weighting == "after" else weighting.weights
    return lambda: fixed


def _record(
    index: int, loss: float, rsum: float, weights: Columns, weighting: EpochWeights, *, seconds: float
) -> Epoch:
    built = weighting.construction
    gain = None if built is None else built.history.iterations[built.best_iteration].gain
    return Epoch(index, loss, rsum, weights, gain, None if built is None else built.guard.accepted, seconds)


def _rsum(learner: Learner, measure: Measure, weights: Columns) -> float:
    return float(measure(learner.feedback())(weights).double().mean())
