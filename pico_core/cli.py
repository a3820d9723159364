"""The command line: inspect, import, planted, construct, evaluate, export, replay.

Results go to standard output, progress and errors to standard error. Exit codes: 0 done, 2 bad
input or usage, 3 a replay that differs, 130 interrupted.
"""

import sys
from enum import StrEnum
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from pico_core.axes import Columns
from pico_core.data.files import load_pairs, save_pairs
from pico_core.data.imports import import_arrays
from pico_core.data.inspection import inspect_dataset
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.demo import build_demo, read_truth, write_truth
from pico_core.errors import PicoError, SettingError
from pico_core.export import export_bytes
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.history import Iteration
from pico_core.printing import err, out, say, tell
from pico_core.reports import report_json
from pico_core.runs import TENSORS, check_target, load_run, replay, save_run
from pico_core.study import evaluate_study, run_study

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

INTERRUPTED, DIFFERENT = 130, 3
Data = Annotated[Path, typer.Argument(help="A dataset folder, or an .npz, .safetensors or .pt file.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Decides everything random.")]
Mapping = Annotated[list[str] | None, typer.Option("--map", help="role=array, where names are not common.")]
TextFile = Annotated[Path | None, typer.Option(help="The .npy file of the texts.")]
ImageTable = Annotated[Path | None, typer.Option(help="Parquet or CSV with one row per image.")]
TextTable = Annotated[Path | None, typer.Option(help="Parquet or CSV with one row per text.")]


class Format(StrEnum):
    """Kinds of export."""

    csv = "csv"
    parquet = "parquet"
    npz = "npz"
    safetensors = "safetensors"
    json = "json"


@app.command()
def inspect(
    data: Data,
    mapping: Mapping = None,
    text_file: TextFile = None,
    images: ImageTable = None,
    texts: TextTable = None,
    as_json: Json = False,
) -> None:
    """Say what lies in a file or folder, and every problem found; exit code 2 where there is one."""
    found = inspect_dataset(data, mapping=_pairs_of(mapping), text_path=text_file, images=images, texts=texts)
    values: dict[str, Any] = {
        "path": str(found.path),
        "format": found.format,
        "arrays": {a.name: {"shape": list(a.shape), "dtype": a.dtype, "role": a.role} for a in found.arrays},
        "n_images": found.n_images,
        "n_texts": found.n_texts,
        "n_columns": found.n_columns,
        "storage": found.storage,
        "texts_per_image": found.texts_per_image and list(found.texts_per_image),
        "digest": found.digest,
        "problems": list(found.problems),
    }
    say(values, as_json=as_json)
    if found.problems:
        raise typer.Exit(2)


@app.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(help="Embeddings of another program.")],
    target: Annotated[Path, typer.Option("--out", help="Dataset folder to write.")],
    mapping: Mapping = None,
    text_file: TextFile = None,
    images: ImageTable = None,
    texts: TextTable = None,
    as_json: Json = False,
) -> None:
    """Turn arrays of another program into a dataset folder."""
    pairs = import_arrays(
        file, mapping=_pairs_of(mapping), text_path=text_file, images=images, texts=texts, name=target.name
    )
    save_pairs(pairs, target)
    _made(pairs, target, as_json=as_json)


