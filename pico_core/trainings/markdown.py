"""Comparisons of trainings as a Markdown table, for documents: comparisons down, weightings across."""

import polars as pl

from pico_core.trainings.summary import TrainedOverSeeds, training_summary
from pico_core.trainings.tables import LABELS


def training_markdown(table: pl.DataFrame) -> str:
    """Test rSum of P = 1, then the mean change of every weighting, in brackets how many seeds lie above and below 0.

    A seed counts as above or below where its paired 95 % interval leaves 0 out.

    Args:
        table: Of one or several comparisons, told apart by `dataset`.
    """
    groups = [training_summary(group) for group in table.partition_by("dataset", maintain_order=True)]
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
    return "-" if row is None else f"{row.difference.value:+.1f} ({row.verdicts[0]}, {row.verdicts[1]})"
