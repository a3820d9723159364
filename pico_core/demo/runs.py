"""The finished runs of a demo, and its maps."""

from pico_core.analysis.spaces.stored import umap_frame
from pico_core.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo.catalogue import BASES, Demo
from pico_core.method.config import StudyConfig
from pico_core.runs import save_run
from pico_core.study import run_study, study_splits


def save_runs(pairs: PairedEmbeddings, demo: Demo, *, truth: Columns | None = None) -> None:
    """Run the default study in both bases and draw the maps of the given columns."""
    for basis in BASES:
        study = run_study(pairs, StudyConfig(basis=basis), truth=truth)
        save_run(study, demo.run(basis))
        if basis == "given":
            test = study_splits(pairs, study.config, study.basis).test
            maps = umap_frame(test, study.construction.probabilities, seed=study.config.seed)
            maps.write_parquet(demo.maps, compression="zstd", compression_level=19, statistics=False)