@app.command()
def planted(
    target: Annotated[Path, typer.Option("--out", help="Dataset folder to write.")],
    style_strength: Annotated[float, typer.Option(help="Size of style beside meaning; 0 = none.")] = 2.0,
    coupling: Annotated[float, typer.Option(help="Probability that a text's style is its image's.")] = 0.0,
    images: Annotated[int, typer.Option(help="Number of images.")] = 800,
    columns: Annotated[int, typer.Option(help="Number of feature columns.")] = 96,
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Make a dataset whose style columns are known; the truth is written beside it."""
    config = PlantedConfig(n_images=images, n_columns=columns, style_strength=style_strength, coupling=coupling)
    made = planted_pairs(config, seed=seed)
    save_pairs(made.pairs, target)
    write_truth(made.semantic_share, target / "truth.parquet")
    _made(made.pairs, target, as_json=as_json)


@app.command()
def construct(
    data: Data,
    target: Annotated[Path, typer.Option("--out", help="Run folder to write.")],
    seed: Seed = 0,
    settings: Annotated[list[str] | None, typer.Option("--set", help="name=value, any setting.")] = None,
    preset: Annotated[str, typer.Option(help="default, or paper (as far as known).")] = "default",
    as_json: Json = False,
) -> None:
    """Build style prototypes and column weights, and report on the test split."""
    config = StudyConfig(seed=seed, construction=ConstructionConfig.preset(preset)).with_settings(_pairs_of(settings))
    check_target(target)
    pairs = load_pairs(data)
    with Progress(console=err, transient=True, disable=not err.is_terminal) as progress:
        task = progress.add_task("reading the columns", total=1.0)

        def tick(step: Iteration) -> None:
            last = step.index + 1 == config.construction.n_iterations
            words = "guard, test split and controls" if last else f"iteration {step.index + 2}"
            progress.update(task, description=words)

        study = run_study(
            pairs,
            config,
            truth=_truth_of(data, pairs),
            on_iteration=tick,
            on_progress=lambda share: progress.update(task, completed=share),
        )
    save_run(study, target)
    made = study.construction
    if as_json:
        values = report_json(study.report) | {
            "run": str(target),
            "weights_path": str(target / TENSORS),
            "iterations": len(made.history.iterations),
            "stop_reason": made.stop_reason.value,
            "gains": [s.candidate_gain for s in made.history.iterations],
            "feedback_weights": made.history.final_weights.tolist(),
            "guard": made.guard.sentence,
            "seconds": study.seconds,
        }
        say(values, as_json=True)
        return
    tell(study.report)
    out.print(made.guard.sentence)
    out.print(f"{made.stop_reason.value} Saved as {target}.", highlight=False)


@app.command()
def evaluate(
    data: Data, run: Annotated[Path, typer.Option("--run", help="Run folder.")], as_json: Json = False
) -> None:
    """Score the test split of a run again, unweighted, weighted, and every control."""
    pairs = load_pairs(data)
    with err.status("scoring the test split"):
        report = evaluate_study(pairs, load_run(run, pairs), truth=_truth_of(data, pairs))
    if as_json:
        say(report_json(report), as_json=True)
    else:
        tell(report)


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Run folder.")],
    kind: Annotated[Format, typer.Option("--format", help="Kind of file.")] = Format.csv,
    target: Annotated[Path | None, typer.Option("--out", help="File to write; default standard output.")] = None,
    as_json: Json = False,
) -> None:
    """Write the columns of a run for another program."""
    if as_json and target is None:
        raise SettingError("--json describes the written file, so it needs --out FILE")
    study = load_run(run)
    content = export_bytes(study, kind.value)
    if target is None:
        sys.stdout.buffer.write(content)
        return
    target.write_bytes(content)
    say({"file": str(target), "format": kind.value, "n_columns": study.columns.height}, as_json=as_json)


@app.command(name="replay")
def replay_(run: Annotated[Path, typer.Argument(help="Run folder.")], data: Data, as_json: Json = False) -> None:
    """Do a run again from its settings and compare it bit for bit."""
    found = replay(run, load_pairs(data))
    largest = found.largest_difference if isfinite(found.largest_difference) else None
    say({"identical": found.identical, "largest_difference": largest}, as_json=as_json)
    if not found.identical:
        raise typer.Exit(DIFFERENT)


@app.command(hidden=True)
def demo(target: Annotated[Path, typer.Option("--out")] = Path("assets/planted")) -> None:
    """Make the files of the built-in demo anew."""
    build_demo(target)


def main() -> None:
    """Run the command line; a person's mistake is a sentence, never a traceback."""
    try:
        app(prog_name="pico-lens")
    except PicoError as error:
        err.print(f"pico-lens: {error}", markup=False, highlight=False)
        sys.exit(2)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        err.print(f"pico-lens: {place}{error.strerror or error}", markup=False, highlight=False)
        sys.exit(2)
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer has caught the key press, and says nothing itself
            err.print("pico-lens: interrupted; nothing was written")
        raise


def _pairs_of(texts: list[str] | None) -> dict[str, str]:
    for text in texts or []:
        if "=" not in text:
            raise SettingError(f"{text!r} is not of the form name=value")
    split = [text.split("=", 1) for text in texts or []]
    names = [name for name, _ in split]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise SettingError(f"{twice[0]} is given {names.count(twice[0])} times; give it once")
    return dict(split)


def _truth_of(data: Path, pairs: PairedEmbeddings) -> Columns | None:
    path = data / "truth.parquet"
    return read_truth(path, pairs.n_columns) if path.is_file() else None


def _made(pairs: PairedEmbeddings, target: Path, *, as_json: bool) -> None:
    values = {
        "dataset": str(target),
        "n_images": pairs.n_images,
        "n_texts": pairs.n_texts,
        "n_columns": pairs.n_columns,
        "digest": pairs.digest,
    }
    say(values, as_json=as_json)
