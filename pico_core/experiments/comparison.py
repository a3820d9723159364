"""What a comparison of trainings is asked, and what it trains: neither heads nor pictures are known here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from pico_core.common.axes import TextImage
from pico_core.common.errors import SettingError
from pico_core.common.reporter import SILENT, Reporter
from pico_core.kernels.metrics import QueryRanks
from pico_core.training.records import Training
from pico_core.training.schemes import LOOP_SCHEMES, PLAIN
from pico_core.training.settings import LoopConfig

DECIDED = ("weighting", "seed")  # by the comparison, not by a setting


@dataclass(frozen=True)
class Compared:
    """What every comparison of trainings is asked.

    Attributes:
        variants: Weightings of the loop; "none" is trained in any case, as everything is measured against it.
        seeds: Each decides the split, the first weights, the batches and the construction, for all variants alike.
        held_out: Styles that only the test split has; none = an ordinary split.
        basis: Axes in which tokens are read; fitted on the fit split.
    """

    variants: tuple[str, ...] = ("none", "pico", "after", "p_hat", "learned", "shuffled", "permuted")
    seeds: tuple[int, ...] = (0, 1, 2)
    held_out: tuple[str, ...] = ()
    basis: str = "given"

    def __post_init__(self) -> None:
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise SettingError(f"the seeds are {list(self.seeds)}; expected at least one, all different")

    @property
    def ordered(self) -> tuple[str, ...]:
        """The variants, P = 1 first, each once."""
        return tuple(dict.fromkeys((PLAIN, *self.variants)))

    @property
    def without(self) -> str:
        """The styles that are held out, as they end the name of a comparison."""
        return f", held out: {', '.join(self.held_out)}" if self.held_out else ""

    @property
    def experiment(self) -> str:
        """What people call the comparison."""
        raise NotImplementedError

    @property
    def loop(self) -> LoopConfig:
        """How every training goes; its weighting and seed are replaced."""
        raise NotImplementedError

    @property
    def n_epochs(self) -> int:
        """Of every training, at most."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """Every setting but variants and seeds, as JSON can hold it: they may become more later."""
        raise NotImplementedError


@runtime_checkable
class Trial(Protocol):
    """One seed: fit, feedback and test, disjoint by image."""

    @property
    def text_image(self) -> TextImage:
        """The image of every text of the test split."""

    @property
    def n_train(self) -> int:
        """Images of fit and feedback together."""

    def train(self, variant: str, *, checkpoint: Path, device: str = "cpu", reporter: Reporter = SILENT) -> Training:
        """Train one variant, or go on with it; the test split takes no part."""

    def ranks(self, training: Training | None) -> QueryRanks:
        """Ranks on the test split of a finished training; of None, as everything is before any training."""


@dataclass(frozen=True, eq=False)
class Subject:
    """Data and settings of a comparison: what is trained, seed by seed, be it heads or the encoder.

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


def refuse_decided(settings: Iterable[str]) -> None:
    """Refuse settings of a single training.

    Raises:
        SettingError: the comparison decides one of them.
    """
    decided = sorted(set(settings) & set(DECIDED))
    if decided:
        raise SettingError(f"{decided[0]} is decided by the comparison; name variants and seeds instead")


def variants_named(names: Sequence[str]) -> tuple[str, ...]:
    """Names as variants.

    Raises:
        SettingError: there is none of this name.

    >>> variants_named(["pico", "p_hat"])
    ('pico', 'p_hat')
    """
    return tuple(LOOP_SCHEMES[name].name for name in names)
