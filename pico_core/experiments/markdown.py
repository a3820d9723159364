"""The summary of an experiment as a Markdown table, for documents: variants down, datasets across."""

from collections.abc import Sequence

from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.verdicts import digits_of


def markdown_table(summaries: Sequence[VariantSummary]) -> str:
    """Change of rSum of every variant on every dataset; bold where it holds once all comparisons are adjusted for.

    >>> one = VariantSummary("d", "pico", "PICO", "method", 5, 400.0, 2.0, 1.0, 3.0, 0.01, 0.02, "helps", None, None,
    ...     None, 1.0, None)
    >>> print(markdown_table([one]))
    | change of rSum | d |
    |---|---|
    | unweighted rSum, seeds | 400.0, 5 |
    | PICO | **+2.0 [+1.0, +3.0]** |
    """
    datasets = list(dict.fromkeys(one.dataset for one in summaries))
    labels = list(dict.fromkeys(one.label for one in summaries if one.family != "reference"))
    found = {(one.label, one.dataset): one for one in summaries}
    bases = [next(one for one in summaries if one.dataset == dataset) for dataset in datasets]
    rows = [
        ["change of rSum", *datasets],
        ["---"] * (1 + len(datasets)),
        ["unweighted rSum, seeds", *(f"{one.baseline:.1f}, {one.n_seeds}" for one in bases)],
        *([label, *(_cell(found.get((label, dataset))) for dataset in datasets)] for label in labels),
    ]
    return "\n".join(f"|{'|'.join(row)}|" if row[0] == "---" else f"| {' | '.join(row)} |" for row in rows)


def _cell(one: VariantSummary | None) -> str:
    if one is None or one.difference is None:
        return "-"
    said = digits_of(one)
    return f"**{said}**" if one.verdict in ("helps", "hurts") and one.p_adjusted is not None else said
