"""The settings of a training with the weighting in the loop: what all have in common, and those of alignment heads."""

from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, Literal, TypeVar, get_args

from pico_core.errors import SettingError
from pico_core.method.config import MAX_EXPONENT, ConstructionConfig, changed
from pico_core.training.heads import HeadConfig

# none: P = 1. pico: P from the prototypes, anew every epoch. after: the model is trained with P = 1,
# and PICO's weights only score it. guarded: as pico, past the guard. p_hat: P from the signs alone.
# learned: a vector with a gradient. shuffled: as pico, with the feedback gains in random order.
# permuted: as pico, the weights given to the wrong columns.
WeightingRule = Literal["none", "pico", "after", "guarded", "p_hat", "learned", "shuffled", "permuted"]
RULES: tuple[WeightingRule, ...] = get_args(WeightingRule)
Settings = TypeVar("Settings")
Loop = TypeVar("Loop", bound="LoopConfig")


@dataclass(frozen=True)
class LoopConfig:
    """How P is made anew in every epoch, whatever it is that is trained.

    Attributes:
        weighting: Where P of the loop comes from.
        vector_rate: Learning rate of the trained weight vector ("learned"): at the rate of the model it could
            not move away from 1 in a short training, and would be no rival.
        epoch_patience: Stop after so many epochs without a better feedback rSum; 0 = never.
        strength: P proportional to p ** strength. The paper's is 1.
        anchor_images: At most so many images of the fit split go into one construction.
        feedback_images: At most so many images of the feedback split are asked by one construction.
        construction: The method inside the loop. Few iterations: it runs in every epoch.
        seed: Decides the first weights, the batches, the samples and everything in the construction.
    """

    weighting: WeightingRule = "pico"
    vector_rate: float = 1e-2
    epoch_patience: int = 0
    strength: float = 1.0
    anchor_images: int = 256
    feedback_images: int = 100
    construction: ConstructionConfig = field(default_factory=lambda: ConstructionConfig(n_iterations=4))
    seed: int = 0

    def __post_init__(self) -> None:
        self.require(self.weighting in RULES, "weighting", f"one of {', '.join(RULES)}")
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
        """The construction as this weighting wants it."""
        if self.weighting == "guarded":
            return self.construction
        made = replace(self.construction, strengths=(self.strength,))  # nobody asks the guard: one strength is enough
        return replace(made, rule="shuffled") if self.weighting == "shuffled" else made

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
