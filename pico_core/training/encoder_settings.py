"""The settings of a training of the small encoder: alone, and with the weighting in the loop."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, get_args

from pico_core.encoders.small import SmallClipConfig
from pico_core.errors import SettingError
from pico_core.training.settings import LoopConfig

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
