"""The row that is looked at, in words: whose idea it is, what it is, what to know, what it costs."""

import streamlit as st
from markupsafe import Markup

from pico_app import templates
from pico_app.answers import experiments
from pico_app.pages.method.step import SHAPES, Provenance
from pico_core.experiments.summary import VariantSummary
from pico_core.retrieval.schemes.catalogue import SCHEMES


def render(part: experiments.Slice, chosen: str) -> None:
    """Draw the line."""
    summary = part.summary(chosen)
    st.html(row_html(summary, experiments.whose(summary.variant)))


def row_html(summary: VariantSummary, whose: str) -> Markup:
    """The line; labels and notes come from files and are escaped.

    >>> one = VariantSummary("toy", "x", "<b>", "control", 0, 1.0, None, None, None, None, None, None, None, None, None,
    ...                      0.0, "no <i>truth</i>")
    >>> "<b>&lt;b&gt;</b>" in row_html(one, ""), "<i>truth" in row_html(one, "")
    (True, False)
    """
    kind = kind_of(whose)
    source = "" if not whose or whose == kind else f" Source: {whose}."
    swept = "the method with this one setting changed" if summary.family == "setting" else ""
    about = SCHEMES[summary.variant].sentence if summary.variant in SCHEMES else swept
    note = f"; {summary.note[:300]}" if summary.note else ""
    change = f"{summary.signed} points of rSum" if summary.signed else "no number here"
    text = f"{': ' if about else ''}{about}. {change}, {_seconds(summary.seconds)} a split{note}.{source}"
    look = None if kind is None else SHAPES[kind]
    return templates.render("badge", kind=kind, look=look, label=summary.label[:120], text=text)


def kind_of(whose: str) -> Provenance | None:
    """The badge of a source: what it names first; what others published is beyond the paper.

    >>> kind_of("paper; its open choices are reconstructions"), kind_of("Mu and Viswanath, ICLR 2018"), kind_of("")
    ('paper', 'beyond the paper', None)
    """
    kinds: tuple[Provenance, ...] = ("beyond the paper", "reconstruction", "paper")
    named = sorted((whose.find(kind), index) for index, kind in enumerate(kinds) if kind in whose)
    if named:
        return kinds[named[0][1]]
    return "beyond the paper" if whose else None


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 0.1 else f"{1000 * value:.0f} ms"
