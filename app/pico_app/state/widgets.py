"""Widgets and figures: what was put into them, what they said last, what they wait for."""

from collections.abc import Sequence
from typing import Any, TypeVar

import streamlit as st

Choice = TypeVar("Choice", int, str)


def place_widget(key: str, value: Any) -> None:
    """Put a value into a widget before it is drawn: what a link, another page or a button chose shows in it."""
    st.session_state[key] = value


def start_widget(key: str, value: Any, *, among: Sequence[Any]) -> None:
    """Put a value into a chooser that says nothing yet, or nothing that it offers now."""
    if widget(key) not in among:
        place_widget(key, value)


def widget(key: str) -> Any:
    """What a widget says, in a callback of its own."""
    return st.session_state.get(key)


def table_anchor(name: str, selected: int) -> int:
    """The column that a table opens at: another one only when the choice was made elsewhere."""
    opened, chosen = st.session_state.get(f"table-{name}", (selected, selected))
    if chosen != selected:
        opened = selected
    st.session_state[f"table-{name}"] = (opened, selected)
    return int(opened)


def table_chose(name: str, column: int) -> None:
    """A row of the table was chosen by hand: the table stays as it is, scrolled where it is."""
    opened, _ = st.session_state[f"table-{name}"]
    st.session_state[f"table-{name}"] = (opened, column)


def fresh(key: str, choice: Choice | None) -> Choice | None:
    """A choice made in a figure, once: figures repeat their last selection at every run of the page."""
    name = f"choice-{key}"
    before = st.session_state.get(name)
    st.session_state[name] = choice
    return None if choice == before else choice


def keep_among(key: str, values: Sequence[Any]) -> None:
    """Before a chooser is drawn: a choice that it does not offer any more is dropped."""
    if st.session_state.get(key) not in values:
        st.session_state.pop(key, None)


def keep_at_most(key: str, most: int) -> None:
    """Before a number is asked for: one that is too large now becomes the largest."""
    if st.session_state.get(key, 1) > most:
        st.session_state[key] = most
