"""One trained cell of the grid: a weighting in the loop under one seed, its file, its rows and its learning curve."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import polars as pl
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from pico_core.common.axes import TextImage
from pico_core.common.errors import DataError
from pico_core.experiments.comparison import Subject, Trial
from pico_core.experiments.folders import write_table
from pico_core.experiments.rows import LEAD, TRAINED, CellRow
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.metrics import image_rsum, paired_difference
from pico_core.storage.atomic import atomic_file
from pico_core.storage.headers import reading, safetensors_headers
from pico_core.training.records import Epoch, Training
from pico_core.training.schemes import LOOP_SCHEMES, PLAIN, UNTRAINED, loop_label

FORMAT: Final = "pico-lens trained ranks 1"


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training came to.

    Attributes:
        variant: Its weighting, or "frozen": no training at all.
        seed: Its seed.
        ranks: On the test split.
        best_epoch: Chosen on the feedback split.
        n_epochs: That were done.
        feedback_rsum: Of the best epoch.
        spread: Standard deviation of its weights, whose mean is 1.
        seconds: Of the training.
    """

    variant: str
    seed: int
    ranks: QueryRanks
    best_epoch: int
    n_epochs: int
    feedback_rsum: float
    spread: float
    seconds: float

    @property
    def note(self) -> str:
        """What a reader of the table should know."""
        if self.variant == UNTRAINED:
            return "no training"
        return (
            f"best epoch {self.best_epoch} of {self.n_epochs}, feedback rSum {self.feedback_rsum:.1f}, "
            f"spread of P {self.spread:.2f}"
        )


def trained_cell(trial: Trial, training: Training | None, variant: str, *, seed: int, folder: Path) -> Trained:
    """The ranks on the test split of a training, or of everything as it is before any; scored once, then read.

    Args:
        trial: Everything of the seed.
        training: What is finished; None: nothing was trained.
        variant: Its weighting, or "frozen".
        seed: Of the trial.
        folder: Where the cells of the seed lie.

    Raises:
        DataError: its file is damaged, or something else.
    """
    file = folder / f"{variant}.ranks.safetensors"
    if file.is_file():
        return _read(file)
    ranks = trial.ranks(training)
    cell = Trained(variant, seed, ranks, 0, 0, 0.0, 0.0, 0.0)
    if training is not None:
        cell = Trained(
            variant=variant,
            seed=seed,
            ranks=ranks,
            best_epoch=training.best_epoch,
            n_epochs=len(training.epochs) - 1,
            feedback_rsum=training.epochs[training.best_epoch].feedback_rsum,
            spread=float(training.weights.std(correction=0)),
            seconds=training.seconds,
        )
    numbers = {name: value for name, value in asdict(cell).items() if name != "ranks"}
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_file(file) as draft:
        save_file(cell.ranks._asdict(), draft, metadata={FORMAT: json.dumps(numbers, allow_nan=False)})
    return cell


def _read(path: Path) -> Trained:
    with reading(path, "the ranks of a training"):
        safetensors_headers(path)
        with safe_open(path, framework="pt", device="cpu") as stored:
            numbers = (stored.metadata() or {}).get(FORMAT)
            if numbers is None:
                raise DataError("it holds no ranks of a training; remove it, and train again")
            ranks = QueryRanks(*(stored.get_tensor(name) for name in QueryRanks._fields))
        return Trained(ranks=ranks, **json.loads(numbers))


@dataclass(frozen=True, eq=False)
class TrainingTables:
    """What came of trainings.

    Attributes:
        table: One row per variant and seed against P = 1, and PICO against every control; see `rows.TRAINED_SCHEMA`.
        curves: One row per epoch; see `rows.CURVES`.
    """

    table: pl.DataFrame
    curves: pl.DataFrame

    def write(self, folder: Path, names: tuple[str, str], *, level: int = 3) -> None:
        """Write both into a folder."""
        for name, table in zip(names, (self.table, self.curves), strict=True):
            write_table(folder / name, table, level=level)


def seed_rows(cells: Mapping[str, Trained], trial: Trial, subject: Subject) -> Iterator[CellRow]:
    """Everything of one seed against P = 1, and PICO against every control that is there.

    Args:
        cells: Those that are finished, by variant; P = 1 is among them.
        trial: Everything of the seed.
        subject: What is trained.
    """
    config = subject.compared
    schemes = {name: cell for name, cell in cells.items() if name in LOOP_SCHEMES}
    pairs = [(TRAINED, cell, cells[PLAIN]) for cell in cells.values()]
    if "pico" in cells:
        pairs += [(LEAD, cells["pico"], cell) for name, cell in schemes.items() if LOOP_SCHEMES[name].control]
    strong = {name for name in schemes if LOOP_SCHEMES[name].has_strength}
    for family, cell, against in pairs:
        change = paired_difference(cell.ranks, against.ranks, trial.text_image)
        lead = family == LEAD
        yield CellRow(
            experiment=config.experiment,
            dataset=subject.name,
            digest=subject.digest,
            variant=against.variant if lead else cell.variant,
            label=loop_label(cell.variant) + (f" minus: {loop_label(against.variant)}" if lead else ""),
            family=family,
            seed=cell.seed,
            basis=config.basis,
            n_images=len(cell.ranks.image_to_text),
            n_texts=len(cell.ranks.text_to_image),
            n_train=trial.n_train,
            fresh=subject.fresh,
            baseline=_rsum(against.ranks, trial.text_image),
            rsum=_rsum(cell.ranks, trial.text_image),
            difference=change.value,
            low=change.low,
            high=change.high,
            strength=config.loop.strength if cell.variant in strong else None,
            seconds=cell.seconds,
            best_epoch=None if cell.variant == UNTRAINED else cell.best_epoch,
            note=cell.note,
        )


def curve_rows(epochs: Sequence[Epoch], *, dataset: str, variant: str, seed: int) -> Iterator[dict[str, Any]]:
    """The learning curve of one training; the test split is no part of it.

    `order_kept` is the rank correlation of the weights with those of the epoch before, where both differ from 1.
    """
    for index, epoch in enumerate(epochs):
        before = epochs[index - 1].weights if index else None
        yield {
            "dataset": dataset,
            "variant": variant,
            "seed": seed,
            "epoch": epoch.index,
            "loss": epoch.loss,
            "feedback_rsum": epoch.feedback_rsum,
            "gain": epoch.gain,
            "spread": float(epoch.weights.std(correction=0)),
            "order_kept": None if before is None else _rank_correlation(before, epoch.weights),
            "seconds": epoch.seconds,
        }


def _rank_correlation(before: Tensor, after: Tensor) -> float | None:
    if any(bool(torch.equal(weights, weights[:1].expand_as(weights))) for weights in (before, after)):
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(before.numpy(), after.numpy()).statistic)


def _rsum(ranks: QueryRanks, text_image: TextImage) -> float:
    return float(image_rsum(ranks, text_image).double().mean())
