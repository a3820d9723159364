"""Train every variant with every seed, and say on the test split what the weighting in the loop was good for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pico_core.axes import TextImage
from pico_core.data.pairs import PairedEmbeddings
from pico_core.errors import DataError
from pico_core.experiments.trainings.heads import HeadSubject
from pico_core.experiments.trainings.results import Trained, load_trained, save_trained
from pico_core.experiments.trainings.settings import ComparisonConfig
from pico_core.experiments.trainings.subjects import Subject, Trial
from pico_core.experiments.trainings.tables import CURVES, FAMILY, LEAD, SCHEMA, curve_rows, difference_row
from pico_core.reporter import Cancelled, Reporter
from pico_core.storage.atomic import atomic_file, remove_drafts, strangers
from pico_core.storage.headers import reading
from pico_core.storage.locks import exclusive_lock, lock_inside
from pico_core.training.records import Training
from pico_core.training.settings import WeightingRule

FORMAT: Final = "pico-lens trainings 1"
CONTROLS: Final = ("after", "p_hat", "learned", "shuffled", "permuted")
ABOUT, TABLE, CURVE_TABLE = "trainings.json", "table.parquet", "curves.parquet"


@dataclass(frozen=True)
class ComparisonProgress:
    """How far a comparison is.

    Attributes:
        variant: What is trained now.
        seed: With which seed.
        epoch: Epochs of it that are done.
        done: Epochs behind us, of all trainings.
        total: Epochs in all, at most.
    """

    variant: str
    seed: int
    epoch: int
    done: int
    total: int


@dataclass(frozen=True, eq=False)
class TrainingComparison:
    """What came of it.

    Attributes:
        table: One row per variant and seed against P = 1 (family "training"), and PICO against every control
            (family "training lead"); see `tables.SCHEMA`.
        curves: One row per epoch; see `tables.CURVES`.
    """

    table: pl.DataFrame
    curves: pl.DataFrame


def run_training_comparison(
    pairs: PairedEmbeddings,
    config: ComparisonConfig | None = None,
    folder: Path | str = "trainings",
    *,
    device: str = "cpu",
    on_progress: Callable[[ComparisonProgress], bool | None] | None = None,
) -> TrainingComparison:
    """Train heads with every weighting and seed; paired differences of test rSum to the heads trained with P = 1.

    The test split of a seed is scored once per finished training, after its epoch was chosen on
    the feedback split. What is finished stays in the folder and is not done again.

    Args:
        pairs: A whole dataset, as frozen tokens.
        config: What is compared.
        folder: Where trainings, tables and settings are kept; an older comparison of the same data and settings
            goes on, and may get more variants and seeds.
        device: Where heads are trained.
        on_progress: Told after every epoch; returning False stops.

    Raises:
        DataError: the folder holds something else, or the data cannot be split or trained on.
        Cancelled: `on_progress` returned False.

    Source: the paper's claim comes from training with the weighting in the loop; the comparison is ours.
    """
    subject = HeadSubject(pairs, config or ComparisonConfig())
    return run_comparison(subject, folder, device=device, on_progress=on_progress)


def run_comparison(
    subject: Subject,
    folder: Path | str,
    *,
    device: str = "cpu",
    on_progress: Callable[[ComparisonProgress], bool | None] | None = None,
) -> TrainingComparison:
    """The same for whatever is trained: heads on a dataset, or the small encoder on scenes.

    Raises:
        DataError: as of `run_training_comparison`.
        SettingError: another process trains into this folder.
        Cancelled: `on_progress` returned False.
    """
    config, folder = subject.compared, Path(folder)
    subject.trial(config.seeds[0])  # what cannot be split is refused before anything is written
    claim(folder, subject)
    with exclusive_lock(lock_inside(folder), folder):
        remove_drafts(folder)
        return _train_all(subject, folder, device, on_progress)


def _train_all(
    subject: Subject, folder: Path, device: str, on_progress: Callable[[ComparisonProgress], bool | None] | None
) -> TrainingComparison:
    config = subject.compared
    rows: list[dict[str, object]] = []
    curves: list[dict[str, object]] = []
    per_training = subject.n_epochs + 1
    total = len(config.seeds) * len(config.ordered) * per_training
    found = TrainingComparison(pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=CURVES))
    done = 0
    for seed in config.seeds:
        trial = subject.trial(seed)
        finished: dict[str, Trained] = {"frozen": _frozen(trial, folder / f"seed-{seed}", seed)}
        for variant in config.ordered:
            before = done

            place = folder / f"seed-{seed}" / f"{variant}.safetensors"
            made = trial.train(
                variant, checkpoint=place, device=device, reporter=_Epochs(variant, seed, before, total, on_progress)
            )
            finished[variant] = _finished(made, trial, place.with_suffix(".ranks.safetensors"), variant, seed)
            curves += curve_rows(made.epochs, variant=variant, seed=seed)
            done += per_training
            about = {"n_train": trial.n_train, "fresh": subject.fresh}
            new = [row | about for row in _rows(finished, trial.text_image, subject)]
            rows = [row for row in rows if row["seed"] != seed] + new
            found = _write(folder, rows, curves, subject)
    return found


class _Epochs(Reporter):
    """Hands on every epoch of one training as the progress of the comparison."""

    def __init__(
        self,
        variant: WeightingRule,
        seed: int,
        before: int,
        total: int,
        on_progress: Callable[[ComparisonProgress], bool | None] | None,
    ) -> None:
        self._variant, self._seed, self._before, self._total = variant, seed, before, total
        self._on_progress = on_progress

    def step(self, done: int, total: int, *, name: str = "", record: object = None) -> None:
        now = ComparisonProgress(self._variant, self._seed, done, self._before + done + 1, self._total)
        if self._on_progress is not None and self._on_progress(now) is False:
            raise Cancelled


def claim(folder: Path, subject: Subject) -> None:
    """Take a folder for a comparison, or refuse it if it holds anything else than the same one.

    Raises:
        DataError: it does.
    """
    about = {"format": FORMAT, "dataset": subject.name, "digest": subject.digest, "config": subject.to_dict()}
    told = json.dumps(about, indent=1, allow_nan=False)
    if folder.is_file():
        raise DataError(f"{folder.name}: is a file; trainings are a folder: choose another place")
    if (folder / ABOUT).is_file():
        with reading(folder / ABOUT, "a comparison of trainings"):
            before = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        if before != json.loads(told):  # in whatever order
            raise DataError(
                f"{folder.name}: it holds trainings of other data or settings; choose another folder, or remove it"
            )
        return
    others = strangers(folder, ()) if folder.exists() else ""
    if others:
        raise DataError(f"{folder.name}: the folder holds {others}, which no training wrote; choose another place")
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_file(folder / ABOUT) as draft:
        draft.write_text(told, encoding="utf-8")


def _rows(finished: dict[str, Trained], text_image: TextImage, subject: Subject) -> list[dict[str, object]]:
    """Everything of one seed against P = 1, and PICO against every control that is there."""
    plain, strength = finished["none"], subject.loop.strength
    weighted = {"pico", "after", "p_hat", "shuffled", "permuted"}
    rows = [
        difference_row(one, plain, text_image, family=FAMILY, strength=strength if name in weighted else None)
        for name, one in finished.items()
    ]
    pico = finished.get("pico")
    if pico is not None:
        controls = [one for name, one in finished.items() if name in CONTROLS]
        rows += [difference_row(pico, one, text_image, family=LEAD, strength=strength) for one in controls]
    return rows


def _frozen(trial: Trial, folder: Path, seed: int) -> Trained:
    """Everything as it is before any training, scored once."""
    place = folder / "frozen.ranks.safetensors"
    if place.is_file():
        return load_trained(place)
    found = Trained("frozen", seed, trial.ranks(None), 0, 0, 0.0, 0.0, 0.0)
    save_trained(found, place)
    return found


def _finished(made: Training, trial: Trial, place: Path, variant: str, seed: int) -> Trained:
    """The ranks on the test split, once."""
    if place.is_file():
        return load_trained(place)
    found = Trained(
        variant=variant,
        seed=seed,
        ranks=trial.ranks(made),
        best_epoch=made.best_epoch,
        n_epochs=len(made.epochs) - 1,
        feedback_rsum=made.epochs[made.best_epoch].feedback_rsum,
        spread=float(made.weights.std(correction=0)),
        seconds=made.seconds,
    )
    save_trained(found, place)
    return found


def _write(
    folder: Path, rows: list[dict[str, object]], curves: list[dict[str, object]], subject: Subject
) -> TrainingComparison:
    about = {
        "experiment": subject.experiment,
        "dataset": subject.name,
        "digest": subject.digest,
        "basis": subject.basis,
    }
    found = TrainingComparison(
        pl.DataFrame([{**about, **row} for row in rows], schema=SCHEMA),
        pl.DataFrame([{"dataset": subject.name, **row} for row in curves], schema=CURVES),
    )
    for frame, name in ((found.table, TABLE), (found.curves, CURVE_TABLE)):
        with atomic_file(folder / name) as draft:
            frame.write_parquet(draft)
    return found
