"""The small encoder on rendered scenes as the subject of a comparison."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import torch

from pico_core.common.axes import TextImage
from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.data.scenes import Scenes, ScenesConfig, render_scenes
from pico_core.data.scenes.dataset import ALL_STYLES
from pico_core.encoders import vocabulary_of
from pico_core.encoders.small import small_clip
from pico_core.experiments.comparison import Compared, Subject, refuse_decided
from pico_core.kernels.metrics import QueryRanks, query_ranks
from pico_core.method.config import changed
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.scoring import score_pairs
from pico_core.training.encoder import SceneInputs, seen_by
from pico_core.training.encoder_loop import train_weighted_encoder
from pico_core.training.records import TrainedEncoder, Training
from pico_core.training.settings import EncoderConfig

PARTS: Final = ("training", "feedback", "test")
FIRST_SEED: Final = 1000  # of scenes; those below belong to the demos
FIRST: Final = "first.safetensors"  # the epoch that all variants of a seed have in common


@dataclass(frozen=True)
class SceneParts:
    """How many scenes, and what is shifted between training and test.

    Attributes:
        n_training: Scenes to train on.
        n_feedback: Scenes that choose the epoch, made as those of the training: the shift is not known to them.
        n_test: Scenes of the test.
        tie: How often a caption of a training scene is in the register that belongs to the style of its picture.
        test_tie: The same in the test; 0 = style says nothing about the caption.
    """

    n_training: int = 1000
    n_feedback: int = 150
    n_test: int = 200
    tie: float = 0.95
    test_tie: float = 0.0

    def __post_init__(self) -> None:
        for part in PARTS:
            n = getattr(self, f"n_{part}")
            if n < 2:
                raise SettingError(f"n_{part} is {n}; expected at least 2 scenes")
        for name in ("tie", "test_tie"):
            if not 0 <= getattr(self, name) <= 1:
                raise SettingError(f"{name} is {getattr(self, name)}; expected a probability, 0 to 1")


@dataclass(frozen=True)
class SceneComparison(Compared):
    """Settings of a comparison of trainings of the small encoder.

    Attributes:
        scenes: How many, and what is shifted.
        held_out: As of every comparison; the test scenes have no other styles then.
        encoder: How every training goes; its weighting and seed are replaced.

    >>> SceneComparison(held_out=("blur",)).config_of("test").styles
    ('blur',)
    """

    scenes: SceneParts = field(default_factory=SceneParts)
    encoder: EncoderConfig = field(default_factory=EncoderConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        for part in PARTS:
            self.config_of(part)  # refuses what cannot be rendered

    @property
    def experiment(self) -> str:
        """What people call the comparison."""
        return f"encoder, {self.scenes.n_training} scenes" + self.without

    @property
    def loop(self) -> EncoderConfig:
        """How every training goes."""
        return self.encoder

    @property
    def n_epochs(self) -> int:
        """Of every training, at most."""
        return self.encoder.training.n_epochs

    def of(self, variant: str, seed: int) -> EncoderConfig:
        """The settings of one training."""
        return replace(self.encoder, weighting=variant, seed=seed)

    def config_of(self, part: str) -> ScenesConfig:
        """The scenes of a part."""
        unknown = [style for style in self.held_out if style not in ALL_STYLES]
        if unknown or len(self.held_out) >= len(ALL_STYLES):
            refused = repr(unknown[0]) if unknown else "every style"
            raise SettingError(f"{refused} cannot be held out of the scenes; their styles are {', '.join(ALL_STYLES)}")
        test = part == "test"
        seen = tuple(style for style in ALL_STYLES if style not in self.held_out)
        return ScenesConfig(
            n_images=getattr(self.scenes, f"n_{part}"),
            size=self.encoder.training.model.image_size,
            styles=(self.held_out or ALL_STYLES) if test else seen,
            tie=self.scenes.test_tie if test else self.scenes.tie,
        )

    def rendered(self, part: str, seed: int) -> Scenes:
        """The scenes of a part. No two parts or seeds share a scene, as each is drawn from a seed of its own."""
        return render_scenes(self.config_of(part), seed=FIRST_SEED + len(PARTS) * seed + PARTS.index(part))

    def with_settings(self, settings: dict[str, Any]) -> "SceneComparison":
        """Change settings of trainings by name; texts are parsed.

        Raises:
            SettingError: no such setting, or a value it cannot have.
        """
        refuse_decided(settings)
        return replace(self, encoder=self.encoder.with_settings(settings))

    def with_scenes(self, settings: dict[str, Any]) -> "SceneComparison":
        """Change the scenes by name; texts are parsed.

        Raises:
            SettingError: no such setting, or a value it cannot have.
        """
        known = list(asdict(self.scenes))
        unknown = sorted(set(settings) - set(known))
        if unknown:
            raise SettingError(f"there is no setting {unknown[0]!r} of scenes; the settings are {', '.join(known)}")
        return replace(self, scenes=changed(self.scenes, settings))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, without variants and seeds."""
        encoder = self.encoder.to_dict()
        del encoder["weighting"], encoder["seed"]
        return {"scenes": asdict(self.scenes), "held_out": list(self.held_out), "encoder": encoder}


