"""What changes for a query, and why? The query, two lists with the flow between them, one instrument at a time."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import compare, side_ranks, studies
from pico_app.pages.empty import workspace_or_say
from pico_app.pages.parts import question
from pico_app.pages.retrieval import all_queries, asking, labels, lists, maps, moved, save, sides, why
from pico_app.pages.retrieval.pieces import Piece
from pico_app.state import comparison
from pico_app.words.markup import plain
from pico_core.errors import DataError
from pico_core.retrieval.rankings import SideBySide

TITLE = "What changes for a query, and why?"
INSTRUMENTS: dict[comparison.View, str] = {
    "why": "Why",
    "words": "Patches and words",
    "queries": "Won and lost",
    "labels": "Where it helps",
    "all": "All queries",
}
OF_ALL = {"queries": moved.render, "labels": labels.render, "all": all_queries.render}


def render() -> None:
    """Draw the page."""
    space = workspace_or_say(TITLE)
    if space is None:
        return
    head = st.container()
    try:
        asked = asking.choose(space)
    except DataError as error:
        with head:
            question(TITLE, asking.refusal(space))
        side_ranks.follow_ranks(None)
        st.info(plain(str(error)), icon=":material/block:")
        asking.offer_examples(space)
        return
    place = st.container()
    try:
        found = compare.comparison(space)
    except DataError as error:
        with head:
            question(TITLE, "These two scorings cannot be compared.")
        side_ranks.follow_ranks(None)
        sides.choose(space, None)
        st.warning(plain(str(error)), icon=":material/compare_arrows:")
        return
    side_ranks.follow_ranks(found)
    pieces: list[Piece] = []
    shown = _query(space, found, asked, head, place, pieces)
    part = st.segmented_control(
        "Instrument",
        list(INSTRUMENTS),
        format_func=INSTRUMENTS.__getitem__,
        default=comparison.view() if comparison.view() in INSTRUMENTS else "why",
        required=True,
        key="retrieval-view",
        label_visibility="collapsed",
    )
    comparison.set_view(part)
    if part in OF_ALL:
        pieces += OF_ALL[part](space, found)
    elif shown is not None:
        pieces += (maps if part == "words" else why).render(space, found, *shown)
    save.render(space, found, shown, pieces)


def _query(
    space: studies.Workspace,
    found: compare.Comparison,
    asked: compare.Asked | None,
    head: DeltaGenerator,
    place: DeltaGenerator,
    pieces: list[Piece],
) -> tuple[compare.Asked, SideBySide] | None:
    """The answer and the lists of the query; None where nothing is asked yet."""
    if asked is None:
        with head:
            question(TITLE, asking.invitation(space))
        asking.offer_examples(space)
        return None
    both = compare.lists_of(space, found, asked, top_k=lists.TOP)
    with head:
        question(TITLE, why.answer(space, found, asked, both))
    with place:
        asking.say_query(space, asked)
        sides.choose(space, found)
        pieces.append(lists.render(space, found, asked, both))
    return asked, both
