"""What asks: an item of the test split, typed words, or a picture from outside."""

import re
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pico_app.state.address import keep, mirror

QueryKind = Literal["image", "text"]
MAX_WORDS = 300  # letters of a typed caption: more than any encoder reads
MAX_WEIGHTS = 8  # files of weights remembered in one visit
QUERY = re.compile(r"(image|text)-([0-9]{1,9})")


@dataclass(frozen=True)
class Query:
    """One item of the test split."""

    kind: QueryKind
    index: int

    @property
    def key(self) -> str:
        """As an address writes it."""
        return f"{self.kind}-{self.index}"


@dataclass(frozen=True)
class Dropped:
    """A picture from outside the dataset.

    Attributes:
        name: Of its file.
        data: The bytes of the file; nobody has judged them yet.
    """

    name: str
    data: bytes

    def __repr__(self) -> str:
        return f"Dropped({self.name!r}, {len(self.data)} bytes)"


def asked_in_address() -> str | None:
    wanted = st.query_params.get("query", "")
    return wanted if QUERY.fullmatch(wanted) else None


def chosen_query(n_images: int, n_texts: int) -> Query | None:
    """The item that was asked for; None where none was, or it does not exist."""
    wanted = QUERY.fullmatch(st.session_state.setdefault("query", asked_in_address()) or "")
    if wanted is None or int(wanted[2]) >= (n_images if wanted[1] == "image" else n_texts):
        st.session_state["query"] = None
        mirror("query", None)
        return None
    return Query("image" if wanted[1] == "image" else "text", int(wanted[2]))


def query(n_images: int, n_texts: int) -> Query:
    """The item whose lists are shown; the first text where none was asked for."""
    return chosen_query(n_images, n_texts) or Query("text", 0)


def set_query(wanted: Query) -> None:
    """Ask another query."""
    keep("query", wanted.key)
    set_words(None)


def words() -> str | None:
    """The typed caption whose lists are shown; "" while none is typed yet, None where an item is asked instead."""
    if "words" not in st.session_state:
        wanted = st.query_params.get("words")
        st.session_state["words"] = None if wanted is None else wanted[:MAX_WORDS]
    found: str | None = st.session_state["words"]
    return found


def set_words(text: str | None) -> None:
    """Ask in one's own words; None asks with an item of the dataset again."""
    st.session_state["words"], st.session_state["picturing"] = text, False
    mirror("words", text or None)


def weights(digest: str) -> str | None:
    """The file of an encoder's weights that this visit has named and that was found to be the right one."""
    found: str | None = st.session_state.get("weights", {}).get(digest)
    return found


def set_weights(digest: str, path: str | None) -> None:
    """Remember where the weights of an encoder lie; None forgets. They stay out of links."""
    others = {known: place for known, place in st.session_state.get("weights", {}).items() if known != digest}
    kept = others if path is None else others | {digest: path}
    st.session_state["weights"] = dict(list(kept.items())[-MAX_WEIGHTS:])


def picturing() -> bool:
    """Whether a picture from outside asks, dropped already or not. It is no part of a link."""
    return bool(st.session_state.get("picturing", False))


def ask_with_picture() -> None:
    """Ask with a picture from outside."""
    set_words(None)
    st.session_state["picturing"] = True


def dropped() -> Dropped | None:
    """The picture that asks, with its bytes; None while there is none."""
    found: Dropped | None = st.session_state.get("dropped")
    return found


def take_dropped(key: str) -> None:
    """Take the picture over from its uploader, in a callback of it: one at a time is kept, in this visit only."""
    file = st.session_state[key]
    st.session_state["dropped"] = None if file is None else Dropped(file.name, file.getvalue())
