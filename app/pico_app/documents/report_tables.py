"""The tables of a run's report: the lowest columns with their intervals, and what every scoring is."""

import polars as pl
from markupsafe import Markup

from pico_app.figures.overview import about
from pico_app.templates import render
from pico_core.columns.summary import LOWEST
from pico_core.retrieval.records import RetrievalReport


def lowest_table(columns: pl.DataFrame) -> Markup:
    """The columns of lowest probability, lowest first, every number with its interval where it has one."""
    rows = columns.sort("probability", "column").head(LOWEST).rows(named=True)
    return render("lowest_columns", rows=rows, note=_note(columns))


def scorings_html(report: RetrievalReport) -> Markup:
    """What every scoring of the report is, in a few words each."""
    rows = [(row.label, about(row.name)) for row in (report.weighted, *report.controls)]
    return render("two_columns", heads=("scoring", "what it is"), rows=rows)


def _note(columns: pl.DataFrame) -> str:
    if columns["lowest_share"].null_count():
        return (
            "This run has no intervals of its probabilities: columns read as quantiles have no images to resample, and "
            "older versions did not resample. The weight is what retrieval applies: 1 everywhere where the guard "
            "refused."
        )
    chance = 100 * min(1.0, LOWEST / columns.height)
    return (
        "Small print: 95 % intervals, the whole construction on resampled images (p̂: bootstrap over images; its null: "
        "central 95 % over mismatched pairs). How often a column stays among the ten lowest when images are drawn "
        f"anew: chance alone gives {chance:.0f} %; only above 95 % is its place settled. The weight is what retrieval "
        "applies: 1 everywhere where the guard refused."
    )
