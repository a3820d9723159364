"""Train the small encoder on scenes: seeded, and resumable after every epoch to the same bits."""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.data.encoders.small import SmallClipConfig, small_clip, small_pixels
from pico_core.data.encoders.towers import image_output, text_output
from pico_core.data.encoders.words import SmallWords
from pico_core.data.scenes import Scenes
from pico_core.errors import DataError, SettingError
from pico_core.training.checkpoints import (
    Checkpoint,
    optimiser_arrays,
    read_checkpoint,
    resume_optimiser,
    write_checkpoint,
)
from pico_core.training.losses import late_interaction_loss
from pico_core.training.stopping import TrainingStopped

LEAST_TEMPERATURE: Final = 0.01  # as CLIP clips its own
FORMAT: Final = "pico-lens training"


@dataclass(frozen=True)
class TrainingConfig:
    """How the small encoder is trained.

    Attributes:
        model: Its shape.
        n_epochs: Times that every picture is seen, each time with one of its captions.
        batch_size: Pairs at a time; the others of a batch are the negatives.
        learning_rate: The highest, of AdamW; it rises over the first steps and falls as a cosine to 0.
        weight_decay: Of every weight that is a matrix.
        warm_up: Share of the steps over which the rate rises.
        temperature: What scores are divided by at the start; it is learned.
        seed: Decides the first weights, the order and the captions.
    """

    model: SmallClipConfig = field(default_factory=SmallClipConfig)
    n_epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    temperature: float = 0.07
    seed: int = 0

    def __post_init__(self) -> None:
        if self.n_epochs < 1 or self.batch_size < 2:
            raise SettingError(
                f"n_epochs is {self.n_epochs} and batch_size {self.batch_size}; expected at least 1 and at least 2"
            )
        if not 0 <= self.warm_up <= 1:
            raise SettingError(f"warm_up is {self.warm_up}; expected a share, 0 to 1")


@dataclass(frozen=True)
class Step:
    """One step of the training.

    Attributes:
        index: Steps behind us, this one included.
        total: Steps in all.
        loss: Of its batch.
    """

    index: int
    total: int
    loss: float


def train_encoder(
    scenes: Scenes,
    vocabulary: Sequence[int],
    *,
    config: TrainingConfig | None = None,
    checkpoint: Path | None = None,
    on_step: Callable[[Step], bool | None] | None = None,
) -> Any:
    """Train a small CLIP by the contrastive loss of late interaction; the trained model, in evaluation.

    Args:
        scenes: Pictures as large as the model sees them, with captions.
        vocabulary: The words it will know, from `vocabulary_of`.
        config: How.
        checkpoint: A file that is written after every epoch; if it is there already, and of the
            same scenes and settings, the training goes on from it.
        on_step: Told of every step; returning False stops.

    Raises:
        DataError: the pictures have another size, a checkpoint is of another training or damaged,
            or the loss stops being a number.
        TrainingStopped: `on_step` returned False.
    """
    config = config or TrainingConfig()
    size = config.model.image_size
    if scenes.pixels.shape[1:3] != (size, size):
        found = "x".join(map(str, scenes.pixels.shape[1:3]))
        raise DataError(f"the pictures are {found} pixels; the model sees {size}x{size}: render them in this size")
    if len(scenes.pixels) < config.batch_size:
        raise DataError(f"{len(scenes.pixels)} pictures do not fill one batch of {config.batch_size}; give more")
    model = small_clip(config.model, n_words=len(vocabulary), seed=config.seed)
    model.logit_scale.data.fill_(math.log(1 / config.temperature))
    optimiser = _optimiser(model, config)
    words = SmallWords(vocabulary, context_length=config.model.context_length)(scenes.captions)
    owners = _captions_of(scenes)
    per_epoch = len(scenes.pixels) // config.batch_size
    total = per_epoch * config.n_epochs
    key = _key(scenes, vocabulary, config)
    first = 0 if checkpoint is None or not checkpoint.exists() else _resume(checkpoint, key, model, optimiser)
    model.train()
    for epoch in range(first, config.n_epochs):
        drawn = drawn_pairs(owners, seed=config.seed, epoch=epoch)
        for k in range(per_epoch):
            images, texts = drawn[k * config.batch_size : (k + 1) * config.batch_size].T
            step = epoch * per_epoch + k
            for group in optimiser.param_groups:
                group["lr"] = config.learning_rate * _rate(step, total, config.warm_up)
            patches = image_output(model, small_pixels(scenes.pixels[images])).tokens
            tokens = text_output(model, words.ids[texts]).tokens
            if patches is None or tokens is None:
                raise DataError("the model gives no tokens; choose another shape")
            loss = late_interaction_loss(
                patches, tokens, text_mask=words.real[texts], temperature=torch.exp(-model.logit_scale)
            )
            if not bool(torch.isfinite(loss)):
                raise DataError(f"the loss is {loss.item()} at step {step + 1}; lower the learning rate")
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            model.logit_scale.data.clamp_(max=math.log(1 / LEAST_TEMPERATURE))
            if on_step is not None and on_step(Step(step + 1, total, loss.item())) is False:
                raise TrainingStopped(f"stopped after {step + 1} of {total} steps, as asked; start it again to go on")
        if checkpoint is not None:
            _keep(checkpoint, key, epoch + 1, model, optimiser)
    return model.eval()


