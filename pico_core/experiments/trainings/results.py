"""One finished training on disk: its ranks on the test split, and the numbers that go with them."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from safetensors import safe_open
from safetensors.torch import save_file

from pico_core.common.errors import DataError
from pico_core.kernels.metrics import QueryRanks
from pico_core.storage.atomic import atomic_file
from pico_core.storage.headers import reading, safetensors_headers

FORMAT: Final = "pico-lens trained ranks 1"


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training came to.

    Attributes:
        variant: Its weighting, or "frozen": no training at all.
        seed: Its seed.
        ranks: On the test split.
        best_epoch: Chosen on the feedback split.
        n_epochs: That were done.
        feedback_rsum: Of the best epoch.
        spread: Standard deviation of its weights, whose mean is 1.
        seconds: Of the training.
    """

    variant: str
    seed: int
    ranks: QueryRanks
    best_epoch: int
    n_epochs: int
    feedback_rsum: float
    spread: float
    seconds: float

    @property
    def note(self) -> str:
        """What a reader of the table should know."""
        if self.variant == "frozen":
            return "no training"
        return (
            f"best epoch {self.best_epoch} of {self.n_epochs}, feedback rSum {self.feedback_rsum:.1f}, "
            f"spread of P {self.spread:.2f}"
        )


def save_trained(found: Trained, path: Path) -> None:
    """Write it, whole or not at all."""
    numbers = {name: value for name, value in asdict(found).items() if name != "ranks"}
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(path) as draft:
        save_file(found.ranks._asdict(), draft, metadata={FORMAT: json.dumps(numbers, allow_nan=False)})


def load_trained(path: Path) -> Trained:
    """Read it.

    Raises:
        DataError: it is damaged, or something else.
    """
    with reading(path, "the ranks of a training"):
        safetensors_headers(path)
        with safe_open(path, framework="pt", device="cpu") as stored:
            told = (stored.metadata() or {}).get(FORMAT)
            if told is None:
                raise DataError("it holds no ranks of a training; remove it, and train again")
            ranks = QueryRanks(*(stored.get_tensor(name) for name in QueryRanks._fields))
        return Trained(ranks=ranks, **json.loads(told))
