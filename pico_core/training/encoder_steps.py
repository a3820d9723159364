"""The steps of a training of the small encoder: one picture with one of its captions, a batch at a time."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from jaxtyping import Float, Int
from torch import Tensor

from pico_core.axes import Columns
from pico_core.data.scenes import Scenes
from pico_core.encoders.small import small_clip, small_pixels
from pico_core.encoders.towers import image_output, text_output
from pico_core.errors import DataError
from pico_core.kernels.losses import batch_scores, hinge_loss, late_interaction_loss
from pico_core.training.decay import decay_groups
from pico_core.training.encoder_settings import TrainingConfig
from pico_core.training.scene_inputs import SceneInputs, tokens_of
from pico_core.training.weighting import WeightVector

LEAST_TEMPERATURE: Final = 0.01  # as CLIP clips its own


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


@dataclass(eq=False)
class EncoderRun:
    """A small CLIP that learns from scenes.

    Attributes:
        model: The CLIP.
        vector: A trained rival of P, if any.
        optimiser: Of both.
        inputs: The training scenes.
        config: Settings.
        device: Where the model lies.
    """

    model: Any
    vector: WeightVector | None
    optimiser: torch.optim.AdamW
    inputs: SceneInputs
    config: TrainingConfig
    device: str

    @classmethod
    def begin(
        cls,
        scenes: Scenes,
        vocabulary: Sequence[int],
        config: TrainingConfig,
        *,
        device: str = "cpu",
        vector_rate: float | None = None,
    ) -> "EncoderRun":
        """A model with random weights; with `vector_rate` a weight vector is trained along.

        Raises:
            DataError: the pictures have another size, or do not fill one batch.
        """
        inputs = SceneInputs.of(scenes, vocabulary, config.model)
        if len(inputs.pixels) < config.batch_size:
            raise DataError(f"{len(inputs.pixels)} pictures do not fill one batch of {config.batch_size}; give more")
        model = small_clip(config.model, n_words=len(vocabulary), seed=config.seed)
        model.logit_scale.data.fill_(math.log(1 / config.temperature))
        model = model.to(device).train()
        vector = None if vector_rate is None else WeightVector(config.model.embed_dim).to(device)
        groups = decay_groups(model, config.weight_decay)
        optimiser = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.98))
        if vector is not None:
            optimiser.add_param_group({"params": [vector.free], "weight_decay": 0.0, "peak": vector_rate})
        return cls(model, vector, optimiser, inputs, config, device)

    @property
    def per_epoch(self) -> int:
        """Steps of an epoch; pictures that do not fill a batch sit it out."""
        return len(self.inputs.pixels) // self.config.batch_size

    def steps(self, epoch: int, *, weights: Callable[[], Columns] | None = None) -> Iterator[Step]:
        """The steps of one epoch, counted from 0, each done when it is given out.

        Args:
            epoch: Decides order and captions, and is the first of the hinge if it is 0.
            weights: P of every batch; None = all ones.

        Raises:
            DataError: the loss stops being a number.
        """
        config, total = self.config, self.per_epoch * self.config.n_epochs
        drawn = drawn_pairs(self.inputs.captions, seed=config.seed, epoch=epoch)
        for k in range(self.per_epoch):
            images, texts = drawn[k * config.batch_size : (k + 1) * config.batch_size].T
            step = epoch * self.per_epoch + k
            for group in self.optimiser.param_groups:
                group["lr"] = group.get("peak", config.learning_rate) * _rate(step, total, config.warm_up)
            loss = self._loss(images, texts, None if weights is None else weights(), later=epoch > 0)
            if not bool(torch.isfinite(loss)):
                raise DataError(f"the loss is {loss.item()} at step {step + 1}; lower the learning rate")
            self.optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimiser.step()
            self.model.logit_scale.data.clamp_(max=math.log(1 / LEAST_TEMPERATURE))
            yield Step(step + 1, total, loss.item())

    def _loss(
        self, images: Int[Tensor, " b"], texts: Int[Tensor, " b"], weights: Columns | None, *, later: bool
    ) -> Float[Tensor, ""]:
        device = self.device
        patches = tokens_of(image_output(self.model, small_pixels(self.inputs.pixels[images]).to(device)).tokens)
        words = tokens_of(text_output(self.model, self.inputs.words[texts].to(device)).tokens)
        real = self.inputs.real[texts].to(device)
        used = None if weights is None else weights.to(device)
        if self.config.loss == "contrastive":
            temperature = torch.exp(-self.model.logit_scale)
            return late_interaction_loss(patches, words, text_mask=real, temperature=temperature, weights=used)
        scores = batch_scores(patches, words, text_mask=real, weights=used)
        hardest = later and self.config.loss == "hinge"
        return hinge_loss(scores, images.to(device), margin=self.config.hinge_margin, hardest=hardest)


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
