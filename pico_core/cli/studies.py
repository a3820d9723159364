"""Commands about studies: construct, repeat, evaluate, export, replay."""

import sys
from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Annotated, Literal

import typer

from pico_core.cli.meter import Meter
from pico_core.cli.options import Data, Json, Preset, Ray, RunFolder, Seed, named_values, open_data
from pico_core.cli.printing import out, say, tell, tell_seeds
from pico_core.cluster import cluster_at
from pico_core.common.axes import Columns
from pico_core.common.errors import SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import read_truth
from pico_core.formats import open_pairs
from pico_core.kernels.arithmetic import Arithmetic
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.storage.atomic import write_atomically
from pico_core.storage.locks import exclusive_lock, lock_beside
from pico_core.studies.export import ExportFormat, export_bytes
from pico_core.studies.plain_values import report_json
from pico_core.studies.runs import TENSORS, check_target, load_run, replay, save_run
from pico_core.studies.seeds import report_over_seeds
from pico_core.studies.study import evaluate_study, run_study

app = typer.Typer()

DIFFERENT = 3


@app.command()
def construct(
    data: Data,
    target: Annotated[Path, typer.Option("--out", help="Run folder to write.")],
    seed: Seed = 0,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value, any setting.")] = None,
    preset: Preset = "default",
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Build style prototypes and column weights, and report on the test split."""
    config = StudyConfig(seed=seed, construction=ConstructionConfig.preset(preset)).with_settings(
        named_values(settings)
    )
    check_target(target)
    folder = target.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with exclusive_lock(lock_beside(folder), target), cluster_at(ray) as cluster, Meter("constructing") as meter:
        opened = [open_data(data, cluster)]
        truth = _truth_of(data, opened[0])
        # Handed over: a study lets go of the whole dataset once it is split.
        study = run_study(opened.pop(), config, truth=truth, reporter=meter, cluster=cluster)
        save_run(study, target)
    construction = study.construction
    if as_json:
        values = report_json(study.report) | {
            "run": str(target),
            "weights_path": str(target / TENSORS),
            "iterations": len(construction.history.iterations),
            "stop_reason": construction.stop_reason.value,
            "gains": [s.candidate_gain for s in construction.history.iterations],
            "feedback_weights": construction.history.final_shares.tolist(),
            "guard": construction.guard.sentence,
            "feedback_sample": None if study.feedback_sample is None else study.feedback_sample.sentence,
            "seconds": study.seconds,
            "notes": list(study.notes),
        }
        say(values, as_json=True)
        return
    tell(study.report)
    if study.feedback_sample is not None:
        out.print(f"Feedback: {study.feedback_sample.sentence} of the feedback split.", highlight=False)
    out.print(construction.guard.sentence)
    out.print(f"{construction.stop_reason.value} Saved as {target}.", highlight=False)


@app.command()
def repeat(
    data: Data,
    seeds: Annotated[int, typer.Option(min=2, max=1000, help="How many seeds, from 0 on.")] = 5,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value, any setting but the seed.")] = None,
    preset: Preset = "default",
    as_json: Json = False,
) -> None:
    """Do the same study with several seeds: how far its result depends on the split and on chance."""
    config = StudyConfig(construction=ConstructionConfig.preset(preset)).with_settings(named_values(settings))
    pairs = open_pairs(data)
    with Meter("repeating") as meter:
        report = report_over_seeds(pairs, config, seeds=range(seeds), truth=_truth_of(data, pairs), reporter=meter)
    if as_json:
        say(asdict(report) | {"sentence": report.sentence}, as_json=True)
    else:
        tell_seeds(report)


@app.command()
def evaluate(
    data: Data,
    run: Annotated[Path, typer.Option("--run", help="Run folder.")],
    precision: Annotated[
        Literal["float32", "bfloat16"],
        typer.Option(help="What is multiplied; bfloat16 is faster where the processor has it."),
    ] = "float32",
    keep: Annotated[
        Path | None, typer.Option(help="Folder where what is counted is kept; interrupted, it goes on from there.")
    ] = None,
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Score the test split of a run again, unweighted, weighted, and every control."""
    with cluster_at(ray) as cluster, Meter("scoring the test split") as meter:
        pairs = open_data(data, cluster)
        report = evaluate_study(
            pairs,
            load_run(run, pairs),
            truth=_truth_of(data, pairs),
            arithmetic=Arithmetic(precision=precision),
            keep=keep,
            reporter=meter,
            cluster=cluster,
        )
    if as_json:
        say(report_json(report), as_json=True)
    else:
        tell(report)


@app.command()
def export(
    run: RunFolder,
    kind: Annotated[ExportFormat, typer.Option("--format", help="Kind of file.")] = "csv",
    target: Annotated[Path | None, typer.Option("--out", help="File to write; default standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Write the columns of a run for another program."""
    if as_json and target is None:
        raise SettingError("--json describes the written file, so it needs --out FILE")
    study = load_run(run)
    content = export_bytes(study, kind)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    write_atomically(target, content)
    say({"file": str(target), "format": kind, "n_columns": study.columns.height}, as_json=as_json)


@app.command(name="replay")
def replay_(run: RunFolder, data: Data, as_json: Json = False) -> None:
    """Do a run again from its settings and compare it bit for bit."""
    comparison = replay(run, open_pairs(data))
    largest = comparison.largest_difference if isfinite(comparison.largest_difference) else None
    say({"identical": comparison.identical, "largest_difference": largest}, as_json=as_json)
    if not comparison.identical:
        raise typer.Exit(DIFFERENT)


def _truth_of(data: Path, pairs: PairedEmbeddings) -> Columns | None:
    path = data / "truth.parquet"
    return read_truth(path, pairs.n_columns) if path.is_file() else None
