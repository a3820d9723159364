"""The tables of a run's report: the lowest columns with their intervals, and what every scoring is."""

from html import escape
from typing import Any

import polars as pl

from pico_app.figures.overview import about
from pico_core.columns.summary import LOWEST
from pico_core.retrieval.records import RetrievalReport

HEADS = (
    "column",
    "semantic<br>probability",
    "stays among<br>the ten lowest",
    "style similarity,<br>images",
    "style similarity,<br>texts",
    "p̂",
    "null of p̂",
    "weight",
)


def lowest_table(columns: pl.DataFrame) -> str:
    """The columns of lowest probability, lowest first, every number with its interval where it has one."""
    rows = columns.sort("probability", "column").head(LOWEST).iter_rows(named=True)
    head = "".join(f"<th>{name}</th>" for name in HEADS)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in _cells(row))}</tr>" for row in rows)
    return (
        f"<div class='whole'><table class='plain'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p class='caption'>{_note(columns)}</p></div>"
    )


def scorings_html(report: RetrievalReport) -> str:
    """What every scoring of the report is, in a few words each."""
    rows = "".join(
        f"<tr><td>{escape(row.label)}</td><td>{escape(about(row.name))}</td></tr>"
        for row in (report.weighted, *report.controls)
    )
    head = "<thead><tr><th>scoring</th><th>what it is</th></tr></thead>"
    return f"<table class='plain words'>{head}<tbody>{rows}</tbody></table>"


def _cells(row: dict[str, Any]) -> list[str]:
    share = row["lowest_share"]
    return [
        escape(str(row["title"])),
        _with_interval(row, "probability"),
        "–" if share is None else f"{100 * share:.0f} %",
        _with_interval(row, "image_similarity"),
        _with_interval(row, "text_similarity"),
        _with_interval(row, "p_hat"),
        f"{row['null_mean']:.3f}<small>{row['null_low']:.3f}–{row['null_high']:.3f}</small>",
        f"{row['weight']:.2f}",
    ]


def _with_interval(row: dict[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    ends = "" if low is None or high is None else f"<small>{low:.3f}–{high:.3f}</small>"
    return f"{row[name]:.3f}{ends}"


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
