"""The numbers under a map: value, interval and control in a small table, every definition one click away."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pico_core.retrieval.records import Estimate

STYLE = (
    "<style>.nums{width:100%;border-collapse:collapse;font-size:.875rem;font-variant-numeric:tabular-nums}"
    ".nums th{font-weight:400;opacity:.72;text-align:right;padding:.15rem .3rem;font-size:.8rem}"
    ".nums th:first-child{text-align:left}.nums td{padding:.22rem .3rem;text-align:right;vertical-align:top;"
    "border-top:1px solid rgba(128,128,128,.22);white-space:nowrap}"
    ".nums td:first-child{text-align:left;white-space:normal}.nums td b{font-weight:600}.nums small{opacity:.72}"
    ".nums summary{cursor:pointer;text-decoration:underline dotted 1px;text-underline-offset:.2em;list-style:none}"
    ".nums summary::-webkit-details-marker{display:none}"
    ".nums details p{margin:.2rem 0 .3rem;line-height:1.4;opacity:.85;max-width:24rem}"
    # On a narrow screen values break, and what is wider still is scrolled by itself, not with the page.
    "@media (max-width:1000px){.nums td{white-space:normal}}.wide{overflow-x:auto}</style>"
)


@dataclass(frozen=True)
class NumberRow:
    """One number of a space.

    Attributes:
        name: What it is.
        definition: Opened by a click on the name.
        value: With its interval; None while it is not there, or cannot be.
        control: The same with random weights; None where it was not measured.
        pending: What stands in place of a value that is not there.
    """

    name: str
    definition: str
    value: Estimate | None
    control: Estimate | None
    pending: str = ""


def numbers_html(rows: Sequence[NumberRow]) -> str:
    """The table; click a name for its definition."""
    body = "".join(
        f"<tr><td><details><summary>{escape(row.name)}</summary><p>{escape(row.definition)}</p></details></td>"
        f"<td>{_value(row)}</td><td>{_control(row)}</td></tr>"
        for row in rows
    )
    return (
        f"{STYLE}<div class='wide'><table class='nums'><thead><tr><th>click a name for its definition</th>"
        f"<th>value [95 % interval]</th><th>random weights</th></tr></thead><tbody>{body}</tbody></table></div>"
    )


def _value(row: NumberRow) -> str:
    if row.value is None:
        return f"<small>{escape(row.pending)}</small>"
    return f"<b>{row.value.value:.3f}</b> <small>[{row.value.low:.3f}, {row.value.high:.3f}]</small>"


def _control(row: NumberRow) -> str:
    if row.control is None:
        return "<small>not measured</small>" if row.value is not None else ""
    if row.control.low == row.control.high:
        return f"{row.control.value:.3f}"
    return f"{row.control.value:.3f} <small>({row.control.low:.3f} to {row.control.high:.3f})</small>"
