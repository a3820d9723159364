"""One query under two scorings as a page for a paper's appendix."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pico_app.documents.standalone import Section, caption_html, figure_html, standalone
from pico_app.figures import rankings
from pico_app.templates import render
from pico_app.words.captions import caption_of
from pico_core.retrieval.rankings import SideBySide

TITLE = "One query under two scorings"


@dataclass(frozen=True, eq=False)
class ComparisonPage:
    """What the page is made of.

    Attributes:
        answer: What happened to the query, in a sentence.
        facts: What was looked at, and how.
        asked: What asks, as a candidate is shown.
        question: What is asked.
        both: The lists.
        titles: Of the left and of the right list.
        candidate: What is shown of an item.
    """

    answer: str
    facts: Sequence[tuple[str, str]]
    asked: rankings.Candidate
    question: str
    both: SideBySide
    titles: Sequence[str]
    candidate: Callable[[int], rankings.Candidate]


def comparison_html(page: ComparisonPage, more: Sequence[Section]) -> str:
    """The page as one HTML file, with further sections below the lists."""
    both = page.both
    targets = [target for target in (both.target_before, both.target_after) if target is not None]
    names = {item.index: page.candidate(item.index).name for item in (*both.left, *both.right, *targets)}
    left, right = (
        rankings.list_html(items, title=title, target=target, candidate=page.candidate, weighted=weighted)
        for items, title, target, weighted in (
            (both.left, page.titles[0], both.target_before, False),
            (both.right, page.titles[1], both.target_after, True),
        )
    )
    first = render(
        "comparison",
        asked=page.asked,
        question=page.question,
        left=left,
        right=right,
        flow=figure_html(rankings.flow_figure(both, names=names), name="flow"),
        caption=caption_html(caption_of("comparison")),
    )
    return standalone(TITLE, answer=page.answer, facts=page.facts, sections=[Section(html=first), *more])
