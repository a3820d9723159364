"""What changes for a query, and why? The query, two lists with the flow between them, one instrument at a time."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import services, state
from app.markup import plain
from app.views.empty import workspace_or_say
from app.views.parts import question
from app.views.retrieval import all_queries, asking, labels, lists, maps, moved, save, sides, why
from app.views.retrieval.pieces import Piece
from pico_core.analysis.rankings import SideBySide
from pico_core.errors import DataError

TITLE = "What changes for a query, and why?"
INSTRUMENTS: dict[state.View, str] = {
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
        services.follow_ranks(None)
        st.info(plain(str(error)), icon=":material/block:")
        asking.offer_examples(space)
        return
    place = st.container()
    try:
        found = services.comparison(space)
    except DataError as error:
        with head:
            question(TITLE, "These two scorings cannot be compared.")
        services.follow_ranks(None)
        sides.choose(space, None)
        st.warning(plain(str(error)), icon=":material/compare_arrows:")
        return
    services.follow_ranks(found)
    pieces: list[Piece] = []
    shown = _query(space, found, asked, head, place, pieces)
    part = st.segmented_control(
        "Instrument",
        list(INSTRUMENTS),
        format_func=INSTRUMENTS.__getitem__,
        default=state.view() if state.view() in INSTRUMENTS else "why",
        required=True,
        key="retrieval-view",
        label_visibility="collapsed",
    )
    state.set_view(part)
    if part in OF_ALL:
        pieces += OF_ALL[part](space, found)
    elif shown is not None:
        pieces += (maps if part == "words" else why).render(space, found, *shown)
    save.render(space, found, shown, pieces)


def _query(
    space: services.Workspace,
    found: services.Comparison,
    asked: services.Asked | None,
    head: DeltaGenerator,
    place: DeltaGenerator,
    pieces: list[Piece],
) -> tuple[services.Asked, SideBySide] | None:
    """The answer and the lists of the query; None where nothing is asked yet."""
    if asked is None:
        with head:
            question(TITLE, asking.invitation(space))
        asking.offer_examples(space)
        return None
    both = services.lists_of(space, found, asked, top_k=lists.TOP)
    with head:
        question(TITLE, why.answer(space, found, asked, both))
    with place:
        asking.say_query(space, asked)
        sides.choose(space, found)
        pieces.append(lists.render(space, found, asked, both))
    return asked, both
