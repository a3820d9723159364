"""Values in the address of the page: read with care, written so that a link reopens the view."""

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

Choice = TypeVar("Choice", bound=str)


def address_number(name: str, default: float, *, low: float, high: float, whole: bool) -> float:
    """A number of the address; anything that is not one, or lies outside, is dropped without a word."""
    try:
        value = float(st.query_params.get(name, default))
    except ValueError:
        return default
    fits = low <= value <= high and (not whole or value == int(value))  # False for nan
    return value if fits else default


def keep(name: str, value: float | str) -> None:
    st.session_state[name] = value
    mirror(name, f"{value:g}" if isinstance(value, float | int) else value)


def mirror(name: str, value: str | None) -> None:
    """Put a value into the address, or take it out; an address that already says so is left alone."""
    if st.query_params.get(name) == value:
        return
    if value is None:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value


def one_of(key: str, name: str, options: Sequence[Choice]) -> Choice:
    """A choice kept under a key, at first as the address has it; the first option where it names none of them."""
    if key not in st.session_state:
        wanted = st.query_params.get(name)
        st.session_state[key] = next((option for option in options if option == wanted), options[0])
    found: Choice = st.session_state[key]
    return found


def choose_one(key: str, name: str, options: Sequence[Choice], chosen: Choice) -> None:
    """Keep another choice; the first option is not said in the address."""
    st.session_state[key] = chosen
    mirror(name, None if chosen == options[0] else chosen)
