"""Small tables of experiments, written by hand: what a page or a sentence makes of known numbers."""

import json
from dataclasses import dataclass, replace

import polars as pl

from pico_core.experiments.rows import CellRow, rows_frame
from pico_core.method.config import StudyConfig
from pico_core.retrieval.schemes.catalogue import SCHEMES

GAINS = [0.3, 0.1, 0.2]
SHARES = {"softmax": [0.5, 0.2, 0.3], "shuffled": [0.2, 0.5, 0.3], "uniform": [1 / 3, 1 / 3, 1 / 3]}


@dataclass(frozen=True)
class Line:
    """One variant: its change in every seed; none where it does not apply."""

    variant: str
    changes: tuple[float, ...]
    label: str = ""
    family: str = ""
    note: str | None = None


def swapped(lines: list[Line], *others: Line) -> list[Line]:
    """Lines with some variants given other changes."""
    changed = {line.variant: line for line in others}
    return [changed.get(line.variant, line) for line in lines]


def grid(lines: list[Line], *, dataset: str = "toy", seeds: int = 3, config: StudyConfig | None = None) -> pl.DataFrame:
    """The table of these lines on one dataset; with 1000 images to train on and 10 to test, intervals hardly widen."""
    base = config or StudyConfig()
    rows = [row(line, seed, dataset, base) for seed in range(seeds) for line in lines]
    return rows_frame(rows)


def row(line: Line, seed: int, dataset: str, base: StudyConfig) -> CellRow:
    known = line.variant in SCHEMES
    changes = (
        {change.setting: change.value for change in SCHEMES[line.variant].changes}
        if known
        else dict([line.variant.split("=")])
        if "=" in line.variant
        else {}
    )
    settings = replace(base, seed=seed).with_settings(changes)
    family = line.family or (SCHEMES[line.variant].family if known else "setting")
    constructed = family in ("method", "feedback", "setting") and bool(line.changes)
    change = line.changes[seed % len(line.changes)] if line.changes else None
    return CellRow(
        experiment="tiny",
        dataset=dataset,
        digest=f"digest of {dataset}",
        variant=line.variant,
        label=line.label or (SCHEMES[line.variant].label if known else f"PICO, {line.variant}"),
        family=family,
        seed=seed,
        basis=settings.basis,
        n_images=10,
        n_texts=50,
        baseline=300.0,
        rsum=None if change is None else 300.0 + change,
        difference=change,
        low=None if change is None else change - 5,
        high=None if change is None else change + 5,
        strength=0.5,
        seconds=0.25 if constructed else 0.01,
        note=line.note,
        gains=GAINS if constructed else None,
        feedback_weights=SHARES.get(settings.construction.rule, SHARES["softmax"]) if constructed else None,
        n_train=1000,
        settings=json.dumps(settings.to_dict()),
    )


HELPS = [
    Line("unweighted", (0.0,)),
    Line("pico", (40.0, 41.0, 42.0)),
    Line("pico_guarded", (40.0, 41.0, 42.0)),
    Line("uniform", (40.5, 40.0, 42.0)),
    Line("shuffled", (40.0, 41.5, 42.0)),
    Line("p_hat", (10.0, 11.0, 12.0)),
    Line("permuted", (-3.0, -1.0, 1.0)),
    Line("correlation", (40.6, 40.8, 42.5)),
    Line("whitening", (-200.0, -201.0, -202.0), note="shrinkage 0.1"),
    Line("oracle_truth", (), note="no planted truth"),
    Line("gamma=1", (20.0, 21.0, 22.0)),
    Line("gamma=4", (40.0, 41.0, 42.0)),
]
HURTS = [
    Line("unweighted", (0.0,)),
    Line("pico", (-20.0, -21.0, -22.0)),
    Line("shuffled", (-20.0, -21.0, -22.0)),
    Line("p_hat", (-1.0, 0.0, 1.0)),
]


def trainings(folder, *, names=("training.parquet", "training_curves.parquet")):
    """Two seeds of P = 1, PICO and one control; PICO gains 5 and 7, the control 1 and 2."""
    rows, curves = [], []
    for seed in range(2):
        for variant, label, change in (
            ("none", "Trained with P = 1", 0.0),
            ("pico", "PICO in the loop", 5.0 + 2 * seed),
            ("p_hat", "p̂ in the loop", 1.0 + seed),
        ):
            row = {"experiment": "training", "dataset": "toy", "variant": variant, "label": label, "seed": seed}
            row |= {"n_images": 40, "rsum": 400 + change, "difference": change, "low": change - 1, "high": change + 1}
            rows.append(row | {"family": "training"})
            if variant == "p_hat":
                lead = 4.0 + seed
                rows.append(row | {"family": "training lead", "difference": lead, "low": 0.5, "high": 9.0})
            for epoch, value in enumerate((300.0, 310.0 + change, 310.0 + change)):
                curves.append(
                    {"dataset": "toy", "variant": variant, "seed": seed, "epoch": epoch, "feedback_rsum": value}
                )
    pl.DataFrame(rows).write_parquet(folder / names[0])
    pl.DataFrame(curves).write_parquet(folder / names[1])
