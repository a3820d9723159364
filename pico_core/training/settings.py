"""The settings of trainings: what all with P in the loop have in common, of alignment heads, and of the encoder."""

from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from pico_core.common.errors import SettingError
from pico_core.encoders.small import SmallClipConfig
from pico_core.method.config import MAX_EXPONENT, ConstructionConfig, changed
from pico_core.training.heads import HeadConfig
from pico_core.training.schemes import LOOP_SCHEMES

Settings = TypeVar("Settings")
Loop = TypeVar("Loop", bound="LoopConfig")


@dataclass(frozen=True)
class LoopConfig:
    """How P is made anew in every epoch, whatever it is that is trained.

    Attributes:
        weighting: The scheme that P of the loop comes from; see `schemes.LOOP_SCHEMES`.
        vector_rate: Learning rate of the trained weight vector ("learned"): at the rate of the model it could
            not move away from 1 in a short training, and would be no rival.
        epoch_patience: Stop after so many epochs without a better feedback rSum; 0 = never.
        strength: P proportional to p ** strength. The paper's is 1.
        anchor_images: At most so many images of the fit split go into one construction.
        feedback_images: At most so many images of the feedback split are asked by one construction.
        construction: The method inside the loop. Few iterations: it runs in every epoch.
        seed: Decides the first weights, the batches, the samples and everything in the construction.
    """

    weighting: str = "pico"
    vector_rate: float = 1e-2
    epoch_patience: int = 0
    strength: float = 1.0
    anchor_images: int = 256
    feedback_images: int = 100
    construction: ConstructionConfig = field(default_factory=lambda: ConstructionConfig(n_iterations=4))
    seed: int = 0

    def __post_init__(self) -> None:
        self.require(self.weighting in LOOP_SCHEMES, "weighting", f"one of {', '.join(LOOP_SCHEMES.names)}")
        for name in ("anchor_images", "feedback_images"):
            self.require(getattr(self, name) >= 2, name, "at least 2")
        self.require(0 < self.vector_rate < 1, "vector_rate", "more than 0 and less than 1")
        self.require(self.epoch_patience >= 0, "epoch_patience", "0 or more")
        self.require(0 < self.strength <= MAX_EXPONENT, "strength", f"more than 0 and at most {MAX_EXPONENT}")
        self.require(0 <= self.seed < 2**32, "seed", f"0 to {2**32 - 1}")

    def require(self, holds: bool, name: str, expected: str) -> None:
        """Refuse a setting by name.

        Raises:
            SettingError: it does not hold.
        """
        if not holds:
            raise SettingError(f"{name} is {getattr(self, name)}; expected {expected}")

    @property
    def method(self) -> ConstructionConfig:
        """The construction; where nobody asks the guard, one strength is enough."""
        guarded = self.weighting == "guarded"
        return self.construction if guarded else replace(self.construction, strengths=(self.strength,))

    def with_settings(self: Loop, settings: dict[str, Any]) -> Loop:
        """Change settings by name, of the training or of a part of it; texts are parsed.

        Raises:
            SettingError: no such setting, or a value it cannot have. The message lists the names.
        """
        known = _names(self)
        unknown = sorted(set(settings) - known)
        if unknown:
            raise SettingError(
                f"there is no setting {unknown[0]!r} of a training; the settings are {', '.join(sorted(known))}"
            )
        return _changed(self, settings)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class AlignmentConfig(LoopConfig):
    """How alignment heads are trained.

    Attributes:
        head: The shape of both heads.
        n_epochs: Times that every text of the fit split is seen.
        batch_size: Matched pairs at a time; the others of a batch are the negatives.
        learning_rate: Of AdamW. 2e-4 as the paper's sister works and its strongest baseline.
        weight_decay: Of AdamW, on the matrices of the heads.
        hinge_margin: Of the loss.
        n_training_images: At most so many images of the fit split are trained on; 0 = all.

    >>> AlignmentConfig().with_settings({"n_epochs": "3", "kind": "mlp", "n_prototypes": "4"}).head.kind
    'mlp'
    """

    head: HeadConfig = field(default_factory=HeadConfig)
    n_epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 2e-4
    weight_decay: float = 1e-4
    hinge_margin: float = 0.2
    n_training_images: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.require(self.n_epochs >= 1, "n_epochs", "at least 1")
        self.require(self.batch_size >= 2, "batch_size", "at least 2")
        self.require(0 < self.learning_rate < 1, "learning_rate", "more than 0 and less than 1")
        for name in ("weight_decay", "hinge_margin"):
            self.require(0 <= getattr(self, name) <= 10, name, "0 to 10")
        self.require(self.n_training_images >= 0, "n_training_images", "0 or more")


