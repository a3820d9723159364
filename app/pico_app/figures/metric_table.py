"""All metrics of two scorings as a table: left, right, paired change, and the verdict in words."""

from collections.abc import Sequence
from html import escape

from pico_app.figures.theme import GAIN, LOSS
from pico_core.retrieval.comparing.metric_changes import MetricChange
from pico_core.retrieval.records import Estimate, Verdict

NAMES = {
    "i2t_r1": "R@1",
    "i2t_r5": "R@5",
    "i2t_r10": "R@10",
    "i2t_median_rank": "median rank",
    "t2i_r1": "R@1",
    "t2i_r5": "R@5",
    "t2i_r10": "R@10",
    "t2i_median_rank": "median rank",
    "rsum": "rSum",
    "mrr": "MRR",
}
GROUPS = {"i2t_r1": "image to text", "t2i_r1": "text to image", "rsum": "both directions"}
STYLE = (
    ".metrics{overflow-x:auto;max-width:62rem}.metrics table{border-collapse:collapse;width:100%;font-size:.92rem;"
    "font-variant-numeric:tabular-nums}.metrics th{font-weight:600;text-align:right;padding:.3rem .6rem;"
    "vertical-align:bottom}.metrics td{text-align:right;padding:.26rem .6rem;white-space:nowrap}"
    ".metrics td small{opacity:.66;font-size:.8rem;margin-left:.45rem}"
    ".metrics th:first-child,.metrics td:first-child,.metrics th:last-child,.metrics td:last-child{text-align:left}"
    ".metrics tr{border-bottom:1px solid rgba(128,128,128,.2)}.metrics tr.g td{font-weight:600;padding-top:.7rem}"
    ".metrics tr.main td{font-weight:600}.metrics tr.main td small,.metrics tr.main td:last-child span{font-weight:400}"
)


def metrics_html(rows: Sequence[MetricChange], *, left: str, right: str) -> str:
    """The table; the names of the sides are escaped."""
    head = f"<tr><th></th><th>{escape(left)}</th><th>{escape(right)}</th><th>paired change</th><th>verdict</th></tr>"
    body = "".join(_group(row) + _row(row) for row in rows)
    return f"<style>{STYLE}</style><div class='metrics'><table><thead>{head}</thead><tbody>{body}</tbody></table></div>"


def _group(row: MetricChange) -> str:
    title = GROUPS.get(row.name)
    return f"<tr class='g'><td colspan='5'>{title}</td></tr>" if title else ""


def _row(row: MetricChange) -> str:
    digits = 0 if row.lower_is_better else 1
    verdict = row.verdict
    colour = {Verdict.HELPS: GAIN, Verdict.HURTS: LOSS}.get(verdict)
    # Mixed with the ink, so that it can be read on either theme; the words say the same.
    tint = f" style='color:color-mix(in srgb, currentColor 35%, {colour})'" if colour else ""
    mark = {Verdict.HELPS: "▲ ", Verdict.HURTS: "▼ "}.get(verdict, "")
    word = row.word if row.conclusive else "no change seen"
    main = " class='main'" if row.name == "rsum" else ""
    return (
        f"<tr{main}><td>{NAMES[row.name]}</td><td>{_value(row.left, digits)}</td><td>{_value(row.right, digits)}</td>"
        f"<td>{_change(row.change, digits)}</td><td><span{tint}>{mark}{word}</span></td></tr>"
    )


def _value(one: Estimate, digits: int) -> str:
    return f"{one.value:,.{digits}f}<small>{one.low:,.{digits}f} to {one.high:,.{digits}f}</small>"


def _change(one: Estimate, digits: int) -> str:
    return f"{_signed(one.value, digits)}<small>{_signed(one.low, digits)} to {_signed(one.high, digits)}</small>"


def _signed(value: float, digits: int) -> str:
    """With its sign; nothing has none."""
    return "0" if value == 0 else f"{value:+z,.{digits}f}"
