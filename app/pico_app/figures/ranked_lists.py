"""The two lists of a query and the table of a report, as HTML: records in, escaped markup out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pico_app.templates import render
from pico_core.retrieval.rankings import RankedItem
from pico_core.retrieval.records import RetrievalReport


@dataclass(frozen=True)
class Candidate:
    """What is shown of one candidate: its name, and a picture as a data address where there is one."""

    name: str
    picture: str | None = None


def list_html(
    items: Sequence[RankedItem],
    *,
    title: str,
    target: RankedItem | None,
    candidate: Callable[[int], Candidate],
    weighted: bool,
) -> Markup:
    """One list, rows of a fixed height so that the flow beside it meets them.

    Args:
        items: The top, best first.
        title: Heading of the list.
        target: The right answer, which gets a row of its own below where it is not among them; None
            where no answer is known to be right.
        candidate: What is known of an item.
        weighted: Whether this is the weighted list, which shows the arrows.
    """
    shown = {item.index for item in items}
    rows = [_row(item, candidate(item.index), weighted=weighted) for item in items]
    if target is not None and target.index not in shown:
        rows.append(_row(target, candidate(target.index), weighted=weighted, outside=True))
    gap = target is not None and target.index in shown
    return render("ranked_list", title=title, rows=rows, gap=gap)


def arrow(before: int, after: int) -> str:
    """A change of rank as an arrow and a number: ▲ up, ▼ down, = neither.

    >>> arrow(9, 2), arrow(2, 9), arrow(4, 4)
    ('▲ 7', '▼ 7', '=')
    """
    if before == after:
        return "="
    return f"▲ {before - after:,}" if after < before else f"▼ {after - before:,}"


def report_html(report: RetrievalReport) -> Markup:
    """Every scoring in a row: rSum, its change, recall in both directions, MRR, median ranks, with intervals."""
    return render("report_table", report=report)


def _row(item: RankedItem, shown: Candidate, *, weighted: bool, outside: bool = False) -> dict[str, object]:
    before, after = (item.other_rank, item.rank) if weighted else (item.rank, item.other_rank)
    tone = "" if before == after else "helps ink" if after < before else "hurts ink"
    move = arrow(before, after) if weighted else ""
    return {"item": item, "shown": shown, "outside": outside, "arrow": move, "tone": tone}
