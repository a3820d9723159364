"""What asks: an item of the test split, typed words, or a picture from outside."""

import streamlit as st

from pico_app.choices.query import Dropped, Query, query_in_address
from pico_app.state.remembered import Remembered, in_link

MAX_WORDS = 300  # letters of a typed caption: more than any encoder reads
MAX_WEIGHTS = 8  # files of weights remembered in one visit

wanted_query: Remembered[str | None] = in_link(
    "query", None, parse=lambda text: text if query_in_address(text) else None, write=lambda address: address
)
# The typed caption whose lists are shown; "" while none is typed yet, None where an item is asked instead.
words: Remembered[str | None] = in_link(
    "words", None, parse=lambda text: text[:MAX_WORDS], write=lambda text: text or None
)
picturing = Remembered("picturing", False)  # whether a picture from outside asks, dropped already or not
dropped: Remembered[Dropped | None] = Remembered("dropped", None)  # the picture that asks, with its bytes


def chosen_query(n_images: int, n_texts: int) -> Query | None:
    """The item that was asked for; None where none was, or it does not exist."""
    query = query_in_address(wanted_query() or "")
    if query is None or query.index >= (n_images if query.kind == "image" else n_texts):
        wanted_query.set(None)
        return None
    return query


def query(n_images: int, n_texts: int) -> Query:
    """The item whose lists are shown; the first text where none was asked for."""
    return chosen_query(n_images, n_texts) or Query("text", 0)


def set_query(wanted: Query) -> None:
    """Ask another query."""
    wanted_query.set(wanted.key)
    set_words(None)


def set_words(text: str | None) -> None:
    """Ask in one's own words; None asks with an item of the dataset again."""
    words.set(text)
    picturing.set(False)


def ask_with_picture() -> None:
    """Ask with a picture from outside."""
    set_words(None)
    picturing.set(True)


def take_dropped(key: str) -> None:
    """Take the picture over from its uploader, in a callback of it: one at a time is kept, in this visit only."""
    file = st.session_state[key]
    dropped.set(None if file is None else Dropped(file.name, file.getvalue()))


def weights(digest: str) -> str | None:
    """The file of an encoder's weights that this visit has named and that was found to be the right one."""
    path: str | None = st.session_state.get("weights", {}).get(digest)
    return path


def set_weights(digest: str, path: str | None) -> None:
    """Remember where the weights of an encoder lie; None forgets. They stay out of links."""
    others = {known: file for known, file in st.session_state.get("weights", {}).items() if known != digest}
    kept = others if path is None else others | {digest: path}
    st.session_state["weights"] = dict(list(kept.items())[-MAX_WEIGHTS:])
