"""Trainings as tables: one row per training and seed with a paired interval, and the learning curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl
import torch
from jaxtyping import Int
from torch import Tensor

from pico_core.experiments.folders import write_table
from pico_core.experiments.trainings.results import Trained
from pico_core.kernels.metrics import QueryRanks
from pico_core.retrieval.metrics import image_rsum, paired_difference
from pico_core.training.records import Epoch

SCHEMA: Final = pl.Schema(
    {
        "experiment": pl.String(),
        "dataset": pl.String(),
        "digest": pl.String(),
        "variant": pl.String(),
        "label": pl.String(),
        "family": pl.String(),
        "seed": pl.Int64(),
        "basis": pl.String(),
        "n_images": pl.Int64(),
        "n_texts": pl.Int64(),
        "n_train": pl.Int64(),
        "fresh": pl.Boolean(),
        "baseline": pl.Float64(),
        "rsum": pl.Float64(),
        "difference": pl.Float64(),
        "low": pl.Float64(),
        "high": pl.Float64(),
        "strength": pl.Float64(),
        "seconds": pl.Float64(),
        "best_epoch": pl.Int64(),
        "note": pl.String(),
    }
)
CURVES: Final = pl.Schema(
    {
        "dataset": pl.String(),
        "variant": pl.String(),
        "seed": pl.Int64(),
        "epoch": pl.Int64(),
        "loss": pl.Float64(),
        "feedback_rsum": pl.Float64(),
        "gain": pl.Float64(),
        "spread": pl.Float64(),
        "order_kept": pl.Float64(),
        "seconds": pl.Float64(),
    }
)
# Names of the files of a table and its curves: as a comparison of trainings writes them, and as a list of them does.
ALONE: Final = ("table.parquet", "curves.parquet")
LISTED: Final = ("training.parquet", "training_curves.parquet")
FAMILY: Final = "training"
LEAD: Final = "training lead"  # PICO in the loop minus a control in the loop
LABELS: Final = {
    "frozen": "Not trained",
    "none": "Trained with P = 1",
    "pico": "PICO in the loop",
    "after": "Trained with P = 1, PICO's weights after it",
    "guarded": "PICO in the loop, past the guard",
    "p_hat": "p̂ in the loop",
    "learned": "A trained weight vector",
    "shuffled": "PICO with shuffled feedback in the loop",
    "permuted": "PICO's weights, permuted, in the loop",
}
SHORT: Final = {  # where little room is
    "frozen": "not trained",
    "none": "P = 1",
    "pico": "PICO",
    "after": "P = 1, PICO after it",
    "guarded": "PICO, past the guard",
    "p_hat": "p̂",
    "learned": "trained vector",
    "shuffled": "PICO, shuffled feedback",
    "permuted": "PICO, permuted weights",
}


@dataclass(frozen=True, eq=False)
class TrainingTables:
    """What came of trainings.

    Attributes:
        table: One row per variant and seed against P = 1 (family "training"), and PICO against every control
            (family "training lead"); see `SCHEMA`.
        curves: One row per epoch; see `CURVES`.
    """

    table: pl.DataFrame
    curves: pl.DataFrame

    def write(self, folder: Path, names: tuple[str, str], *, level: int = 3) -> None:
        """Write both into a folder."""
        for name, table in zip(names, (self.table, self.curves), strict=True):
            write_table(folder / name, table, level=level)


def difference_row(
    of: Trained, against: Trained, text_image: Int[Tensor, " m"], *, family: str, strength: float | None
) -> dict[str, object]:
    """One training against another of the same seed: rSum of both and their difference, paired by image."""
    change = paired_difference(of.ranks, against.ranks, text_image)
    return {
        "variant": of.variant if family == FAMILY else against.variant,
        "label": LABELS[of.variant] if family == FAMILY else f"{LABELS[of.variant]} minus: {LABELS[against.variant]}",
        "family": family,
        "seed": of.seed,
        "n_images": len(of.ranks.image_to_text),
        "n_texts": len(of.ranks.text_to_image),
        "baseline": _rsum(against.ranks, text_image),
        "rsum": _rsum(of.ranks, text_image),
        "difference": change.value,
        "low": change.low,
        "high": change.high,
        "strength": strength,
        "seconds": of.seconds,
        "best_epoch": None if of.variant == "frozen" else of.best_epoch,
        "note": of.note,
    }


def upgraded(table: pl.DataFrame) -> pl.DataFrame:
    """A table as this version writes it.

    Older ones have the best epoch in their note alone, no `n_train`, and one dataset for all seeds.

    >>> upgraded(pl.DataFrame({"note": ["best epoch 1 of 10, feedback rSum 300.0"]}))["best_epoch"].to_list()
    [1]
    """
    told = pl.col("note") if "note" in table.columns else pl.lit(None, dtype=pl.String)
    missing = {
        "best_epoch": told.str.extract(r"^best epoch (\d+) of ").cast(pl.Int64),
        "n_train": pl.lit(None, dtype=pl.Int64),
        "fresh": pl.lit(False),
    }
    return table.with_columns(**{name: value for name, value in missing.items() if name not in table.columns})


def curve_rows(epochs: Sequence[Epoch], *, variant: str, seed: int) -> list[dict[str, object]]:
    """The learning curve of one training; the test split is no part of it.

    `order_kept` is the rank correlation of the weights with those of the epoch before, where both differ from 1.
    """
    rows: list[dict[str, object]] = []
    for place, epoch in enumerate(epochs):
        before = epochs[place - 1].weights if place else None
        rows.append(
            {
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
        )
    return rows


def _rank_correlation(one: Tensor, other: Tensor) -> float | None:
    if bool(torch.equal(one, one[:1].expand_as(one))) or bool(torch.equal(other, other[:1].expand_as(other))):
        return None
    from scipy.stats import spearmanr

    return float(spearmanr(one.numpy(), other.numpy()).statistic)


def _rsum(ranks: QueryRanks, text_image: Int[Tensor, " m"]) -> float:
    return float(image_rsum(ranks, text_image).double().mean())
