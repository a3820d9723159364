"""The built-in demo, made once and committed: planted pairs, their truth, two finished runs, maps.

Everything the first page shows is read from files, so that nothing is computed on a first visit.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch

from pico_core.analysis.subspaces import umap_frame
from pico_core.axes import Columns
from pico_core.data.files import save_pairs
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.errors import DataError
from pico_core.method.config import StudyConfig
from pico_core.runs import save_run
from pico_core.study import run_study, study_splits

DATASET, TRUTH, MAPS = "dataset", "truth.parquet", "umap.parquet"
DEMO = PlantedConfig(n_images=600, style_strength=2.0)
SEED = 0


@dataclass(frozen=True)
class DemoFiles:
    """Where the parts of a demo lie below its folder."""

    folder: Path

    @property
    def dataset(self) -> Path:
        """The native dataset."""
        return self.folder / DATASET

    @property
    def truth(self) -> Path:
        """The planted semantic share of every column."""
        return self.folder / TRUTH

    @property
    def maps(self) -> Path:
        """UMAP coordinates of both spaces."""
        return self.folder / MAPS

    def run(self, basis: str) -> Path:
        """The finished run in one basis."""
        return self.folder / f"run-{basis}"


def build_demo(folder: Path) -> DemoFiles:
    """Make the planted demo anew; the same code and versions give the same files."""
    files = DemoFiles(folder)
    folder.mkdir(parents=True, exist_ok=True)
    planted = planted_pairs(DEMO, seed=SEED)
    save_pairs(planted.pairs, files.dataset)
    share = planted.semantic_share
    write_truth(share, files.truth)
    given = run_study(planted.pairs, StudyConfig(seed=SEED), truth=share)
    save_run(given, files.run("given"))
    save_run(run_study(planted.pairs, StudyConfig(seed=SEED, basis="cross")), files.run("cross"))
    test = study_splits(planted.pairs, given.config, given.basis).test
    umap_frame(test, given.construction.probabilities, seed=SEED).write_parquet(files.maps)
    return files


def write_truth(share: Columns, path: Path) -> None:
    """Write the planted semantic share, one row per column."""
    pl.DataFrame({"column": list(range(len(share))), "semantic_share": share.tolist()}).write_parquet(path)


def read_truth(path: Path, n_columns: int) -> Columns:
    """Read what `write_truth` wrote.

    Raises:
        DataError: damaged, or of another number of columns.
    """
    try:
        share = pl.read_parquet(path)["semantic_share"].cast(pl.Float64).to_list()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(f"{path.name}: cannot be read ({error}); remove it or make the data again") from None
    if len(share) != n_columns or None in share:
        raise DataError(f"{path.name}: {len(share)} rows; expected one per column, {n_columns}")
    return torch.tensor(share, dtype=torch.float32)
