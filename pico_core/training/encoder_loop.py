"""Train the small encoder on scenes with the weighting in the loop."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from pico_core.common.axes import Columns
from pico_core.common.errors import DataError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.scenes import Scenes
from pico_core.encoders.small import small_clip
from pico_core.training.encoder import EncoderRun, SceneInputs, seen_by
from pico_core.training.loop import Keeping, ending, run_epochs
from pico_core.training.records import TrainedEncoder
from pico_core.training.settings import EncoderConfig
from pico_core.training.weighting import Measure, WeightVector


def train_weighted_encoder(
    scenes: Scenes,
    feedback: Scenes,
    vocabulary: Sequence[int],
    *,
    measure: Measure,
    config: EncoderConfig | None = None,
    checkpoint: Path | None = None,
    first: Path | None = None,
    device: str = "cpu",
    reporter: Reporter = SILENT,
) -> TrainedEncoder:
    """Train the encoder as `train_encoder` does, with P anew in every epoch, and keep the best epoch by feedback.

    No test scenes are given, so none can decide anything. With P = 1 every epoch is that of
    `train_encoder` to the bit; with the same seed the order of the batches is the same for every weighting.

    Args:
        scenes: To train on; anchors are some of them.
        feedback: Scenes of another seed: they choose the epoch, and are asked by the constructions.
        vocabulary: The words it will know, from `vocabulary_of`.
        measure: Pairs to their feedback (rSum of every image).
        config: Settings.
        checkpoint: A file that is written after every epoch; if it is there already, and of the
            same scenes and settings, the training goes on from it.
        first: Another, after the first epoch, which is the same for every weighting: written by the
            first training that comes to it, and taken up by the others.
        device: Where the model lies, such as "cuda". P is made on the CPU.
        reporter: Hears of every epoch as a step, with its record.

    Raises:
        DataError: pictures of another size, the same scenes twice, a checkpoint of another training or damaged,
            feedback is impossible, or the loss stops being a number.
        Cancelled: by the reporter.

    Source: the order of things is the paper's; encoder, scenes and how P is rebuilt cheaply are ours.
    """
    config = config or EncoderConfig()
    if scenes.seed == feedback.seed:
        raise DataError(
            f"training and feedback scenes have the same seed {scenes.seed}; render them with different ones"
        )
    learner = EncoderLearner.over(scenes, feedback, vocabulary, config, device)
    n_epochs = config.training.n_epochs
    key, first_key = (
        _key(scenes, feedback, vocabulary, settings) for settings in (config, replace(config, weighting="none"))
    )
    state = run_epochs(
        learner,
        config,
        n_epochs=n_epochs,
        measure=measure,
        keeping=Keeping(checkpoint, key, first, first_key),
        reporter=reporter,
    )
    model = small_clip(config.training.model, n_words=len(vocabulary), seed=config.seed)
    model.load_state_dict(state.best_model)
    end = ending(state, config, n_epochs)
    assert end is not None
    return TrainedEncoder(
        model=model.eval(),
        weights=state.epochs[state.best].weights,
        best_epoch=state.best,
        epochs=tuple(state.epochs),
        prototypes=state.prototypes,
        end=end,
        config=config,
    )


@dataclass(eq=False)
class EncoderLearner:
    """The small encoder that learns, with its scenes.

    Attributes:
        run: Its steps.
        asked_all: The feedback scenes.
        few_anchors: Training scenes that every construction uses.
        few_asked: Feedback scenes that every construction asks.
    """

    run: EncoderRun
    asked_all: SceneInputs
    few_anchors: SceneInputs
    few_asked: SceneInputs

    @classmethod
    def over(
        cls, scenes: Scenes, feedback: Scenes, vocabulary: Sequence[int], config: EncoderConfig, device: str = "cpu"
    ) -> "EncoderLearner":
        """The encoder at its start, and the scenes that it will be asked about."""
        rate = config.vector_rate if config.weighting == "learned" else None
        run = EncoderRun.begin(scenes, vocabulary, config.seeded, device=device, vector_rate=rate)
        questions = SceneInputs.of(feedback, vocabulary, config.training.model)
        return cls(
            run=run,
            asked_all=questions,
            few_anchors=run.inputs.few(config.anchor_images, seed=config.seed + 1),
            few_asked=questions.few(config.feedback_images, seed=config.seed + 2),
        )

    @property
    def model(self) -> Any:
        """The CLIP."""
        return self.run.model

    @property
    def vector(self) -> WeightVector | None:
        """A trained rival of P, if any."""
        return self.run.vector

    @property
    def optimiser(self) -> torch.optim.AdamW:
        """Of both."""
        return self.run.optimiser

    @property
    def n_columns(self) -> int:
        """Columns of the joint space."""
        return self.run.config.model.embed_dim

    def anchors(self) -> PairedEmbeddings:
        """Training scenes as the encoder sees them now."""
        return seen_by(self.model, self.few_anchors, name="anchors")

    def asked(self) -> PairedEmbeddings:
        """Some feedback scenes as the encoder sees them now."""
        return seen_by(self.model, self.few_asked, name="feedback")

    def feedback(self) -> PairedEmbeddings:
        """All feedback scenes as the encoder sees them now."""
        return seen_by(self.model, self.asked_all, name="feedback")

    def train_epoch(self, weights: Callable[[], Columns], *, epoch: int) -> float:
        """One pass over the training scenes; the mean loss of its batches."""
        losses = [step.loss for step in self.run.steps(epoch - 1, weights=weights)]
        return sum(losses) / len(losses)


def _key(scenes: Scenes, feedback: Scenes, vocabulary: Sequence[int], config: EncoderConfig) -> str:
    """Everything that decides the weights."""
    parts = [asdict(scenes.config), scenes.seed, asdict(feedback.config), feedback.seed]
    text = json.dumps([*parts, list(vocabulary), config.to_dict()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