@dataclass(frozen=True, eq=False)
class SceneTrial:
    """One seed; its scenes are rendered when they are asked for, and once."""

    config: SceneComparison
    seed: int

    @cached_property
    def training(self) -> Scenes:
        """Scenes to train on."""
        return self.config.rendered("training", self.seed)

    @cached_property
    def feedback(self) -> Scenes:
        """Scenes that choose the epoch."""
        return self.config.rendered("feedback", self.seed)

    @cached_property
    def test(self) -> Scenes:
        """Scenes of the test."""
        return self.config.rendered("test", self.seed)

    @cached_property
    def vocabulary(self) -> tuple[int, ...]:
        """The words of the training scenes; others are left out of captions."""
        return vocabulary_of(self.training.captions)

    @property
    def text_image(self) -> TextImage:
        """The image of every caption of the test scenes."""
        return self.test.text_image

    @property
    def n_train(self) -> int:
        """Scenes of training and feedback together."""
        return self.config.scenes.n_training + self.config.scenes.n_feedback

    def train(
        self, variant: str, *, checkpoint: Path, device: str = "cpu", reporter: Reporter = SILENT
    ) -> TrainedEncoder:
        """Train the encoder, or go on with it; the first epoch is trained once for all variants."""
        return train_weighted_encoder(
            self.training,
            self.feedback,
            self.vocabulary,
            measure=retrieval_feedback,
            config=self.config.of(variant, self.seed),
            checkpoint=checkpoint,
            first=checkpoint.with_name(FIRST),
            device=device,
            reporter=reporter,
        )

    def ranks(self, training: Training | None) -> QueryRanks:
        """Ranks on the test scenes of a trained encoder, or of one with random weights."""
        shape, vocabulary = self.config.encoder.training.model, self.vocabulary
        if isinstance(training, TrainedEncoder):
            model, weights = training.model, training.weights
        else:
            model = small_clip(shape, n_words=len(vocabulary), seed=self.seed)
            weights = torch.ones(shape.embed_dim)
        pairs = seen_by(model, SceneInputs.of(self.test, vocabulary, shape), name="test")
        return query_ranks(score_pairs(pairs, weights), pairs.text_image)


def scene_subject(config: SceneComparison) -> Subject:
    """The encoder on scenes, which follow from the settings and the seed: no two seeds share one."""
    parts = json.dumps([asdict(config.config_of(part)) for part in PARTS], sort_keys=True)

    def trial(seed: int) -> SceneTrial:
        batch = config.encoder.training.batch_size
        if config.scenes.n_training < batch:
            raise DataError(f"{config.scenes.n_training} training scenes do not fill one batch of {batch}; give more")
        return SceneTrial(config, seed)

    return Subject("scenes", hashlib.sha256(parts.encode()).hexdigest()[:16], True, config, trial)
