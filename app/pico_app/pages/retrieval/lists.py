"""The two lists of a query and the flow between them."""

from functools import cache

import streamlit as st

from pico_app.answers import compare, documents, retrieval
from pico_app.answers.documents import PageSection
from pico_app.choices.query import QueryKind
from pico_app.figures import rankings
from pico_app.figures import rankings as draw
from pico_app.pages.parts import camera
from pico_app.pages.retrieval.instrument import Shown
from pico_app.state import screen
from pico_app.words.captions import caption_of
from pico_app.words.retrieval import lists_sentence
from pico_app.workspace import Workspace

TOP = 10


def render(space: Workspace, comparison: compare.Comparison, shown: Shown) -> PageSection:
    """Draw the lists with the flow between them."""
    query, both = shown.query, shown.lists
    other: QueryKind = "text" if query.kind == "image" else "image"

    @cache  # both lists and the flow between them name most candidates
    def candidate(index: int) -> draw.Candidate:
        return retrieval.candidate(space, other, index)

    left, middle, right = st.columns([5, 3, 5], gap=None)
    left.html(
        draw.list_html(
            both.left, title=comparison.left.label, target=both.target_before, candidate=candidate, weighted=False
        )
    )
    right.html(
        draw.list_html(
            both.right, title=comparison.right.label, target=both.target_after, candidate=candidate, weighted=True
        )
    )
    targets = [target for target in (both.target_before, both.target_after) if target is not None]
    names = {item.index: candidate(item.index).name for item in (*both.left, *both.right, *targets)}
    with middle:
        st.plotly_chart(
            rankings.flow_figure(both, names=names, theme=screen.theme()),
            key="flow",
            config=camera("flow"),
            alt=f"Lines from the left list to the right one. {lists_sentence(both)} The lists on both sides name every "
            "candidate with its rank.",
        )
    right_answer = (
        "The right answer is thick and tinted, and has a row of its own below when it is not among the first "
        f"{len(both.left)}."
        if targets
        else "No candidate is marked as right: nobody has said which ones belong to your query."
    )
    st.caption(caption_of("flow", right_answer=right_answer).markdown)
    return PageSection("lists", "Both lists", table=documents.lists_table(space, query, both))
