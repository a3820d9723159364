"""`pico-lens construct` with 16 iterations on 1,000 photographs with 5,000 captions, and where its time goes."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from pico_core.columns.summary import column_table
from pico_core.formats import open_pairs
from pico_core.method.config import StudyConfig
from pico_core.method.construction import construct
from pico_core.retrieval.evaluation import retrieval_feedback, retrieval_report
from pico_core.retrieval.schemes.beside_a_study import report_controls
from pico_core.studies.study import study_basis, study_splits
from tests.bench.suite import Row, benchmark, real_data, skipped

WHAT = "`pico-lens construct`, 16 iterations, 1,000 images x 49, 5,000 texts x 18, 192 columns"


@benchmark("whole job")
def whole_job() -> Iterator[Row]:
    """The command as a person starts it, feedback, report and intervals included; then the same steps one by one."""
    folder = real_data()
    data = None if folder is None else folder / "flickr8k_test1k" / "pairs.npz"
    if data is None or not data.is_file():
        yield skipped(WHAT, "PICO_REAL_DATA names no folder with flickr8k_test1k")
        return
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pico_core", "construct", str(data), "--out", str(Path(scratch, "run"))]
        whole = _seconds(lambda: subprocess.run(command, check=True, capture_output=True))
        command = [*command[:-1], str(Path(scratch, "coarse")), "--set", "precision=bfloat16"]
        coarse = _seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    yield Row(WHAT, whole, "s", mark=20.0, at_most=True, note=WHY)
    note = "the report says how far it agrees with float32, which takes two scorings more"
    yield Row("the same with `--set precision=bfloat16`", coarse, "s", mark=20.0, at_most=True, note=note)
    for step, took in _steps(data):
        yield Row(f"of that, {step}", took, "s")


WHY = "most of it is the matrix product: 22 GFLOP for every question to the feedback split, 163 for the test split"


def _steps(data: Path) -> Iterator[tuple[str, float]]:
    yield (
        "starting Python and loading libraries",
        _seconds(lambda: subprocess.run([sys.executable, "-c", "import pico_core.cli"], check=True)),
    )
    config, asked = StudyConfig(), [0.0]
    began = time.perf_counter()
    splits = study_splits(open_pairs(data), config)
    yield "reading and splitting", time.perf_counter() - began
    score = retrieval_feedback(splits.feedback)

    def feedback(weights):
        began = time.perf_counter()
        found = score(weights)
        asked.append(time.perf_counter() - began)
        return found

    began = time.perf_counter()
    made = construct(
        splits.fit, feedback=feedback, config=config.construction, generator=torch.Generator().manual_seed(config.seed)
    )
    built = time.perf_counter() - began
    yield f"{len(asked) - 1} scorings of the feedback split", sum(asked)
    yield "the rest of the construction", built - sum(asked)
    began = time.perf_counter()
    controls = report_controls(splits.fit, made, seed=config.seed)
    retrieval_report(splits.test, weights=made.weights, controls=controls)
    yield "the report on the test split", time.perf_counter() - began
    basis = study_basis(splits.fit, config)
    yield "the table of columns with its intervals", _seconds(lambda: column_table(splits.fit, made, basis))


def _seconds(job) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
