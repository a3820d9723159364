"""Comparisons of trainings as a Markdown table, for documents: comparisons down, weightings across."""

import polars as pl

from pico_core.experiments.trainings.summary import TrainedOverSeeds, training_summaries
from pico_core.experiments.trainings.tables import LABELS


def training_markdown(table: pl.DataFrame) -> str:
    """Test rSum of P = 1, then the mean change of every weighting with its interval over seeds.

    Bold where it holds once all comparisons are adjusted for. In brackets how many seeds lie above and below 0: a
    seed counts where its own paired 95 % interval leaves 0 out.

    Args:
        table: Of one or several comparisons, told apart by `dataset`.
    """
    groups = training_summaries(table)
    variants = list(dict.fromkeys(row.variant for group in groups for row in group.rows if row.variant != "none"))
    lines = [
        f"| comparison | {LABELS['none']} | {' | '.join(LABELS[variant] for variant in variants)} |",
        f"|{'|'.join(['---'] * (2 + len(variants)))}|",
    ]
    for group in groups:
        rows = {row.variant: row for row in group.rows}
        cells = [_cell(rows.get(variant)) for variant in variants]
        lines.append(f"| {group.dataset} | {group.plain:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cell(row: TrainedOverSeeds | None) -> str:
    if row is None:
        return "-"
    said = row.difference.signed
    holds = row.verdict != "none" and row.p_adjusted is not None
    return f"{f'**{said}**' if holds else said} ({row.verdicts[0]}, {row.verdicts[1]})"
