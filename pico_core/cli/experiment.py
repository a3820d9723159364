"""The command that runs a grid of datasets, variants and seeds, and says what came out."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from pico_core.cli.meter import Meter
from pico_core.cli.options import Json
from pico_core.cli.printing import change_cells, narrow_table, out, say
from pico_core.cli.studies import DIFFERENT
from pico_core.experiments.config import find_experiment, read_experiment
from pico_core.experiments.grid import results, run_experiment
from pico_core.experiments.markdown import markdown_table
from pico_core.experiments.summary import ONE_SEED, VariantSummary, summarise, summary_frame
from pico_core.experiments.tables import TableCheck, check_table, read_table

app = typer.Typer()


@app.command()
def experiment(
    config: Annotated[
        Path, typer.Argument(help="TOML file of the experiment, or the name of a built-in one: choices, demo.")
    ],
    target: Annotated[Path, typer.Option("--out", help="Folder of its cells and its table; goes on where it was.")],
    check: Annotated[
        Path | None, typer.Option("--check", help="Table to compare with; code 3 where a cell differs.")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the summary as a Markdown table.")] = False,
    as_json: Json = False,
) -> None:
    """Compare variants of the method, controls and settings over datasets and seeds; goes on where it was."""
    plan = read_experiment(find_experiment(config))
    expected = None if check is None else read_table(check)
    with Meter("opening the datasets", resumable=True) as meter:
        run_experiment(plan, target, reporter=meter)
    table = results(target)
    summaries = summarise(table)
    check_result = None if expected is None else check_table(table, expected)
    if as_json:
        values = {"experiment": plan.name, "folder": str(target), "cells": table.height}
        say(values | {"summary": summary_frame(summaries).to_dicts()} | check_values(check_result), as_json=True)
    elif markdown:
        sys.stdout.write(markdown_table(summaries) + "\n")
    else:
        out.print(plan.sentence, markup=False, highlight=False)
        for dataset in plan.datasets:
            _tell(dataset.name, [summary for summary in summaries if summary.dataset == dataset.name])
    end_with(check_result, silent=as_json or markdown)


def check_values(check: TableCheck | None) -> dict[str, Any]:
    """A comparison of tables as plain values for JSON."""
    return {} if check is None else {"check": asdict(check) | {"agrees": check.agrees}}


def end_with(check: TableCheck | None, *, silent: bool) -> None:
    """Say how the tables compare; end with the code of a difference where they do not agree."""
    if check is not None and not silent:
        out.print(check.sentence, markup=False, highlight=False)
    if check is not None and not check.agrees:
        raise typer.Exit(DIFFERENT)


def _tell(dataset: str, summaries: list[VariantSummary]) -> None:
    """A table that fits a narrow terminal: verdict before digits, names as the file has them, notes below."""
    reference = summaries[0]
    title = f"{dataset}: {reference.baseline:.1f} unweighted, seeds: {reference.n_seeds}"
    table = narrow_table("verdict", "variant", "change", "95 %", "adj. p", "lead", title=title)
    for summary in summaries:
        table.add_row(
            summary.verdict or "-",
            summary.variant,
            *change_cells(summary),
            "" if summary.p_adjusted is None else f"{summary.p_adjusted:.2g}",
            "" if summary.lead is None else f"{summary.lead:+.1f}",
        )
    out.print(table)
    for summary in summaries:
        own = [note for note in (summary.note or "").split("; ") if note and note != ONE_SEED]
        if own:
            out.print(f"{summary.variant}: {'; '.join(own)}", markup=False, highlight=False)
    if any(ONE_SEED in (summary.note or "") for summary in summaries):
        out.print(f"{ONE_SEED[0].upper()}{ONE_SEED[1:]}.", markup=False, highlight=False)
