"""Values in the address of the page: read with care, written so that a link reopens the view."""

import streamlit as st


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
