"""What a comparison trains, seed by seed: the comparison knows neither heads nor pictures."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pico_core.axes import TextImage
from pico_core.experiments.trainings.settings import Compared
from pico_core.kernels.metrics import QueryRanks
from pico_core.reporter import SILENT, Reporter
from pico_core.training.records import Training
from pico_core.training.settings import LoopConfig, WeightingRule


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


@runtime_checkable
class Subject(Protocol):
    """Data and settings of a comparison."""

    @property
    def name(self) -> str:
        """What people call the data."""

    @property
    def digest(self) -> str:
        """A digest of the data."""

    @property
    def fresh(self) -> bool:
        """Whether every seed has images of its own; splits of one dataset overlap."""

    @property
    def experiment(self) -> str:
        """What people call the comparison."""

    @property
    def basis(self) -> str:
        """Axes in which columns are read."""

    @property
    def compared(self) -> Compared:
        """Variants and seeds."""

    @property
    def loop(self) -> LoopConfig:
        """How every training goes; its weighting and seed are replaced."""

    @property
    def n_epochs(self) -> int:
        """Of every training, at most."""

    def to_dict(self) -> dict[str, Any]:
        """Every setting but variants and seeds, as JSON can hold it."""

    def trial(self, seed: int) -> Trial:
        """Everything of one seed.

        Raises:
            DataError: the data cannot be split so.
        """
