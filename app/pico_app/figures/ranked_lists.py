"""The two lists of a query and the table of a report, as HTML: records in, escaped markup out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from pico_app.figures import theme
from pico_app.figures.flow import HEAD, ROW
from pico_core.retrieval.rankings import RankedItem
from pico_core.retrieval.records import Estimate, RetrievalReport, Scoring

LIST_STYLE = (
    f".rows{{font-size:.875rem;line-height:1.25}}.rows .h{{height:{HEAD}px;line-height:{HEAD}px;padding:0 .5rem;"
    "white-space:nowrap;overflow:hidden;text-overflow:ellipsis}"
    f".row{{height:{ROW}px;display:flex;align-items:center;gap:.55rem;"
    "padding:0 .5rem;box-sizing:border-box;border-bottom:1px solid rgba(128,128,128,.18);overflow:hidden}"
    ".row .n{flex:0 0 1.9rem;text-align:right;font-variant-numeric:tabular-nums;font-weight:600}"
    ".row .t{flex:1 1 auto;min-width:0;display:-webkit-box;-webkit-line-clamp:2;-webkit-box-orient:vertical;"
    "overflow:hidden}.row .s{flex:0 0 auto;text-align:right;font-variant-numeric:tabular-nums;opacity:.8}"
    f".row .a{{flex:0 0 3.1rem;text-align:right;font-variant-numeric:tabular-nums;font-weight:600;white-space:nowrap}}"
    f".row img{{height:{ROW - 8}px;width:{ROW - 8}px;object-fit:cover;border-radius:.25rem;flex:0 0 auto}}"
    ".row.hit{background:rgba(0,114,178,.10);font-weight:600;box-shadow:inset 4px 0 0 currentColor}"
    ".row.off .t{opacity:.75}.row.gap{border-bottom:none}"
)
TABLE_STYLE = (
    ".report{overflow-x:auto}.report table{border-collapse:collapse;width:100%;font-size:.85rem;"
    "font-variant-numeric:tabular-nums}.report th{font-weight:600;text-align:right;vertical-align:bottom;"
    "padding:.25rem .3rem}.report td{text-align:right;padding:.3rem .3rem;line-height:1.2;white-space:nowrap}"
    ".report td small{display:block;opacity:.75;font-size:.75rem}.report th:first-child,.report td:first-child"
    "{text-align:left;white-space:normal;min-width:8.5rem;font-weight:400}.report tr{border-bottom:1px solid "
    "rgba(128,128,128,.2)}.report tr.main td:first-child{font-weight:600}.report thead "
    "tr:first-child{border-bottom:none}.report th.group{text-align:center;border-bottom:1px solid "
    "rgba(128,128,128,.35)}"
)


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
) -> str:
    """One list, rows of a fixed height so that the flow beside it meets them.

    Args:
        items: The top, best first.
        title: Heading of the list.
        target: The right answer, which gets a row of its own below where it is not among them; None
            where no answer is known to be right.
        candidate: What is known of an item.
        weighted: Whether this is the weighted list, which shows the arrows.
    """
    rows = [_row(item, candidate(item.index), weighted=weighted) for item in items]
    if target is not None and target.index in {item.index for item in items}:
        rows.append("<div class='row gap'></div>")
    elif target is not None:
        rows.append(_row(target, candidate(target.index), weighted=weighted, outside=True))
    head = f"<div class='h'><b>{escape(title)}</b></div>"
    return f"<style>{LIST_STYLE}</style><div class='rows' role='list'>{head}{''.join(rows)}</div>"


def arrow(before: int, after: int) -> str:
    """A change of rank as an arrow and a number: ▲ up, ▼ down, = neither.

    >>> arrow(9, 2), arrow(2, 9), arrow(4, 4)
    ('▲ 7', '▼ 7', '=')
    """
    if before == after:
        return "="
    return f"▲ {before - after:,}" if after < before else f"▼ {after - before:,}"


def report_html(report: RetrievalReport) -> str:
    """Every scoring in a row: rSum, its change, recall in both directions, MRR, median ranks, with intervals."""
    head = (
        "<thead><tr><th></th><th></th><th></th><th class='group' colspan='4'>image to text</th>"
        "<th class='group' colspan='4'>text to image</th><th></th></tr>"
        "<tr><th>Scoring</th><th>rSum</th><th>change</th>"
        + 2 * "<th>R@1</th><th>R@5</th><th>R@10</th><th>median<br>rank</th>"
        + "<th>MRR</th></tr></thead>"
    )
    rows = [_report_row(report.baseline, main=True), _report_row(report.weighted, main=True)]
    rows += [_report_row(control, main=False) for control in report.controls]
    return f"<style>{TABLE_STYLE}</style><div class='report'><table>{head}<tbody>{''.join(rows)}</tbody></table></div>"


def _row(item: RankedItem, shown: Candidate, *, weighted: bool, outside: bool = False) -> str:
    picture = f"<img src='{shown.picture}' alt=''>" if shown.picture else ""
    before, after = (item.other_rank, item.rank) if weighted else (item.rank, item.other_rank)
    colour = {-1: theme.GAIN, 0: theme.GREY, 1: theme.LOSS}[(after > before) - (after < before)]
    # Mixed with the ink, so that it can be read on either theme.
    tint = f"color-mix(in srgb, currentColor 35%, {colour})" if before != after else "inherit"
    move = f"<span class='a' style='color:{tint}'>{arrow(before, after)}</span>" if weighted else ""
    kind = ("row hit" if item.relevant else "row") + (" off" if outside else "")
    mark = " (right answer)" if item.relevant else ""
    return (
        f"<div class='{kind}' role='listitem' title='{escape(shown.name, quote=True)}{mark}'>"
        f"<span class='n'>{item.rank:,}</span>{picture}<span class='t'>{escape(shown.name)}</span>"
        f"<span class='s'>{item.score:.3f}</span>{move}</div>"
    )


def _report_row(scoring: Scoring, *, main: bool) -> str:
    m = scoring.metrics
    change = "<td>–</td>" if scoring.name == "unweighted" else f"<td>{_signed(scoring.difference)}</td>"
    cells = [_cell(m.rsum)]
    recall = [_cell(e) for e in (m.i2t_r1, m.i2t_r5, m.i2t_r10)] + [_cell(m.i2t_median_rank, digits=0)]
    recall += [_cell(e) for e in (m.t2i_r1, m.t2i_r5, m.t2i_r10)] + [_cell(m.t2i_median_rank, digits=0)]
    body = "".join(f"<td>{cell}</td>" for cell in cells) + change + "".join(f"<td>{c}</td>" for c in recall)
    kind = " class='main'" if main else ""
    return f"<tr{kind}><td>{escape(scoring.label)}</td>{body}<td>{_cell(m.mrr)}</td></tr>"


def _cell(estimate: Estimate, *, digits: int = 1) -> str:
    return f"{estimate.value:.{digits}f}<small>{estimate.low:.{digits}f}–{estimate.high:.{digits}f}</small>"


def _signed(change: Estimate) -> str:
    return f"{change.value:+.1f}<small>{change.low:+.1f} … {change.high:+.1f}</small>"
