"""The method on paper: every step with its formula, the live numbers and its figures, in one file."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from latex2mathml.converter import convert

from app.documents.standalone import Section, standalone

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
    r"""A formula as MathML, which browsers draw by themselves.

    >>> formula_html(r"p_d")[:5]
    '<math'
    """
    markup: str = convert(latex, display="block")
    return markup


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
    return standalone(title, answer=answer, facts=facts, sections=sections)


def _step_html(step: HandoutStep) -> str:
    source = f"{MARKS[step.provenance]} <b>{escape(step.provenance)}</b>: {escape(step.source)}"
    return (
        f"<p class='caption'>{source}</p>{formula_html(step.formula)}"
        f"<p class='caption'>With the numbers of the chosen data:</p><div class='tall'>{formula_html(step.substituted)}"
        f"</div><p><b>{escape(step.answer)}</b></p><p>{escape(step.words)}</p>"
        f"<div class='asked'><div><b>{escape(step.ask)}</b><br>{escape(step.reply)}</div></div>"
    )
