"""Train the small encoder on scenes: seeded, and resumable after every epoch to the same bits."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import torch

from pico_core.data.scenes import Scenes
from pico_core.reporter import SILENT, Cancelled, Reporter
from pico_core.training.checkpoints import (
    Checkpoint,
    optimiser_arrays,
    read_checkpoint,
    resume_optimiser,
    write_checkpoint,
)
from pico_core.training.encoder_settings import TrainingConfig
from pico_core.training.encoder_steps import EncoderRun

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
    told = json.dumps([asdict(scenes.config), scenes.seed, list(vocabulary), config.to_dict()], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _keep(path: Path, key: str, epochs: int, model: Any, optimiser: torch.optim.AdamW) -> None:
    """Write weights and the optimiser's moments; the old file stays until the new one is whole."""
    arrays = {f"model.{name}": value for name, value in model.state_dict().items()}
    found = Checkpoint(key, {"epochs": epochs}, arrays | optimiser_arrays(optimiser))
    write_checkpoint(path, found, kind=FORMAT)


def _resume(path: Path, key: str, run: EncoderRun) -> int:
    """Take up weights and moments again; how many epochs they have seen."""
    found = read_checkpoint(path, kind=FORMAT, key=key)
    run.model.load_state_dict(found.family("model."))
    resume_optimiser(run.optimiser, found)
    return int(found.record["epochs"])