def _optimiser(model: Any, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW that leaves biases, norms and the temperature without decay."""
    decayed = [p for p in model.parameters() if p.ndim >= 2]
    free = [p for p in model.parameters() if p.ndim < 2]
    groups = [{"params": decayed, "weight_decay": config.weight_decay}, {"params": free, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))


def _rate(step: int, total: int, warm_up: float) -> float:
    """Share of the highest learning rate: a line up, then half a cosine down.

    >>> [round(_rate(step, 10, 0.2), 2) for step in (0, 1, 2, 6, 9)]
    [0.5, 1.0, 1.0, 0.5, 0.04]
    """
    rising = max(1, round(total * warm_up))
    if step < rising:
        return (step + 1) / rising
    return (1 + math.cos(math.pi * (step - rising) / max(1, total - rising))) / 2


def drawn_pairs(captions: Int[Tensor, "n c"], *, seed: int, epoch: int) -> Int[Tensor, "n 2"]:
    """Every picture once in the order of an epoch, with one of its captions; another epoch draws anew.

    >>> drawn_pairs(torch.tensor([[0, 1], [2, 3]]), seed=0, epoch=0)[:, 0].sort().values.tolist()
    [0, 1]
    """
    chance = torch.Generator().manual_seed(seed * 100_003 + epoch)
    order = torch.randperm(len(captions), generator=chance)
    chosen = torch.randint(captions.shape[1], (len(captions),), generator=chance)
    return torch.stack([order, captions[order, chosen[order]]], dim=1)


def _captions_of(scenes: Scenes) -> Int[Tensor, "n c"]:
    """The captions of every picture; all have the same number."""
    each = scenes.config.captions_per_image
    return torch.argsort(scenes.text_image, stable=True).view(len(scenes.pixels), each)


def _key(scenes: Scenes, vocabulary: Sequence[int], config: TrainingConfig) -> str:
    """Everything that decides the weights."""
    told = json.dumps([asdict(scenes.config), scenes.seed, list(vocabulary), asdict(config)], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _keep(path: Path, key: str, epochs: int, model: Any, optimiser: torch.optim.AdamW) -> None:
    """Write weights and the optimiser's moments; the old file stays until the new one is whole."""
    arrays = {f"model.{name}": value for name, value in model.state_dict().items()}
    found = Checkpoint(key, {"epochs": epochs}, arrays | optimiser_arrays(optimiser))
    write_checkpoint(path, found, kind=FORMAT)


def _resume(path: Path, key: str, model: Any, optimiser: torch.optim.AdamW) -> int:
    """Take up weights and moments again; how many epochs they have seen."""
    found = read_checkpoint(path, kind=FORMAT, key=key)
    model.load_state_dict(found.family("model."))
    resume_optimiser(optimiser, found)
    return int(found.record["epochs"])
