"""What changes for a query, and why? The query, two lists with the flow between them, one instrument at a time."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import compare, side_ranks
from pico_app.answers.documents import PageSection
from pico_app.pages.instrument import choose_instrument
from pico_app.pages.page import Page, workspace_or_say
from pico_app.pages.parts import question
from pico_app.pages.retrieval import all_queries, asking, labels, lists, maps, moved, save, sides, why
from pico_app.pages.retrieval.instrument import RetrievalInstrument, Shown
from pico_app.state import comparison as comparison_state
from pico_app.words.markup import plain
from pico_app.workspace import Frame, Workspace
from pico_core.common.errors import DataError
from pico_core.common.registry import Registry

TITLE = "What changes for a query, and why?"
INSTRUMENTS: Registry[RetrievalInstrument] = Registry(
    "instrument", (why.INSTRUMENT, maps.INSTRUMENT, moved.INSTRUMENT, labels.INSTRUMENT, all_queries.INSTRUMENT)
)


def render(frame: Frame) -> None:
    """Draw the page."""
    space = workspace_or_say(frame, TITLE)
    if space is None:
        return
    head = st.container()
    try:
        query = asking.choose(space)
    except DataError as error:
        with head:
            question(TITLE, asking.refusal(space))
        side_ranks.follow_ranks(None)
        st.info(plain(str(error)), icon=":material/block:")
        asking.offer_examples(space)
        return
    body = st.container()
    try:
        comparison = compare.comparison(space, comparison_state.sides())
    except DataError as error:
        with head:
            question(TITLE, "These two scorings cannot be compared.")
        side_ranks.follow_ranks(None)
        sides.choose(space, None)
        st.warning(plain(str(error)), icon=":material/compare_arrows:")
        return
    side_ranks.follow_ranks(comparison)
    shown, pieces = _query(space, comparison, query, head, body)
    pieces += choose_instrument(INSTRUMENTS, page="retrieval").render(space, comparison, shown)
    save.render(space, comparison, shown, pieces)


def _query(
    space: Workspace,
    comparison: compare.Comparison,
    query: compare.Asked | None,
    head: DeltaGenerator,
    body: DeltaGenerator,
) -> tuple[Shown | None, list[PageSection]]:
    """Answer and draw the lists of the query: these with what can be taken home, or None while nothing is asked."""
    if query is None:
        with head:
            question(TITLE, asking.invitation(space))
        asking.offer_examples(space)
        return None, []
    shown = Shown(query, compare.lists_of(space, comparison, query, top_k=lists.TOP))
    with head:
        question(TITLE, why.answer(space, comparison, query, shown.lists))
    with body:
        asking.say_query(space, query)
        sides.choose(space, comparison)
        return shown, [lists.render(space, comparison, shown)]


PAGE = Page("retrieval", "Retrieval", ":material/swap_vert:", render, INSTRUMENTS)