def _names(config: Any) -> set[str]:
    """Every setting of a settings class, those of its parts included."""
    values = {f.name: getattr(config, f.name) for f in fields(config)}
    nested = {name: value for name, value in values.items() if is_dataclass(value)}
    return set(values) - set(nested) | {name for value in nested.values() for name in _names(value)}


def _changed(config: Settings, settings: dict[str, Any]) -> Settings:
    """Change settings where they belong; one that two parts have is changed in both."""
    values = {f.name: getattr(config, f.name) for f in fields(config)}  # type: ignore[arg-type]
    nested = {name: value for name, value in values.items() if is_dataclass(value)}
    parts = {name: _changed(value, settings) for name, value in nested.items()}
    own = {name: value for name, value in settings.items() if name in values and name not in nested}
    return replace(changed(config, own), **parts)  # type: ignore[type-var]


LossName = Literal["contrastive", "hinge", "hinge_sum"]


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
        temperature: What scores are divided by at the start; it is learned. The hinge has none.
        seed: Decides the first weights, the order and the captions.
        loss: "contrastive" (InfoNCE); "hinge": the sum of violations in the first epoch, the hardest after it; or
            "hinge_sum": the sum in every epoch (from random weights the hardest can end in a collapse).
        hinge_margin: Of the hinge.
    """

    model: SmallClipConfig = field(default_factory=SmallClipConfig)
    n_epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    warm_up: float = 0.1
    temperature: float = 0.07
    seed: int = 0
    loss: LossName = "contrastive"
    hinge_margin: float = 0.2

    def __post_init__(self) -> None:
        if self.n_epochs < 1 or self.batch_size < 2:
            raise SettingError(
                f"n_epochs is {self.n_epochs} and batch_size {self.batch_size}; expected at least 1 and at least 2"
            )
        if not 0 <= self.warm_up <= 1:
            raise SettingError(f"warm_up is {self.warm_up}; expected a share, 0 to 1")
        if not 0 < self.learning_rate < 1:
            raise SettingError(f"learning_rate is {self.learning_rate}; expected more than 0 and less than 1")
        if self.loss not in get_args(LossName):
            raise SettingError(f"loss is {self.loss!r}; choose one of {', '.join(get_args(LossName))}")
        if not 0 <= self.hinge_margin <= 10:
            raise SettingError(f"hinge_margin is {self.hinge_margin}; expected 0 to 10")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; of the hinge only where it is the loss, as before there was one."""
        values = asdict(self)
        if self.loss == "contrastive":
            del values["loss"], values["hinge_margin"]
        return values


@dataclass(frozen=True)
class EncoderConfig(LoopConfig):
    """How the small encoder is trained with the weighting in the loop.

    Attributes:
        training: Everything but the weighting; its seed is that of the loop.

    >>> EncoderConfig().with_settings({"loss": "hinge", "embed_dim": "16", "gamma": "1"}).training.model.embed_dim
    16
    """

    training: TrainingConfig = field(default_factory=TrainingConfig)

    @property
    def seeded(self) -> TrainingConfig:
        """The training with the seed of the loop."""
        return replace(self.training, seed=self.seed)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; the seed once."""
        values = asdict(self) | {"training": self.training.to_dict()}
        del values["training"]["seed"]
        return values
