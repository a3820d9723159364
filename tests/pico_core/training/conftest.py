"""Tiny pairs and trainings that take a moment."""

from dataclasses import replace

import pytest

from pico_core.common.reporter import SILENT
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.config import ConstructionConfig
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.training.alignment import align
from pico_core.training.settings import AlignmentConfig

SMALL = AlignmentConfig(
    n_epochs=3,
    batch_size=8,
    learning_rate=5e-3,
    construction=ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8),
)


@pytest.fixture(scope="session")
def small():
    """Settings that take a moment."""
    return SMALL


@pytest.fixture(scope="session")
def tiny():
    """Thirty-two planted pairs, two captions each."""
    return planted_pairs(PlantedConfig(n_images=32, n_columns=8, n_patches=3, n_words=4, n_concepts=20), seed=3).pairs


@pytest.fixture(scope="session")
def parts(tiny):
    return tiny.split(seed=0, fit=0.5, feedback=0.25)


@pytest.fixture(scope="session")
def train(parts):
    """Train on the tiny pairs; settings by name."""

    def run(*, fit=None, feedback=None, checkpoint=None, reporter=SILENT, device="cpu", **settings):
        return align(
            fit or parts.fit,
            feedback or parts.feedback,
            measure=retrieval_feedback,
            config=replace(SMALL, **settings),
            checkpoint=checkpoint,
            device=device,
            reporter=reporter,
        )

    return run
