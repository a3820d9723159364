"""What the command line prints: values and reports, for people or for machines."""

import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from pico_core.analysis.records import RetrievalReport
from pico_core.seeds import SeedsReport
from pico_core.trainings.summary import TrainingSummary

out, err = Console(soft_wrap=True), Console(stderr=True, soft_wrap=True)


def say(values: Mapping[str, Any], *, as_json: bool) -> None:
    """Print values: one JSON object on one line, or one line per value."""
    if as_json:
        sys.stdout.write(json.dumps(values, allow_nan=False) + "\n")
        return
    for name, value in values.items():
        lines = [value]
        if isinstance(value, dict):
            lines = [
                " ".join([key, *(str(v) for v in inner.values() if v is not None)]) for key, inner in value.items()
            ]
        elif isinstance(value, list):
            lines = [", ".join(str(v) for v in value)] if value and all(isinstance(v, int) for v in value) else value
        for line in lines or ["none"]:
            out.print(f"{name:16} {'unknown' if line is None else line}", markup=False, highlight=False)
            name = ""  # noqa: PLW2901  further lines stand below the first


def tell(report: RetrievalReport) -> None:
    """Print a report as a table, and its sentence below."""
    table = Table("", "rSum", "difference", "interval", title=f"{report.split} split, {report.n_images} images")
    for column in table.columns[1:]:
        column.justify = "right"
    for row in (report.baseline, report.weighted, *report.controls):
        change = row.difference
        apart = (
            ("", "") if row is report.baseline else (f"{change.value:+.1f}", f"[{change.low:+.1f}, {change.high:+.1f}]")
        )
        table.add_row(row.label, f"{row.metrics.rsum.value:.1f}", *apart)
    out.print(table)
    out.print(report.sentence, markup=False, highlight=False)
    if report.agreement is not None:
        out.print(report.agreement.sentence, markup=False, highlight=False)


def tell_seeds(report: SeedsReport) -> None:
    """Print a report over several seeds as a table, and its sentence below."""
    title = f"{len(report.seeds)} seeds, {report.n_images} test images each, {report.basis} columns"
    table = Table("", "rSum", "difference", "interval", "helps", "hurts", "neither", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in report.rows:
        change = row.difference
        apart = (f"{change.value:+.1f}", f"[{change.low:+.1f}, {change.high:+.1f}]", *map(str, row.verdicts))
        table.add_row(row.label, f"{row.rsum.value:.1f}", *(apart if row.name != "unweighted" else ()))
    out.print(table)
    out.print(report.sentence, markup=False, highlight=False)


def tell_trainings(found: TrainingSummary) -> None:
    """Print the answer about PICO in the loop, then every variant over all seeds."""
    out.print(found.sentence, markup=False, highlight=False)
    title = f"{found.experiment}: {found.n_seeds} seeds, {found.n_images} test images each, {found.basis} columns"
    table = Table("", "rSum", "against P = 1", "interval", "helps", "hurts", "neither", title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for row in (*found.rows, *found.leads):
        change = row.difference
        apart = (f"{change.value:+.1f}", f"[{change.low:+.1f}, {change.high:+.1f}]", *map(str, row.verdicts))
        rsum = "" if row in found.leads else f"{row.rsum:.1f}"
        table.add_row(row.label, rsum, *(apart if row.variant != "none" else ()))
    out.print(table)
