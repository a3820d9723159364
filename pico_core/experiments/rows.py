"""The table of a grid: one row per cell, a variant on a dataset under a seed, whether it was scored or trained."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, get_type_hints

import polars as pl

from pico_core.method.bases import BASES

TRAINED: Final = "training"  # family of a weighting in the loop, against training with P = 1
LEAD: Final = "training lead"  # family of PICO in the loop, against a control in the loop
CELL: Final = ("dataset", "variant", "seed")


@dataclass(frozen=True)
class CellRow:
    """One row of the table.

    Attributes:
        experiment: Its name.
        dataset: What the experiment calls the dataset.
        digest: Of its content.
        variant: Name of the variant: a scheme, or a weighting in the loop of a training; of a lead the control.
        label: The same for people.
        family: What kind of comparison it is.
        seed: Of the split, the batches, the starts and the permutation.
        basis: In which axes the columns were read.
        n_images: Images of the test split.
        n_texts: Texts of the test split.
        baseline: rSum at P = 1 in this split, in the basis of the dataset (a rotation leaves it as it is); of
            trainings that of training with P = 1, of a lead that of the control.
        rsum: rSum of the variant, of several draws their mean; None where it does not apply.
        difference: rsum - baseline.
        low: Lower end of its 95 % interval, paired and resampled by image.
        high: Upper end.
        strength: Exponent of the weights, where there is one.
        seconds: Processor time of this cell's own work, with the whole construction that it uses, whichever cell made
            it, and every feedback score that was remembered; the split, the axes and the unweighted scoring, which all
            share, are counted nowhere. Of a training the time of its epochs by the clock.
        note: What a reader has to know, such as why a variant does not apply.
        gains: Gain of every candidate on the feedback split, where prototypes were constructed.
        feedback_weights: Share of every candidate in the last prototypes.
        n_train: Images of the fit and the feedback split.
        settings: All settings as JSON; None of trainings, whose folder holds them.
        fresh: Whether every seed has images of its own, so that nothing overlaps.
        best_epoch: The epoch of a training that was tested.
    """

    experiment: str
    dataset: str
    digest: str
    variant: str
    label: str
    family: str
    seed: int
    basis: str
    n_images: int
    n_texts: int
    baseline: float
    rsum: float | None
    difference: float | None
    low: float | None
    high: float | None
    strength: float | None
    seconds: float
    note: str | None
    gains: list[float] | None = None
    feedback_weights: list[float] | None = None
    n_train: int | None = None
    settings: str | None = None
    fresh: bool = False
    best_epoch: int | None = None


SCHEMA: Final = pl.Schema(get_type_hints(CellRow))
# What the files hold: those of experiments, and those of trainings.
SCORED_SCHEMA: Final = pl.Schema({name: kind for name, kind in SCHEMA.items() if name not in ("fresh", "best_epoch")})
TRAINED_SCHEMA: Final = pl.Schema(
    {
        name: SCHEMA[name]
        for name in (
            *("experiment", "dataset", "digest", "variant", "label", "family", "seed", "basis", "n_images", "n_texts"),
            *("n_train", "fresh", "baseline", "rsum", "difference", "low", "high", "strength", "seconds"),
            *("best_epoch", "note"),
        )
    }
)
CURVES: Final = pl.Schema(
    {
        **{"dataset": pl.String(), "variant": pl.String(), "seed": pl.Int64(), "epoch": pl.Int64()},
        **dict.fromkeys(("loss", "feedback_rsum", "gain", "spread", "order_kept", "seconds"), pl.Float64()),
    }
)


def rows_frame(rows: Sequence[CellRow], schema: Mapping[str, Any] = SCORED_SCHEMA) -> pl.DataFrame:
    """Rows as the table of an experiment, or of trainings."""
    return pl.DataFrame([asdict(row) for row in rows], schema=SCHEMA).select(*schema)


def is_trained() -> pl.Expr:
    """Whether a row is of trainings."""
    return pl.col("family").is_in([TRAINED, LEAD])


def current_rows(table: pl.DataFrame) -> pl.DataFrame:
    """A table of any version, with all columns of `CellRow` and bases under their names of today.

    Older tables of trainings have the best epoch in their note alone, no `n_train`, and one dataset for all seeds.

    >>> old = {"family": ["training"], "note": ["best epoch 1 of 10, feedback rSum 300.0"], "rsum": [9.0]}
    >>> current_rows(pl.DataFrame(old | {"difference": [2.0]})).select("best_epoch", "baseline", "fresh").rows()
    [(1, 7.0, False)]
    """
    table = table.match_to_schema(SCHEMA, missing_columns="insert", extra_columns="ignore").with_columns(
        best_epoch=pl.col("best_epoch").fill_null(pl.col("note").str.extract(r"^best epoch (\d+) of ").cast(pl.Int64)),
        fresh=pl.col("fresh").fill_null(False),
        baseline=pl.col("baseline").fill_null(pl.col("rsum") - pl.col("difference")),
    )
    for old, new in BASES.old_names.items():
        names = {old: new, f"basis={old}": f"basis={new}", f"PICO, basis = {old}": f"PICO, basis = {new}"}
        table = table.with_columns(pl.col("variant", "label", "basis").replace(names))
    return table
