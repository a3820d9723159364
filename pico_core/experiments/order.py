"""Does higher gain get higher weight? Counted over every construction that an experiment recorded."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pico_core.method.config import StudyConfig

PROMISED = "softmax"  # the rule that the proposition is about
SLACK = 1e-7  # shares are stored with 24 bits: smaller differences are rounding


@dataclass(frozen=True)
class RecordedRun:
    """One construction: every candidate's gain, and its share in the last prototypes.

    Attributes:
        dataset: What the experiment calls it.
        seed: Of the construction.
        rule: How gains became shares.
        gains: On the feedback split.
        shares: They sum to 1.
    """

    dataset: str
    seed: int
    rule: str
    gains: tuple[float, ...]
    shares: tuple[float, ...]


@dataclass(frozen=True)
class FeedbackOrder:
    """How often a rule kept the order, over all runs that used it.

    Attributes:
        rule: Name of the rule.
        n_runs: Constructions.
        n_pairs: Pairs of candidates of different gain.
        n_wrong: Pairs in which the higher gain has the lower share.
        n_level: Pairs in which both have the same share.
    """

    rule: str
    n_runs: int
    n_pairs: int
    n_wrong: int
    n_level: int


def recorded_runs(table: pl.DataFrame) -> tuple[RecordedRun, ...]:
    """Every construction of an experiment once: variants that share one count as one."""
    held = table.filter(pl.col("gains").list.len() > 0).unique(subset=["digest", "settings"], maintain_order=True)
    return tuple(
        RecordedRun(
            dataset=row["dataset"],
            seed=row["seed"],
            rule=StudyConfig.from_dict(json.loads(row["settings"])).construction.rule,
            gains=tuple(row["gains"]),
            shares=tuple(row["feedback_weights"]),
        )
        for row in held.iter_rows(named=True)
    )


def feedback_orders(runs: Sequence[RecordedRun]) -> tuple[FeedbackOrder, ...]:
    """Count the pairs rule by rule, the rule of the proposition first.

    Source: that higher gain gets higher weight is the paper's property; counting it is ours.

    >>> feedback_orders([RecordedRun("toy", 0, "ema", (0.3, 0.1, 0.2), (0.2, 0.3, 0.5))])  # only 0.1 and 0.2 are right
    (FeedbackOrder(rule='ema', n_runs=1, n_pairs=3, n_wrong=2, n_level=0),)
    """
    rules = sorted({run.rule for run in runs}, key=lambda rule: (rule != PROMISED, rule))
    return tuple(_counted(rule, [run for run in runs if run.rule == rule]) for rule in rules)


def _counted(rule: str, runs: Sequence[RecordedRun]) -> FeedbackOrder:
    pairs = wrong = level = 0
    for run in runs:
        gains, shares = np.asarray(run.gains), np.asarray(run.shares)
        higher = gains[:, None] > gains[None, :]
        apart = shares[:, None] - shares[None, :]
        pairs += int(higher.sum())
        wrong += int((higher & (apart < -SLACK)).sum())
        level += int((higher & (np.abs(apart) <= SLACK)).sum())
    return FeedbackOrder(rule, len(runs), pairs, wrong, level)
