"""A small planted dataset on disk, an experiment on it, and its finished grid."""

import pytest

from pico_core.data.planted import write_truth
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import results, run_experiment
from pico_core.formats.native import save_pairs

SMALL = """
name = "small"
sentence = "Does it run?"
seeds = [0, 3]
variants = "all"

[settings]
n_iterations = 3
n_prototypes = 3
n_anchors = 16

[[datasets]]
data = "data"

[[datasets]]
name = "data, cross"
data = "data"
settings = { basis = "cross" }
sweep = false

[sweep]
gamma = [1, 4]
basis = ["pca"]
"""


@pytest.fixture(scope="session")
def place(planted, tmp_path_factory):
    """A folder with a dataset `data` and its truth."""
    folder = tmp_path_factory.mktemp("experiments")
    save_pairs(planted.pairs, folder / "data")
    write_truth(planted.semantic_share, folder / "data" / "truth.parquet")
    (folder / "small.toml").write_text(SMALL)
    return folder


@pytest.fixture
def written(place):
    """Write an experiment beside the dataset and read it."""

    def write(text, name="one.toml"):
        (place / name).write_text(text)
        return read_experiment(place / name)

    return write


@pytest.fixture(scope="session")
def finished(place):
    """The folder of the finished small experiment; read only."""
    run_experiment(read_experiment(place / "small.toml"), place / "finished")
    return place / "finished"


@pytest.fixture(scope="session")
def table(finished):
    return results(finished)
