"""What is done in a child that may be killed: the steps of the command line, small."""

import time
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import polars as pl
import torch

from pico_core.columns.stability import Stability
from pico_core.data.planted import PlantedConfig
from pico_core.demo import demo_of, planted, runs
from pico_core.encoders import encode_dataset, load_small
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import run_experiment
from pico_core.experiments.heads import ComparisonConfig
from pico_core.experiments.trainings import run_training_comparison
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.retrieval.records import RetrievalReport
from pico_core.storage.atomic import write_atomically
from pico_core.storage.locks import exclusive_lock, lock_inside
from pico_core.studies.export import export_bytes
from pico_core.studies.runs import load_run, save_run
from pico_core.studies.study import evaluate_study, run_study
from pico_core.training.settings import AlignmentConfig

METHOD = ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8)
TRAININGS = ComparisonConfig(
    variants=("pico",),
    seeds=(0,),
    alignment=AlignmentConfig(n_epochs=2, batch_size=16, learning_rate=5e-3, construction=METHOD),
)


def import_dataset(file: Path, target: Path) -> None:
    """As `pico-lens import` does."""
    torch.set_num_threads(1)
    save_pairs(replace(open_pairs(file), name=target.name), target)


def encode(folder: Path, target: Path) -> None:
    """As `pico-lens encode` does."""
    torch.set_num_threads(1)
    encoder = load_small(folder / "encoder.safetensors")
    encode_dataset(encoder, folder / "images", folder / "c.csv", out=target, batch_size=2)


def construct(data: Path, target: Path, seed: int) -> None:
    """As `pico-lens construct` does."""
    torch.set_num_threads(1)
    save_run(run_study(open_pairs(data), StudyConfig(seed=seed, construction=METHOD)), target)


def save_again(run: Path, target: Path) -> None:
    """Save a finished run in another place."""
    save_run(load_run(run), target)


def evaluate(data: Path, run: Path, keep: Path) -> RetrievalReport:
    """As `pico-lens evaluate --keep` does."""
    torch.set_num_threads(1)
    pairs = open_pairs(data)
    return evaluate_study(pairs, load_run(run, pairs), keep=keep)


def export(run: Path, target: Path) -> None:
    """As `pico-lens export` does."""
    write_atomically(target, export_bytes(load_run(run), "csv"))


def experiment(file: Path, folder: Path) -> None:
    """As `pico-lens experiment` does."""
    torch.set_num_threads(1)
    run_experiment(read_experiment(file), folder)


def train(data: Path, folder: Path) -> None:
    """As `pico-lens train` does."""
    torch.set_num_threads(1)
    run_training_comparison(open_pairs(data), TRAININGS, folder)


def build_planted(assets: Path, seed: int) -> None:
    """As `pico-lens demo planted` does, with fewer pairs and iterations, and without what takes long."""
    torch.set_num_threads(1)
    small = PlantedConfig(n_images=32, n_columns=8)
    with (
        patch.multiple(planted, PLANTED=small, SEED=seed),
        patch.multiple(
            runs,
            StudyConfig=lambda basis: StudyConfig(basis=basis, construction=METHOD),
            stability=lambda *_, **__: Stability((), (), None),
            umap_frame=lambda *_, **__: pl.DataFrame({"x": [seed]}),
        ),
    ):
        planted.build_planted(demo_of("planted").within(assets))


def hold(folder: Path, began: Path) -> None:
    """Write a folder for very long."""
    with exclusive_lock(lock_inside(folder), folder):
        began.touch()
        time.sleep(600)
