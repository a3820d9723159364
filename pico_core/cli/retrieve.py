"""The command that writes what retrieval finds: the best candidates of every query, as a table."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from pico_core.cli.options import Data, Json
from pico_core.cli.printing import err, say
from pico_core.common.errors import SettingError
from pico_core.formats import open_pairs
from pico_core.retrieval.best_candidates import hits_frame, top_candidates
from pico_core.storage.atomic import write_atomically
from pico_core.studies.export import TableFormat, frame_bytes
from pico_core.studies.runs import load_run
from pico_core.studies.study import Study, study_part

app = typer.Typer()
Direction = Literal["image-to-text", "text-to-image"]
Part = Literal["all", "test"]


@app.command()
def retrieve(
    data: Data,
    target: Annotated[Path, typer.Option("--out", help="Table to write: .parquet or .csv.")],
    run: Annotated[Path | None, typer.Option("--run", help="Run folder, for its weights; default unweighted.")] = None,
    direction: Annotated[Direction, typer.Option(help="Who asks, and what is found.")] = "image-to-text",
    top: Annotated[int, typer.Option(min=1, help="Candidates per query.")] = 10,
    part: Annotated[
        Part | None, typer.Option(help="What is searched; default all, or the test split of the run.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Write the best candidates of every query: higher score first, equal scores by lower number.

    Queries and candidates are numbered within the part that is searched.
    """
    kind = _table_kind(target)
    if run is None and part == "test":
        raise SettingError("--part test: the test split is that of a run: add --run RUN, or search all")
    if run is not None and part == "all":
        raise SettingError(
            "--part all: a run's weights are fitted on some of these pairs; only its test split was never seen: "
            "leave --part out, or leave --run out"
        )
    pairs = open_pairs(data)
    study = None if run is None else load_run(run, pairs)
    searched = pairs if study is None else study_part(pairs, study.config, "test", study.basis)
    with err.status("searching"):
        best = top_candidates(
            searched,
            kind="image" if direction == "image-to-text" else "text",
            k=top,
            weights=None if study is None else study.construction.weights,
        )
    frame = hits_frame(searched, best)
    write_atomically(target, frame_bytes(frame, kind))
    values = {
        "file": str(target),
        "direction": direction,
        "part": searched.part,
        "n_queries": len(best.queries),
        "n_candidates": searched.n_texts if direction == "image-to-text" else searched.n_images,
        "top": best.candidates.shape[1],
        "scoring": _scoring(study),
    }
    say(values, as_json=as_json)


def _table_kind(target: Path) -> TableFormat:
    match target.suffix.lower():
        case ".parquet":
            return "parquet"
        case ".csv":
            return "csv"
    raise SettingError(f"--out {target.name}: a table ends in .parquet or .csv; choose one of the two")


def _scoring(study: Study | None) -> str:
    if study is None:
        return "unweighted"
    if not study.construction.guard.accepted:
        return f"unweighted in the {study.basis.name} basis: the guard kept the weights of the run from being used"
    return f"guarded weights of the run in the {study.basis.name} basis"
