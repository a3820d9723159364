"""Which instrument of a page is open, as the address says it and as the reader chooses."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pico_app.state.remembered import Remembered, in_link
from pico_core.common.registry import Registry

# What the address calls the open instrument of a page, since 1.0.0. A page without a line goes by "part".
PARAMETERS = {"retrieval": "show", "method": "step"}


def opened_instrument(page: str, instruments: Registry[Any]) -> str:
    """The open instrument, at first as the address has it; the first of the page where that is none of them."""
    choice = _choice(page, instruments)
    if choice() not in instruments:
        st.session_state[choice.key] = choice.default
    return choice()


def keep_instrument(page: str, name: str) -> None:
    """Remember which one the switch of the page has opened."""
    st.session_state[f"instrument-{page}"] = name


def go_to_instrument(page: str, name: str) -> None:
    """Open one from elsewhere; only in a callback, or before the switch of the page is drawn."""
    keep_instrument(page, name)
    st.session_state[f"{page}-instrument"] = name


def mirror_instrument(page: str, instruments: Registry[Any]) -> None:
    """Say in the address which instrument is open, where it is not the first."""
    opened_instrument(page, instruments)
    _choice(page, instruments).mirror()


def mirror_instruments(here: str, instruments: Mapping[str, Registry[Any]]) -> None:
    """Say it of all pages; where two share a word of the address, the page that is shown has it, else the first.

    Args:
        here: Address of the page that is shown.
        instruments: Of every page that has some.
    """
    pages = {_parameter(page): page for page in reversed([*instruments])}
    if here in instruments:
        pages[_parameter(here)] = here
    for page in pages.values():
        mirror_instrument(page, instruments[page])


def _parameter(page: str) -> str:
    return PARAMETERS.get(page, "part")


def _choice(page: str, instruments: Registry[Any]) -> Remembered[str]:
    first = instruments.names[0]
    return in_link(
        _parameter(page),
        first,
        parse=instruments.current_name,
        write=lambda name: None if name == first else name,
        key=f"instrument-{page}",
    )
