"""The finished runs of a demo, its maps, and how stable its probabilities are."""

import json
from dataclasses import asdict

from pico_core.columns.stability import Stability, stability
from pico_core.common.axes import Columns
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo.catalogue import BASES, Demo
from pico_core.method.config import StudyConfig
from pico_core.spaces.maps import umap_frame
from pico_core.storage.atomic import write_atomically
from pico_core.storage.structure import structure
from pico_core.studies.runs import save_run
from pico_core.studies.study import Study, run_study, study_part, study_splits


def save_runs(pairs: PairedEmbeddings, demo: Demo, *, truth: Columns | None = None) -> None:
    """Run the default study in both bases and draw the maps of the given columns."""
    for basis in BASES:
        study = run_study(pairs, StudyConfig(basis=basis), truth=truth)
        save_run(study, demo.run(basis))
        save_stability(pairs, study, demo)
        if basis == "given":
            test = study_part(pairs, study.config, "test", study.basis)
            maps = umap_frame(test, study.construction.probabilities, seed=study.config.seed)
            maps.write_parquet(demo.maps, compression="zstd", compression_level=19, statistics=False)


def save_stability(pairs: PairedEmbeddings, study: Study, demo: Demo) -> None:
    """Construct a finished run again from other seeds and halves, and keep what came out beside it."""
    splits = study_splits(pairs, study.config, study.basis)
    result = stability(splits.fit, splits.feedback, study.construction, seed=study.config.seed)
    about = {"digest": study.digest, "config": study.config.to_dict()} | asdict(result)
    write_atomically(demo.stability(study.basis.name), json.dumps(about, indent=1, allow_nan=False).encode())


def load_stability(study: Study, demo: Demo) -> Stability | None:
    """What `save_stability` kept; None where it belongs to other data or other settings."""
    path = demo.stability(study.basis.name)
    if not path.is_file():
        return None
    about = json.loads(path.read_text())
    if (about["digest"], StudyConfig.from_dict(about["config"])) != (study.digest, study.config):
        return None
    return structure(Stability, {name: value for name, value in about.items() if name not in ("digest", "config")})
