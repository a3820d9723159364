"""What the command line prints: values and reports, for people or for machines."""

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:  # an error is printed without what a report needs
    from pico_core.experiments.summary import VariantSummary
    from pico_core.experiments.training_summary import TrainingSummary
    from pico_core.retrieval.records import RetrievalReport
    from pico_core.studies.seeds import SeedsReport

# Names come from files: brackets in them are letters, no markup.
out, err = Console(soft_wrap=True, markup=False), Console(stderr=True, soft_wrap=True, markup=False)


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


def tell(report: "RetrievalReport") -> None:
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


def tell_seeds(report: "SeedsReport") -> None:
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


def tell_trainings(summary: "TrainingSummary") -> None:
    """Print the answer about PICO in the loop, then every weighting and every lead; fits 80 columns."""
    from pico_core.training.schemes import PLAIN, loop_label

    out.print(summary.sentence, markup=False, highlight=False)
    title = (
        f"{summary.experiment}: {summary.n_seeds} seeds, {summary.n_images} test images each, {summary.basis} columns"
    )
    table = narrow_table("verdict", "training", "rSum", "change", "95 %", "adj. p", "seeds", title=title)
    for row in summary.rows:
        plain = row.variant == PLAIN
        p = "" if row.p_adjusted is None else f"{row.p_adjusted:.2g}"
        apart = ("-", "", "", "", "") if plain else (row.verdict or "-", *change_cells(row), p, _signs(row))
        table.add_row(apart[0], loop_label(row.variant, short=True), f"{row.rsum or 0.0:.1f}", *apart[1:])
    out.print(table)
    if summary.leads:
        table = narrow_table("PICO is", "beside", "lead", "95 %", "seeds", title="PICO minus its controls")
        for row in summary.leads:
            word = {"helps": "ahead", "hurts": "behind", "none": "level"}[row.verdict or "none"]
            table.add_row(word, loop_label(row.variant, short=True), *change_cells(row), _signs(row))
        out.print(table)
    words = "seeds: how many lie above and below 0 by their own paired interval. Leads are not adjusted."
    out.print(words, markup=False, highlight=False)


def narrow_table(*names: str, title: str) -> Table:
    """A table without frame: two columns of words, then digits."""
    table = Table(*names, title=title, box=box.SIMPLE_HEAD, padding=0)
    for position, column in enumerate(table.columns):
        column.no_wrap = True
        column.justify = "left" if position < 2 else "right"
    return table


def change_cells(row: "VariantSummary") -> tuple[str, str]:
    """The change and its interval, as two cells; empty where the variant does not apply."""
    if row.change is None:
        return "", ""
    return f"{row.difference:+.1f}", f"[{row.low:+.1f}, {row.high:+.1f}]"


def _signs(row: "VariantSummary") -> str:
    return f"+{row.verdicts[0]} -{row.verdicts[1]}"
