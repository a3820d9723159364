"""The row that is looked at, in words: whose idea it is, what it is, what to know, what it costs."""

from html import escape

import streamlit as st

from pico_app.answers import experiments
from pico_app.pages.method.badge import SHAPES, STYLE
from pico_app.pages.method.step import Provenance
from pico_core.experiments.summary import VariantSummary
from pico_core.experiments.verdicts import digits_of

ABOUT = {
    "unweighted": "every column counts the same; all others are measured against it",
    "pico": "the candidate of the construction that feedback liked best, used whatever the guard says",
    "pico_guarded": "equal weights wherever the guard saw no gain on the feedback split",
    "pico_last": "the last average of the prototypes, so that feedback had no choice but the strength",
    "once": "one construction from all fit images, without any iteration or feedback on prototypes",
    "uniform": "every candidate counts the same: feedback is ignored",
    "ema": "the newest candidates count most, however good they are",
    "best": "only the candidate of highest gain counts",
    "last": "only the newest candidate counts",
    "accept": "candidates of positive gain count alike, the others not at all",
    "shuffled": "the method with the gains handed to the wrong candidates: feedback in form only",
    "p_hat": "sign agreement alone, without prototypes",
    "p_chance_corrected": "sign agreement minus what mismatched pairs give",
    "permuted": "the method's own weights on other columns: what their spread alone does",
    "ends_only": "its weights on the two axes that hold the common mean and the modality gap alone",
    "ends_spared": "its weights on all axes but the two that hold the common mean and the modality gap",
    "learned": "one weight per column, learned by gradient descent on the fit split",
    "correlation": "a column's correlation over matched pairs as its weight",
    "mean_removal": "the common mean of all tokens is taken out",
    "modality_mean_removal": "images and texts are each centred",
    "gap_removal": "the direction between the mean image and the mean text is projected out",
    "all_but_the_top": "the mean and the strongest axis are removed",
    "whitening": "all directions are given the same variance, shrunk towards what it was",
    "cca": "directions in which images and texts correlate, scaled by how much",
    "oracle_labels": "columns weighed by how little the style labels drive them: a ceiling, no rival",
    "oracle_truth": "the planted share of meaning as the weight: a ceiling, no rival",
}


def render(found: experiments.Slice, chosen: str) -> None:
    """Draw the line."""
    one = found.summary(chosen)
    st.html(f"{STYLE}{row_html(one, experiments.whose(one.variant))}")


def row_html(one: VariantSummary, whose: str) -> str:
    """The line; labels and notes come from files and are escaped.

    >>> one = VariantSummary("toy", "x", "<b>", "control", 0, 1.0, None, None, None, None, None, None, None, None, None,
    ...                      0.0, "no <i>truth</i>")
    >>> "<b>&lt;b&gt;</b>" in row_html(one, ""), "<i>truth" in row_html(one, "")
    (True, False)
    """
    kind = kind_of(whose)
    source = "" if not whose or whose == kind else f" Source: {escape(whose)}."
    badge = ""
    if kind is not None:
        shape, colour = SHAPES[kind]
        badge = (
            f'<span class="badge"><span style="color:{colour};font-size:1.15em" aria-hidden="true">{shape}</span>'
            f"{escape(kind)}</span>"
        )
    about = ABOUT.get(one.variant, "the method with this one setting changed" if one.family == "setting" else "")
    note = f"; {escape(one.note[:300])}" if one.note else ""
    numbers = digits_of(one)
    said = f"{numbers} points of rSum" if numbers else "no number here"
    return (
        f'<div class="source">{badge}<b>{escape(one.label[:120])}</b>{": " if about else ""}{escape(about)}. {said}, '
        f"{escape(_seconds(one.seconds))} a split{note}.{source}</div>"
    )


def kind_of(whose: str) -> Provenance | None:
    """The badge of a source: what it names first; what others published is beyond the paper.

    >>> kind_of("paper; its open choices are reconstructions"), kind_of("Mu and Viswanath, ICLR 2018"), kind_of("")
    ('paper', 'beyond the paper', None)
    """
    kinds: tuple[Provenance, ...] = ("beyond the paper", "reconstruction", "paper")
    named = sorted((whose.find(kind), place) for place, kind in enumerate(kinds) if kind in whose)
    if named:
        return kinds[named[0][1]]
    return "beyond the paper" if whose else None


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 0.1 else f"{1000 * value:.0f} ms"
