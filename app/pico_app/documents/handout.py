"""The method on paper: every step with its formula, the live numbers and its figures, in one file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from latex2mathml.converter import convert

from pico_app.documents.standalone import Section, standalone

STYLE = "math{font-size:1.15em;margin:.5em 0}@media print{section{break-inside:avoid}}"
MARKS = {"paper": "●", "reconstruction": "◆", "beyond the paper": "▲"}


@dataclass(frozen=True)
class HandoutStep:
    """What the handout says of a step.

    Attributes:
        title: In a few words.
        provenance: Whose it is.
        source: Where it stands, or what is reconstructed.
        formula: In LaTeX.
        substituted: The formula with the numbers of the chosen data, in LaTeX.
        answer: The finding, in a sentence.
        words: Two or three sentences.
        ask: The question.
        reply: Its answer.
    """

    title: str
    provenance: str
    source: str
    formula: str
    substituted: str
    answer: str
    words: str
    ask: str
    reply: str


def formula_html(latex: str) -> str:
    r"""A formula as MathML, which browsers draw by themselves; the lines of an aligned one stand below each other.

    >>> formula_html(r"p_d")[:5]
    '<math'
    >>> formula_html(r"\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}").count("<math")
    2
    """
    lined = re.fullmatch(r"\\begin\{aligned\}(.*)\\end\{aligned\}", latex.strip(), flags=re.DOTALL)
    rows = [latex] if lined is None else lined[1].replace("&", "").split(r"\\")  # one below the other, not aligned
    return "".join(convert(row.strip(), display="block") for row in rows)


def handout_html(
    title: str,
    *,
    answer: str,
    facts: Sequence[tuple[str, str]],
    steps: Sequence[HandoutStep],
    figures: Sequence[Sequence[Section]],
    takeaway: str,
) -> str:
    """The handout as one HTML file.

    Args:
        title: The question.
        answer: Whose numbers stand in it.
        facts: Of the data and the study.
        steps: In order.
        figures: Of every step.
        takeaway: What to keep; empty for none.
    """
    sections: list[Section] = []
    for number, (step, drawn) in enumerate(zip(steps, figures, strict=True), start=1):
        sections.append(Section(title=f"{number}. {step.title}", html=_step_html(step)))
        sections.extend(replace(figure, name=f"step-{number}") for figure in drawn)
    if takeaway:
        sections.append(Section(title="What to keep", html=f"<p class='answer'>{escape(takeaway)}</p>"))
    page = standalone(title, answer=answer, facts=facts, sections=sections)
    return page.replace("</style>", f"{STYLE}</style>", 1)


def _step_html(step: HandoutStep) -> str:
    source = f"{MARKS[step.provenance]} <b>{escape(step.provenance)}</b>: {escape(step.source)}"
    return (
        f"<p class='caption'>{source}</p>{formula_html(step.formula)}"
        f"<p class='caption'>With the numbers of the chosen data:</p><div class='tall'>{formula_html(step.substituted)}"
        f"</div><p><b>{escape(step.answer)}</b></p><p>{escape(step.words)}</p>"
        f"<div class='asked'><div><b>{escape(step.ask)}</b><br>{escape(step.reply)}</div></div>"
    )
