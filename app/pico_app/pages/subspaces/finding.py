"""Select without drawing: by words, or by how much a neighbourhood changed."""

import polars as pl
import streamlit as st

from pico_app.answers import maps
from pico_app.state import queries, selections
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.spaces.neighbours import NeighbourhoodChange

SUGGESTED = 12


def render(space: Workspace, items: pl.DataFrame, change: NeighbourhoodChange | None) -> None:
    """Draw the search, the suggestions, and the button that clears the selection."""
    field, images, texts, clear = st.columns([3.6, 2.3, 2.3, 1.3], vertical_alignment="bottom")
    words = field.text_input(
        "Search captions, names and labels",
        key="map-words",
        max_chars=queries.MAX_WORDS,
        placeholder="words that all have to occur",
        icon=":material/search:",
        on_change=_search,
        args=(space, items),
    )
    for container, name, side in (
        (images, "images", None if change is None else change.images),
        (texts, "texts", None if change is None else change.texts),
    ):
        container.button(
            f"Most changed {name}",
            icon=":material/swap_horiz:",
            width="stretch",
            disabled=side is None,
            key=f"most-{name}",
            on_click=selections.selection.set,
            args=(() if side is None else tuple(sorted((name[:-1], index) for index in side.most(SUGGESTED))),),
            help=f"Selects the {SUGGESTED} {name} whose neighbours differ most between the two spaces, "
            "in full dimensions, not on the map.",
        )
    clear.button(
        "Clear",
        icon=":material/close:",
        width="stretch",
        disabled=not selections.selection(),
        key="map-clear",
        on_click=selections.selection.set,
        args=((),),
        help="Nothing is selected any more.",
    )
    if words and words.strip():
        _say(space, items, words)


def _search(space: Workspace, items: pl.DataFrame) -> None:
    rows = maps.find_items(space, str(st.session_state.get("map-words") or ""))
    selections.selection.set(tuple(sorted(items[rows].select("kind", "index").rows())))


def _say(space: Workspace, items: pl.DataFrame, words: str) -> None:
    kinds = items[maps.find_items(space, words)]["kind"].to_list()
    if not kinds:
        st.caption(f"Nothing shown here contains all of: {plain(words)}. Try fewer or shorter words.")
        return
    st.caption(
        f"{kinds.count('image'):,} images and {kinds.count('text'):,} texts contain all of: {plain(words)}. "
        "The search selected them."
    )
