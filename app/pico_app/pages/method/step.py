"""What a step of the Method page is: a formula, its provenance, and a picture that can be played with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pico_app.answers import documents, studies

Provenance = Literal["paper", "reconstruction", "beyond the paper"]


@dataclass(frozen=True)
class Pick:
    """What the numbers of a step are taken from; all indices are of the fit split, in the axes of the study.

    Attributes:
        text: The caption of the pair; its image goes with it.
        patch: Of its image.
        word: Of the caption.
        column: The feature column looked at.
    """

    text: int = 0
    patch: int = 0
    word: int = 0
    column: int = 0


@dataclass(frozen=True)
class Step:
    """One step of the method.

    Attributes:
        slug: Its name in the address.
        title: In a few plain words.
        provenance: Whose it is: the paper's, our reconstruction, or neither.
        source: Where it stands, or what is reconstructed and what else could have been chosen.
        formula: In LaTeX.
        words: Two or three sentences that say it plainly.
        ask: A question to answer before the figure is looked at.
        reply: Its answer, seen after a click.
        substituted: The formula with the live numbers in it, in LaTeX; every number is the engine's.
        draw: Draws the figure and its controls below the words.
        answer: The step's finding on these data in a sentence, computed; it stands under the page's question.
        figures: What the printed handout shows, each drawable in light colours.
        picks: Which fields of the pick decide the numbers in the formula; none where the study as a whole does.
    """

    slug: str
    title: str
    provenance: Provenance
    source: str
    formula: str
    words: str
    ask: str
    reply: str
    substituted: Callable[[studies.Workspace, Pick], str]
    draw: Callable[[studies.Workspace, Pick], None]
    answer: Callable[[studies.Workspace, Pick], str] | None = None
    figures: Callable[[studies.Workspace, Pick], Sequence[documents.PageSection]] | None = None
    picks: tuple[Literal["text", "patch", "word", "column"], ...] = ("text", "patch", "word", "column")
