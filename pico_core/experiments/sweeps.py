"""One choice at a time: what the method does when a single setting has another value than the dataset's own."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pico_core.experiments.summary import VariantSummary
from pico_core.method.config import StudyConfig
from pico_core.retrieval.records import Verdict
from pico_core.retrieval.schemes.catalogue import METHOD


@dataclass(frozen=True)
class SweptValue:
    """One value of one setting.

    Attributes:
        value: As it would be typed.
        is_own: Whether the dataset has this value anyway.
        summary: What it did.
    """

    value: str
    is_own: bool
    summary: VariantSummary

    @property
    def own_lead(self) -> Verdict | None:
        """The method at the dataset's own value minus this one, by its own interval; None with one seed."""
        lead = self.summary.lead_estimate
        return None if lead is None else Verdict.of(lead)


@dataclass(frozen=True)
class Sweep:
    """One setting, its values in the order of the experiment."""

    setting: str
    values: tuple[SweptValue, ...]


@dataclass(frozen=True)
class Sweeps:
    """All settings that were swept on one dataset."""

    sweeps: tuple[Sweep, ...]


def sweeps_on(table: pl.DataFrame, summaries: Sequence[VariantSummary], dataset: str) -> Sweeps:
    """Sort the settings of one dataset into panels.

    Args:
        table: Of the experiment: it holds the settings of every cell.
        summaries: Of the same table.
        dataset: One of its datasets.
    """
    usual = _own_settings(table, dataset)
    panels: dict[str, list[SweptValue]] = {}
    for summary in summaries:
        setting, sign, value = summary.variant.partition("=")
        if summary.dataset == dataset and summary.family == "setting" and sign:
            panels.setdefault(setting, []).append(SweptValue(value, _same(usual, setting, value), summary))
    return Sweeps(tuple(Sweep(setting, tuple(values)) for setting, values in panels.items()))


def _own_settings(table: pl.DataFrame, dataset: str) -> StudyConfig | None:
    own = table.filter((pl.col("dataset") == dataset) & (pl.col("variant") == METHOD))
    return None if own.is_empty() else StudyConfig.from_dict(json.loads(own["settings"][0]))


def _same(usual: StudyConfig | None, setting: str, value: str) -> bool:
    return usual is not None and usual.with_settings({setting: value}) == usual
