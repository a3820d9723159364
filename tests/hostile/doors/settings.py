"""Doors for settings and results: TOML files, run folders, experiments, trainings, style probes."""

import io
import json
import tempfile
from pathlib import Path

import polars as pl
import torch

from pico_core.cli.options import named_values
from pico_core.cli.printing import out, tell
from pico_core.columns.probe import StyleProbe
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.experiments.config import BUILT_IN, read_experiment
from pico_core.experiments.grid import ABOUT, CELLS, RESULTS, run_experiment
from pico_core.experiments.order import feedback_orders, recorded_runs
from pico_core.experiments.reading import read_outcome, read_trained
from pico_core.experiments.summary import summarise, summary_frame
from pico_core.experiments.sweeps import sweeps_on
from pico_core.experiments.training_list import read_training_list
from pico_core.experiments.training_summary import training_summaries
from pico_core.experiments.verdicts import answer_on, leads_on
from pico_core.formats.native import save_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.export import export_bytes
from pico_core.studies.plain_values import report_json
from pico_core.studies.probes import load_probe, probe_bytes, study_label_probe
from pico_core.studies.runs import load_run, save_run
from pico_core.studies.study import run_study
from tests.hostile.harness import Door

EXPERIMENT = """
name = "small"
sentence = "Does it run?"
seeds = [0, 3]
variants = ["pico", "p_hat"]
settings = { n_iterations = 3, n_prototypes = 3, n_anchors = 16, strengths = [0.25, 1.0] }
sweep = { gamma = [1, 4], basis = ["pca"] }
[[datasets]]
name = "data"
data = "planted"
settings = { basis = "cross" }
sweep = false
"""
TRAININGS = """
name = "trainings"
sentence = "Does it help?"
variants = ["none", "pico"]
seeds = 2
settings = { n_epochs = 3 }
[[comparisons]]
name = "given"
data = "planted"
few = 40
[[comparisons]]
name = "encoder"
scenes = { n_training = 100, tie = 0.95 }
held_out = ["blur"]
"""


def experiment(path: Path) -> None:
    """The file of an experiment."""
    found = read_experiment(path)
    for dataset in found.datasets:
        found.variants_on(dataset)


def trainings(path: Path) -> None:
    """The file of a list of trainings."""
    for one in read_training_list(path).comparisons:
        _ = one.folder, one.n_epochs


def typed_settings(path: Path) -> None:
    """What somebody types behind --set."""
    lines = path.read_bytes().decode(errors="replace").splitlines()
    StudyConfig().with_settings(named_values(lines))


def run(path: Path) -> None:
    """The folder of a run, and what commands and pages ask of it."""
    study = load_run(path.parent)
    _ = study.construction.history.frame(), study.construction.guard.sentence
    for kind in ("csv", "json", "npz"):
        export_bytes(study, kind)  # type: ignore[arg-type]
    json.dumps(report_json(study.report), allow_nan=False)
    with out.capture():
        tell(study.report)


def outcome(path: Path) -> None:
    """The folder of an experiment, as the Experiments page reads it; `looked_at` reckons with its table."""
    summarise(read_outcome(path.parent if path.parent.name != CELLS else path.parent.parent).table)


def looked_at(place: Path) -> None:
    """Results of an experiment, with everything that the page reckons from them."""
    found = read_outcome(place)
    summaries = summarise(found.scored)
    summary_frame(summaries)
    feedback_orders(recorded_runs(found.scored))
    for dataset in found.datasets:
        answer_on(summaries, dataset)
        leads_on(summaries, dataset)
        sweeps_on(found.scored, summaries, dataset)


def trained(path: Path) -> None:
    """Tables of trainings."""
    found = read_trained(path.parent)
    if found is not None:
        training_summaries(found.table, found.curves)


def probe(path: Path) -> None:
    """A style probe."""
    found: StyleProbe = load_probe(path)
    _ = [side.overall.value for side in found.sides], found.frame.height


def written(frame: pl.DataFrame) -> bytes:
    """A table as a file."""
    held = io.BytesIO()
    frame.write_parquet(held)
    return held.getvalue()


def files_of(folder: Path) -> dict[str, bytes]:
    """Files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }


def doors() -> tuple[Door, ...]:
    """All of them."""
    torch.set_num_threads(1)
    planted = planted_pairs(PlantedConfig(n_images=60, n_columns=16), seed=0)
    method = ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=16)
    study = run_study(planted.pairs, StudyConfig(seed=3, basis="cross", construction=method))
    labels = study_label_probe(planted.pairs, study.config, study.basis)
    if labels is None:
        raise AssertionError("planted pairs have style labels")
    with tempfile.TemporaryDirectory() as place:
        save_run(study, Path(place) / "run")
        run_files = files_of(Path(place) / "run")
        save_pairs(planted.pairs, Path(place) / "data")
        small = EXPERIMENT.replace('"planted"', '"data"').replace("[0, 3]", "[0]").replace("[1, 4]", "[1]")
        (Path(place) / "small.toml").write_text(small)
        run_experiment(read_experiment(Path(place) / "small.toml"), Path(place) / "grid")
        grid = files_of(Path(place) / "grid")
    about = json.loads(grid[ABOUT])
    unwritable = [about | {"datasets": [about["datasets"][0] | {"config": [1]}]}]
    unwritable += [about | {"sweep": [{"setting": "gamma", "value": 10**400}]}]
    cell = next(name for name in grid if name.startswith(CELLS))
    tables = {name: pl.read_parquet(BUILT_IN / name) for name in ("training.parquet", "training_curves.parquet")}
    tables = {name: table.filter(pl.col("dataset") == table["dataset"][0]) for name, table in tables.items()}
    return (
        Door("experiment-toml", {"e.toml": EXPERIMENT.encode()}, experiment),
        Door("trainings-toml", {"t.toml": TRAININGS.encode()}, trainings),
        Door("typed-settings", {"typed.txt": b"gamma=2\nstrengths=0.5,1\nbasis=cross"}, typed_settings, named=False),
        Door(
            "run",
            run_files,
            run,
            ("run.json", "report.json", "weights.safetensors", "history.safetensors", "weights.parquet"),
        ),
        Door(
            "experiment",
            grid,
            outcome,
            (ABOUT, cell),
            named=False,
            known=tuple((ABOUT, json.dumps(one).encode()) for one in unwritable),
        ),
        Door("results", {RESULTS: grid[RESULTS]}, looked_at),
        Door("trainings", {name: written(frame) for name, frame in tables.items()}, trained),
        Door("probe", {"p.parquet": probe_bytes(labels)}, probe),
    )
