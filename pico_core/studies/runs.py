"""A study on disk: settings, weights, history, report; written atomically, refused for other data, replayable."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from pico_core.columns.summary import with_intervals
from pico_core.common.errors import RunError
from pico_core.common.reporter import Cancelled, Reporter
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.samples import Sample
from pico_core.method.basis import Basis
from pico_core.method.config import StudyConfig
from pico_core.method.history import Construction, GuardDecision, StopReason
from pico_core.storage.atomic import atomic_folder, check_ours, recover
from pico_core.storage.parquet import UNREADABLE, read_parquet
from pico_core.storage.structure import structure
from pico_core.studies.plain_values import (
    history_from,
    history_numbers,
    history_tensors,
    ranks_json,
    report_from,
    report_json,
)
from pico_core.studies.study import Study, run_study

FORMAT = "pico-lens run 1"
RUN, REPORT, TENSORS, HISTORY, COLUMNS = (
    "run.json",
    "report.json",
    "weights.safetensors",
    "history.safetensors",
    "weights.parquet",
)
TABLE = "history.parquet"
OURS = (RUN, REPORT, TENSORS, HISTORY, COLUMNS, TABLE)
VECTORS = (
    "probabilities",
    "weights",
    "unguarded_weights",
    "pseudo_semantic",
    "image_columns",
    "text_columns",
    "image_similarity",
    "text_similarity",
)


@dataclass(frozen=True)
class _About:
    """What `run.json` says beside its format."""

    dataset: str
    digest: str
    config: dict[str, Any]
    guard: GuardDecision
    best_iteration: int
    reference: float
    stop_reason: str
    iterations: tuple[dict[str, Any], ...]
    seconds: float
    versions: tuple[str, ...]
    created: str = ""
    feedback_sample: Sample | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Replay:
    """Whether doing a run again gave the same bits, and if not, by how much the vectors differ at most."""

    identical: bool
    largest_difference: float


def check_target(folder: Path | str) -> Path:
    """A place where a run may be written: nothing there yet, an empty folder, or an older run.

    Raises:
        RunError: something else is there; it would be lost.
    """
    folder = Path(folder)
    mend, more = "choose another place", ", so that nothing of yours is lost"
    check_ours(folder, OURS, kind="a run", writer="run", mend=mend, more=more, error=RunError)
    return folder


def save_run(study: Study, folder: Path | str) -> Path:
    """Write a study as a folder; an older run there is replaced, in one step.

    Raises:
        RunError: the folder holds something that is not a run, and nothing of it is touched; or the disk refuses.
        SettingError: another process writes it.
    """
    folder = check_target(folder)
    construction = study.construction
    vectors = {
        name: getattr(construction, name).clone(memory_format=torch.contiguous_format) for name in VECTORS
    }  # safetensors refuses shared memory
    if study.basis.matrix is not None:
        vectors["basis"] = study.basis.matrix.contiguous()
    try:
        with atomic_folder(folder.resolve()) as fresh:
            save_file(vectors, fresh / TENSORS, metadata={"format": FORMAT})
            save_file(history_tensors(construction.history), fresh / HISTORY, metadata={"format": FORMAT})
            study.columns.write_parquet(fresh / COLUMNS, statistics=False)  # bounds of columns nobody filters by
            construction.history.frame().write_parquet(fresh / TABLE)
            _write(fresh / RUN, _about(study), indent=1)
            _write(fresh / REPORT, report_json(study.report) | {"ranks": ranks_json(study.report)})
    except (OSError, SafetensorError) as error:  # a full disk; safetensors has an error of its own for it
        reason = getattr(error, "strerror", None) or error
        raise RunError(
            f"{folder.name}: the run could not be written ({reason}); free some space or choose another place"
        ) from error
    return folder


def load_run(folder: Path | str, pairs: PairedEmbeddings | None = None) -> Study:
    """Read a run; with `pairs`, refuse it if it was made from another dataset.

    Raises:
        RunError: no run there, a file is missing or damaged (it is named), or the dataset is another one.
    """
    folder = Path(folder)
    recover(folder.resolve())
    for name in (RUN, REPORT, TENSORS, HISTORY, COLUMNS):
        if not (folder / name).is_file():
            raise RunError(f"{folder}: {name} is missing; a run folder is what construct writes: construct again")
    with _reading(folder / RUN):
        record = _read(folder / RUN)
        if record.pop("format", None) != FORMAT:
            raise RunError(f"{folder.name}/{RUN}: is not of the format {FORMAT!r}; construct again")
        about = structure(_About, record)
        if pairs is not None and about.digest != pairs.digest:
            raise RunError(
                f"{folder.name}: this run belongs to {about.dataset!r} (digest {about.digest}), not to "
                f"{pairs.name!r} (digest {pairs.digest}); open its dataset, or construct anew"
            )
        config = StudyConfig.from_dict(about.config)
    with _reading(folder / TENSORS):
        vectors = load_file(folder / TENSORS)
        n_columns = len(vectors["weights"])
        _check_vectors(vectors, n_columns, needs_basis=config.basis != "given")
    with _reading(folder / COLUMNS):
        columns = with_intervals(_plain(read_parquet(folder / COLUMNS, rows=n_columns)))
        if about.config.get("basis") != config.basis:  # an old name, which titles begin with
            renamed = pl.col("title").str.replace(f"^{about.config['basis']} ", f"{config.basis} ")
            columns = columns.with_columns(renamed)
    with _reading(folder / HISTORY):
        construction = _construction(about, config, vectors, load_file(folder / HISTORY))
    with _reading(folder / REPORT):
        report = report_from(_read(folder / REPORT))
    return Study(
        config=config,
        digest=about.digest,
        dataset=about.dataset,
        basis=Basis(config.basis, vectors.get("basis")),
        construction=construction,
        report=report,
        columns=columns,
        seconds=about.seconds,
        versions=about.versions,
        feedback_sample=about.feedback_sample,
        notes=about.notes,
    )


def replay(folder: Path | str, pairs: PairedEmbeddings) -> Replay:
    """Do a run again from its settings and compare every vector of every iteration bit for bit.

    A run that was stopped early is stopped again after as many iterations.

    Raises:
        RunError: as `load_run`.
    """
    before = load_run(folder, pairs)
    planned = len(before.construction.history.iterations)
    after = run_study(pairs, before.config, reporter=_StopAfter(planned))
    old, new = _compared(before), _compared(after)
    if any(a.shape != b.shape for a, b in zip(old, new, strict=True)):
        return Replay(identical=False, largest_difference=float("inf"))
    largest = max(float((a - b).abs().max()) for a, b in zip(old, new, strict=True))
    return Replay(all(torch.equal(a, b) for a, b in zip(old, new, strict=True)), largest)


class _StopAfter(Reporter):
    def __init__(self, n_steps: int) -> None:
        self._n_steps = n_steps

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        if done >= self._n_steps:
            raise Cancelled


def _compared(study: Study) -> list[Tensor]:
    """Everything about a study that its settings and its data decide."""
    construction = study.construction
    past = history_tensors(construction.history)
    change = study.report.difference
    return [
        *(getattr(construction, name) for name in VECTORS),
        *(past[name] for name in sorted(past)),
        construction.history.gains,
        torch.tensor([change.value, change.low, change.high]),
    ]


def _about(study: Study) -> dict[str, Any]:
    construction = study.construction
    sample = {} if study.feedback_sample is None else {"feedback_sample": asdict(study.feedback_sample)}
    notes = {"notes": list(study.notes)} if study.notes else {}
    return (
        sample
        | notes
        | {
            "format": FORMAT,
            "dataset": study.dataset,
            "digest": study.digest,
            "config": study.config.to_dict(),
            "guard": asdict(construction.guard),
            "best_iteration": construction.best_iteration,
            "reference": construction.reference,
            "stop_reason": construction.stop_reason.name,
            "iterations": history_numbers(construction.history),
            "seconds": study.seconds,
            "versions": list(study.versions),
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )


def _construction(
    about: _About, config: StudyConfig, vectors: Mapping[str, Tensor], past: Mapping[str, Tensor]
) -> Construction:
    history = history_from(list(about.iterations), past)
    return Construction(
        **{name: vectors[name] for name in VECTORS},
        best_iteration=about.best_iteration,
        guard=about.guard,
        prototypes=history.iterations[about.best_iteration].prototypes,
        reference=about.reference,
        history=history,
        stop_reason=StopReason[about.stop_reason],
        config=config.construction,
    )


def _plain(columns: pl.DataFrame) -> pl.DataFrame:
    """The table of columns, if it holds numbers, texts and flags and nothing else."""
    plain = (pl.String, pl.Boolean)
    odd = [name for name, kind in columns.schema.items() if not (kind.is_integer() or kind.is_float() or kind in plain)]
    if odd:
        raise ValueError(f"{odd[0]!r} holds {columns.schema[odd[0]]}")
    return columns


def _check_vectors(vectors: Mapping[str, Tensor], n_columns: int, *, needs_basis: bool) -> None:
    names = [*VECTORS, "basis"] if needs_basis else list(VECTORS)
    for name in names:
        if len(vectors[name]) != n_columns or not bool(vectors[name].isfinite().all()):
            raise ValueError(f"{name} does not hold one finite row for each of {n_columns} columns")


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever is wrong with a file becomes one sentence that names it."""
    name = f"{path.parent.name}/{path.name}"
    try:
        yield
    except RunError:
        raise
    except (SafetensorError, *UNREADABLE) as error:
        raise RunError(f"{name}: cannot be read ({error}); construct again") from None
    except KeyError as error:
        raise RunError(f"{name}: is damaged ({error.args[0]} is missing); construct again") from None
    except (TypeError, ValueError, AttributeError, IndexError, RuntimeError) as error:
        raise RunError(f"{name}: is damaged ({error}); construct again") from None


def _write(path: Path, values: Mapping[str, Any], *, indent: int | None = None) -> None:
    """Write JSON; without an indent as short as it can be: the ranks of a report are thousands of numbers."""
    between = (",", ":") if indent is None else None
    path.write_text(json.dumps(values, indent=indent, separators=between, allow_nan=False), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path.parent.name}/{path.name}: is no JSON ({error}); construct again") from None
    if not isinstance(record, dict):
        raise RunError(f"{path.parent.name}/{path.name}: holds no object; construct again")
    return record
