"""Summaries over seeds as Markdown tables, for documents; bold is what holds once all comparisons are adjusted for."""

from collections.abc import Sequence

from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.training_summary import TrainingSummary
from pico_core.training.schemes import PLAIN, loop_label


def markdown_table(summaries: Sequence[VariantSummary]) -> str:
    """Of an experiment: variants down, datasets across.

    >>> pico = VariantSummary("d", "pico", "PICO", "method", 5, 400.0, 2.0, 1.0, 3.0, 0.01, 0.02, "helps")
    >>> print(markdown_table([pico]))
    | change of rSum | d |
    |---|---|
    | unweighted rSum, seeds | 400.0, 5 |
    | PICO | **+2.0 [+1.0, +3.0]** |
    """
    datasets = list(dict.fromkeys(summary.dataset for summary in summaries))
    labels = list(dict.fromkeys(summary.label for summary in summaries if summary.family != "reference"))
    summary_of = {(summary.label, summary.dataset): summary for summary in summaries}
    first = [next(summary for summary in summaries if summary.dataset == dataset) for dataset in datasets]
    rows = [
        ["unweighted rSum, seeds", *(f"{summary.baseline:.1f}, {summary.n_seeds}" for summary in first)],
        *([label, *(_change(summary_of.get((label, dataset))) for dataset in datasets)] for label in labels),
    ]
    return _table(["change of rSum", *datasets], rows)


def training_markdown(comparisons: Sequence[TrainingSummary]) -> str:
    """Of trainings: comparisons down, weightings across; test rSum of P = 1, then the change of every weighting.

    In brackets how many seeds lie above and below 0: a seed counts where its own paired interval leaves 0 out.
    """
    variants = dict.fromkeys(row.variant for compared in comparisons for row in compared.rows if row.variant != PLAIN)
    rows = []
    for compared in comparisons:
        of = {row.variant: row for row in compared.rows}
        signs = {name: f" ({row.verdicts[0]}, {row.verdicts[1]})" for name, row in of.items()}
        changes = [f"{_change(of.get(name))}{signs.get(name, '')}" for name in variants]
        rows.append([compared.dataset, f"{compared.plain:.1f}", *changes])
    return _table(["comparison", loop_label(PLAIN), *(loop_label(name) for name in variants)], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], f"|{'|'.join(['---'] * len(head))}|", *lines[1:]])


def _change(summary: VariantSummary | None) -> str:
    if summary is None or not summary.signed:
        return "-"
    holds = summary.verdict in ("helps", "hurts") and summary.p_adjusted is not None
    return f"**{summary.signed}**" if holds else summary.signed
