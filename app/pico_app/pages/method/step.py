"""What a step of the Method page is: a formula, its provenance, and a picture that can be played with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from markupsafe import Markup

from pico_app.answers import documents
from pico_app.documents.formulas import formula_html
from pico_app.documents.standalone import Section
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure
from pico_app.state import screen
from pico_app.templates import render
from pico_app.workspace import Workspace

Provenance = Literal["paper", "reconstruction", "beyond the paper"]
# Whose a step is, by shape and by colour.
SHAPES: dict[Provenance, tuple[str, str]] = {
    "paper": ("●", "#0072B2"),
    "reconstruction": ("◆", "#D55E00"),
    "beyond the paper": ("▲", "#CC79A7"),
}


@dataclass(frozen=True)
class Pick:
    """What the numbers of a step are taken from; all indices are of the fit split, in the axes of the study.

    Attributes:
        text: The caption of the pair; its image goes with it.
        patch: Of its image.
        word: Of the caption.
        column: The feature column looked at.
        preset: Whether they are those of a preset, not of the open study.
    """

    text: int = 0
    patch: int = 0
    word: int = 0
    column: int = 0
    preset: bool = False


@dataclass(frozen=True)
class Step(Instrument[[Workspace, Pick], None]):
    """One step of the method: an instrument that says whose it is, and whose formula has the live numbers in it.

    Its question is to be answered before the figure is looked at.

    Attributes:
        provenance: Whose it is: the paper's, our reconstruction, or neither.
        source: Where it stands, or what is reconstructed and what else could have been chosen.
        formula: In LaTeX.
        reply: The answer to the question, seen after a click.
        substituted: The formula with the live numbers in it, in LaTeX; every number is the engine's.
        answer: The step's finding on these data in a sentence, computed; it stands under the page's question.
        figures: What the printed handout shows, each drawable in light colours.
        picks: Which fields of the pick decide the numbers in the formula; none where the study as a whole does.
    """

    provenance: Provenance
    source: str
    formula: str
    reply: str
    substituted: Callable[[Workspace, Pick], str]
    answer: Callable[[Workspace, Pick], str]
    figures: Callable[[Workspace, Pick], Sequence[documents.PageSection]]
    picks: tuple[Literal["text", "patch", "word", "column"], ...] = ("text", "patch", "word", "column")


def on_paper(number: int, step: Step, space: Workspace, pick: Pick) -> list[Section]:
    """A step in the handout: its words and formulas with the numbers of a pick, then its figures in light colours."""
    html = render(
        "handout_step",
        step=step,
        mark=SHAPES[step.provenance][0],
        substituted=step.substituted(space, pick),
        answer=step.answer(space, pick),
        formula=formula_html,
    )
    figures = [section.drawn for section in step.figures(space, pick) if section.figure is not None]
    return [
        Section(title=f"{number}. {step.title}", html=html),
        *(replace(section, title="", html="", name=f"step-{number}") for section in figures),
    ]


def draw_section(section: documents.PageSection, *, key: str, finding: str, select: bool = False) -> list[Any]:
    """Draw a figure of the handout on the page, in its theme; the points that are selected in it.

    The finding is a sentence; with the title it stands in for the picture.
    """
    assert section.figure is not None
    return figure(
        section.figure(screen.theme()),
        key=key,
        caption=section.caption,
        select=select,
        alt=f"{section.title}. {finding}",
    )


def number(value: float, digits: int = 3) -> str:
    """A number; never minus zero. Braces keep a sign close to its number.

    >>> number(-0.00001), number(1.23456), number(-0.5)
    ('0.000', '1.235', '{-0.500}')
    """
    text = f"{value:.{digits}f}"
    if float(text) == 0:
        return text.lstrip("-")
    return f"{{{text}}}" if value < 0 else text


def factor(value: float, digits: int = 3) -> str:
    """A number that is multiplied or subtracted: in brackets where it is below zero.

    >>> factor(-0.25, 2)
    '({-0.25})'
    """
    text = number(value, digits)
    return f"({text})" if text.startswith("{") else text


def badge_html(provenance: Provenance, source: str) -> Markup:
    """Whose a step is, by word, shape and colour, with its source.

    >>> "<b>" in badge_html("paper", "a <b> c")
    False
    """
    return render("badge", kind=provenance, look=SHAPES[provenance], label="", text=source)
