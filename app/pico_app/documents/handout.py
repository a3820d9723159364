"""The method on paper: every step with its formula, the live numbers and its figures, in one file."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from latex2mathml.converter import convert
from markupsafe import Markup

from pico_app.documents.standalone import Section, standalone
from pico_app.templates import render

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


def formula_html(latex: str) -> Markup:
    r"""A formula as MathML, which browsers draw by themselves; the lines of an aligned one stand below each other.

    >>> formula_html(r"p_d")[:5]
    Markup('<math')
    >>> formula_html(r"\begin{aligned} a &= 1 \\ b &= 2 \end{aligned}").count("<math")
    2
    """
    lined = re.fullmatch(r"\\begin\{aligned\}(.*)\\end\{aligned\}", latex.strip(), flags=re.DOTALL)
    rows = [latex] if lined is None else lined[1].replace("&", "").split(r"\\")  # one below the other, not aligned
    return Markup("".join(convert(row.strip(), display="block") for row in rows))


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
        html = render("handout_step", step=step, mark=MARKS[step.provenance], formula=formula_html)
        sections.append(Section(title=f"{number}. {step.title}", html=html))
        sections.extend(replace(figure, name=f"step-{number}") for figure in drawn)
    if takeaway:
        sections.append(Section(title="What to keep", html=render("paragraph", kind="answer", lead="", text=takeaway)))
    return standalone(title, answer=answer, facts=facts, sections=sections, kind="handout")
