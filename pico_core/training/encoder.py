"""Train the small encoder on scenes: seeded, and resumable after every epoch to the same bits.

Scenes as a small CLIP reads them and as it sees them, and the steps: one picture with one of its captions, a batch
at a time.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import torch
from jaxtyping import Bool, Float, Int, UInt8
from torch import Tensor, nn

from pico_core.common.axes import Columns, TextImage
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Cancelled, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.scenes import Scenes
from pico_core.encoders.small import SmallClipConfig, small_clip, small_pixels
from pico_core.encoders.towers import image_output, text_output
from pico_core.encoders.words import SmallWords
from pico_core.kernels.losses import batch_scores, hinge_loss, late_interaction_loss
from pico_core.training.checkpoints import (
    Checkpoint,
    optimiser_arrays,
    read_checkpoint,
    resume_optimiser,
    write_checkpoint,
)
from pico_core.training.loop import decay_groups
from pico_core.training.settings import TrainingConfig
from pico_core.training.weighting import WeightVector

AT_ONCE: Final = 256  # pictures, or captions, through the model


@dataclass(frozen=True, eq=False)
class SceneInputs:
    """Scenes as a small CLIP reads them.

    Attributes:
        pixels: Pictures of the model's size.
        words: Captions as rows of its vocabulary, those of one picture together.
        real: True = a word, or a piece of one.
        text_image: The picture of every caption.
        ids: Names of the pictures.
    """

    pixels: UInt8[Tensor, "n h w 3"]
    words: Int[Tensor, "m l"]
    real: Bool[Tensor, "m l"]
    text_image: TextImage
    ids: tuple[str, ...]

    @classmethod
    def of(cls, scenes: Scenes, vocabulary: Sequence[int], model: SmallClipConfig) -> "SceneInputs":
        """Scenes cut into words; words that are not in the vocabulary are left out.

        Raises:
            DataError: the pictures have another size, or a caption has no word that is known.
        """
        size = model.image_size
        if scenes.pixels.shape[1:3] != (size, size):
            shape = "x".join(map(str, scenes.pixels.shape[1:3]))
            raise DataError(f"the pictures are {shape} pixels; the model sees {size}x{size}: render them in this size")
        cut = SmallWords(vocabulary, context_length=model.context_length)(scenes.captions)
        empty = (~cut.real.any(dim=1)).nonzero()[:, 0].tolist()
        if empty:
            caption = scenes.captions[empty[0]]
            raise DataError(f"no word of the caption {caption!r} is in the vocabulary; make it of more captions")
        ids = tuple(f"seed {scenes.seed} {name}" for name in scenes.images["id"])
        return cls(scenes.pixels, cut.ids, cut.real, scenes.text_image, ids)

    @property
    def captions(self) -> Int[Tensor, "n c"]:
        """The captions of every picture; all have the same number."""
        return torch.argsort(self.text_image, stable=True).view(len(self.pixels), -1)

    def few(self, n_images: int, *, seed: int) -> "SceneInputs":
        """At most so many pictures at random, in their old order, with all their captions."""
        if n_images >= len(self.pixels):
            return self
        drawn = torch.randperm(len(self.pixels), generator=torch.Generator().manual_seed(seed))[:n_images]
        chosen = drawn.sort().values
        texts = self.captions[chosen].flatten()
        owner = torch.arange(n_images).repeat_interleave(len(texts) // n_images)
        ids = tuple(self.ids[image] for image in chosen.tolist())
        return SceneInputs(self.pixels[chosen], self.words[texts], self.real[texts], owner, ids)


@torch.no_grad()
def seen_by(model: nn.Module, inputs: SceneInputs, *, name: str = "scenes") -> PairedEmbeddings:
    """Scenes as the model sees them now: unit tokens on the CPU in float32, without a gradient.

    Raises:
        DataError: the model gives no tokens, or none that are numbers.
    """
    device = next(model.parameters()).device
    trained, tokens = model.training, {"image": list[Tensor](), "text": list[Tensor]()}
    model.eval()
    for pixels in torch.split(inputs.pixels, AT_ONCE):
        tokens["image"].append(tokens_of(image_output(model, small_pixels(pixels).to(device)).tokens).cpu())
    for words in torch.split(inputs.words, AT_ONCE):
        tokens["text"].append(tokens_of(text_output(model, words.to(device)).tokens).cpu())
    model.train(trained)
    return PairedEmbeddings.from_arrays(
        torch.cat(tokens["image"]),
        torch.cat(tokens["text"]),
        text_mask=inputs.real,
        text_image=inputs.text_image,
        ids=inputs.ids,
        name=name,
    )


def tokens_of(tokens: Any) -> Tensor:
    """Tokens, or the complaint that a model has none.

    Raises:
        DataError: it has none.
    """
    if not isinstance(tokens, Tensor):
        raise DataError("the model gives no tokens; choose another shape")
    return tokens


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


FORMAT: Final = "pico-lens training"


def train_encoder(
    scenes: Scenes,
    vocabulary: Sequence[int],
    *,
    config: TrainingConfig | None = None,
    checkpoint: Path | None = None,
    reporter: Reporter = SILENT,
) -> Any:
    """Train a small CLIP by the contrastive loss of late interaction; the trained model, in evaluation.

    Args:
        scenes: Pictures as large as the model sees them, with captions.
        vocabulary: The words it will know, from `vocabulary_of`.
        config: How.
        checkpoint: A file that is written after every epoch; if it is there already, and of the
            same scenes and settings, the training goes on from it.
        reporter: Hears of every step, with its record.

    Raises:
        DataError: the pictures have another size, a checkpoint is of another training or damaged,
            or the loss stops being a number.
        Cancelled: by the reporter.
    """
    config = config or TrainingConfig()
    run = EncoderRun.begin(scenes, vocabulary, config)
    key = _key(scenes, vocabulary, config)
    first = 0 if checkpoint is None or not checkpoint.exists() else _resume(checkpoint, key, run)
    for epoch in range(first, config.n_epochs):
        for step in run.steps(epoch):
            reporter.share(step.index / step.total)
            try:
                reporter.step(step.index, step.total, name="steps", record=step)
            except Cancelled:
                done = f"{step.index} of {step.total} steps"
                raise Cancelled(f"stopped after {done}, as asked; start it again to go on") from None
        if checkpoint is not None:
            _keep(checkpoint, key, epoch + 1, run.model, run.optimiser)
    return run.model.eval()


def _key(scenes: Scenes, vocabulary: Sequence[int], config: TrainingConfig) -> str:
    """Everything that decides the weights."""
    text = json.dumps([asdict(scenes.config), scenes.seed, list(vocabulary), config.to_dict()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _keep(path: Path, key: str, epochs: int, model: Any, optimiser: torch.optim.AdamW) -> None:
    """Write weights and the optimiser's moments; the old file stays until the new one is whole."""
    arrays = {f"model.{name}": value for name, value in model.state_dict().items()}
    checkpoint = Checkpoint(key, {"epochs": epochs}, arrays | optimiser_arrays(optimiser))
    write_checkpoint(path, checkpoint, kind=FORMAT)


def _resume(path: Path, key: str, run: EncoderRun) -> int:
    """Take up weights and moments again; how many epochs they have seen."""
    checkpoint = read_checkpoint(path, kind=FORMAT, key=key)
    run.model.load_state_dict(checkpoint.family("model."))
    resume_optimiser(run.optimiser, checkpoint)
    return int(checkpoint.record["epochs"])
