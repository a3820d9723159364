"""The settings of a training of alignment heads."""

from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

from pico_core.errors import SettingError
from pico_core.method.config import MAX_STRENGTH, ConstructionConfig, changed
from pico_core.training.heads import HeadConfig

# none: P = 1. pico: P from the prototypes, anew every epoch. after: the heads are trained with P = 1,
# and PICO's weights only score them. guarded: as pico, past the guard. p_hat: P from the signs alone.
# learned: a vector with a gradient. shuffled: as pico, with the feedback gains in random order.
# permuted: as pico, the weights given to the wrong columns.
WeightingRule = Literal["none", "pico", "after", "guarded", "p_hat", "learned", "shuffled", "permuted"]
RULES: tuple[WeightingRule, ...] = get_args(WeightingRule)


@dataclass(frozen=True)
class AlignmentConfig:
    """How alignment heads are trained.

    Attributes:
        weighting: Where P of the loop comes from.
        head: The shape of both heads.
        n_epochs: Times that every text of the fit split is seen.
        batch_size: Matched pairs at a time; the others of a batch are the negatives.
        learning_rate: Of AdamW. 2e-4 as the paper's sister works and its strongest baseline.
        weight_decay: Of AdamW, on the matrices of the heads.
        vector_rate: Learning rate of the trained weight vector ("learned"): at the rate of the heads it could
            not move away from 1 in a short training, and would be no rival.
        hinge_margin: Of the loss.
        epoch_patience: Stop after so many epochs without a better feedback rSum; 0 = never.
        strength: P proportional to p ** strength. The paper's is 1.
        n_training_images: At most so many images of the fit split are trained on; 0 = all.
        anchor_images: At most so many images of the fit split go into one construction.
        feedback_images: At most so many images of the feedback split are asked by one construction.
        construction: The method inside the loop. Few iterations: it runs in every epoch.
        seed: Decides the first weights, the batches, the samples and everything in the construction.

    >>> AlignmentConfig().with_settings({"n_epochs": "3", "kind": "mlp", "n_prototypes": "4"}).head.kind
    'mlp'
    """

    weighting: WeightingRule = "pico"
    head: HeadConfig = field(default_factory=HeadConfig)
    n_epochs: int = 20
    batch_size: int = 64
    learning_rate: float = 2e-4
    weight_decay: float = 1e-4
    vector_rate: float = 1e-2
    hinge_margin: float = 0.2
    epoch_patience: int = 0
    strength: float = 1.0
    n_training_images: int = 0
    anchor_images: int = 256
    feedback_images: int = 100
    construction: ConstructionConfig = field(default_factory=lambda: ConstructionConfig(n_iterations=4))
    seed: int = 0

    def __post_init__(self) -> None:
        def require(holds: bool, name: str, expected: str) -> None:
            if not holds:
                raise SettingError(f"{name} is {getattr(self, name)}; expected {expected}")

        require(self.weighting in RULES, "weighting", f"one of {', '.join(RULES)}")
        require(self.n_epochs >= 1, "n_epochs", "at least 1")
        for name in ("batch_size", "anchor_images", "feedback_images"):
            require(getattr(self, name) >= 2, name, "at least 2")
        for name in ("learning_rate", "vector_rate"):
            require(0 < getattr(self, name) < 1, name, "more than 0 and less than 1")
        for name in ("weight_decay", "hinge_margin"):
            require(0 <= getattr(self, name) <= 10, name, "0 to 10")
        for name in ("epoch_patience", "n_training_images"):
            require(getattr(self, name) >= 0, name, "0 or more")
        require(0 < self.strength <= MAX_STRENGTH, "strength", f"more than 0 and at most {MAX_STRENGTH}")
        require(0 <= self.seed < 2**32, "seed", f"0 to {2**32 - 1}")

    @property
    def method(self) -> ConstructionConfig:
        """The construction as this weighting wants it."""
        if self.weighting == "guarded":
            return self.construction
        made = replace(self.construction, strengths=(self.strength,))  # nobody asks the guard: one strength is enough
        return replace(made, rule="shuffled") if self.weighting == "shuffled" else made

    def with_settings(self, settings: dict[str, Any]) -> "AlignmentConfig":
        """Change settings by name, of the training, of the heads or of the construction; texts are parsed.

        Raises:
            SettingError: no such setting, or a value it cannot have. The message lists the names.
        """
        parts: dict[str, Any] = {"": self, "head": self.head, "construction": self.construction}
        names = {part: {f.name for f in fields(config)} - set(parts) for part, config in parts.items()}
        unknown = sorted(set(settings) - set().union(*names.values()))
        if unknown:
            known = ", ".join(sorted(set().union(*names.values())))
            raise SettingError(f"there is no setting {unknown[0]!r} of a training; the settings are {known}")
        made = {
            part: changed(config, {k: v for k, v in settings.items() if k in names[part]})
            for part, config in parts.items()
        }
        whole: AlignmentConfig = made[""]
        return replace(whole, head=made["head"], construction=made["construction"])

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return asdict(self)
