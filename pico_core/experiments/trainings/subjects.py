"""What a comparison trains, seed by seed: the comparison knows neither heads nor pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from pico_core.common.axes import TextImage
from pico_core.common.reporter import SILENT, Reporter
from pico_core.experiments.trainings.settings import Compared
from pico_core.kernels.metrics import QueryRanks
from pico_core.training.records import Training
from pico_core.training.settings import WeightingRule


@runtime_checkable
class Trial(Protocol):
    """One seed: fit, feedback and test, disjoint by image."""

    @property
    def text_image(self) -> TextImage:
        """The image of every text of the test split."""

    @property
    def n_train(self) -> int:
        """Images of fit and feedback together."""

    def train(
        self, variant: WeightingRule, *, checkpoint: Path, device: str = "cpu", reporter: Reporter = SILENT
    ) -> Training:
        """Train one variant, or go on with it; the test split takes no part."""

    def ranks(self, made: Training | None) -> QueryRanks:
        """Ranks on the test split of a finished training; of None, as everything is before any training."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Data and settings of a comparison.

    Attributes:
        name: What people call the data.
        digest: Of the data.
        fresh: Whether every seed has images of its own; splits of one dataset overlap.
        compared: Variants, seeds and settings.
        trial: Everything of one seed; raises `DataError` where the data cannot be split so.
    """

    name: str
    digest: str
    fresh: bool
    compared: Compared
    trial: Callable[[int], Trial]
