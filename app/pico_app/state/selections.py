"""Items selected on the maps."""

from collections.abc import Sequence

import streamlit as st

from pico_app.state.remembered import Remembered

Items = tuple[tuple[str, int], ...]  # kind and index of items of the test split

selection: Remembered[Items] = Remembered("selection", ())


def newly_selected(maps: Sequence[tuple[str, Items]]) -> Items | None:
    """What was selected in a map since the last run; None where nothing changed. Maps repeat their selection.

    Args:
        maps: Key and selected items of every map that is drawn in this run.
    """
    before = st.session_state.get("map-selections", ())
    st.session_state["map-selections"] = tuple(maps)
    return news(before, maps)


def news(before: Sequence[tuple[str, Items]], now: Sequence[tuple[str, Items]]) -> Items | None:
    """The selection of the map that differs from what it was; a map that is new has been empty before.

    An empty one is no news: a map also lets go of its selection when it is drawn anew with the rings.

    >>> news([("a", (("text", 1),)), ("b", ())], [("a", (("text", 1),)), ("b", (("image", 2),))])
    (('image', 2),)
    """
    for key, items in now:
        if items and items != next((was for name, was in before if name == key), ()):
            return items
    return None
