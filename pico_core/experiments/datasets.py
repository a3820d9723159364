"""The datasets of an experiment, opened: built-in demos by name, others by path, with their truth where it is known."""

from dataclasses import dataclass
from pathlib import Path

from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import read_truth
from pico_core.demo.catalogue import demo_of
from pico_core.experiments.config import DatasetChoice
from pico_core.formats import open_pairs
from pico_core.storage.token_files import NEVER


@dataclass(frozen=True, eq=False)
class OpenDataset:
    """A dataset of an experiment.

    Attributes:
        choice: What the file of the experiment says.
        pairs: All of it.
        truth: Planted semantic share of the given columns, where it is known.
    """

    choice: DatasetChoice
    pairs: PairedEmbeddings
    truth: Columns | None = None


def open_dataset(choice: DatasetChoice) -> OpenDataset:
    """Open one.

    Raises:
        DataError: nothing there, or no dataset; says the mend.
    """
    beside = demo_of(choice.data).truth if choice.path is None else choice.path / "truth.parquet"
    pairs = open_choice(choice.data, choice.path)
    return OpenDataset(choice, pairs, read_truth(beside, pairs.n_columns) if beside.is_file() else None)


def open_choice(data: str, path: Path | None) -> PairedEmbeddings:
    """All pairs of a built-in demo, or of what lies at a path.

    Raises:
        DataError: nothing there, or no dataset; says the mend.

    >>> open_choice("planted", None).name
    'Planted columns'
    """
    return open_pairs(demo_of(data).dataset if path is None else path, stream_from=NEVER)
