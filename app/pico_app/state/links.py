"""A link and the view that it reopens: what the address says is taken over, and what is looked at is written there."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pico_app.state.address import mirror
from pico_app.state.columns import column_asked
from pico_app.state.comparison import mirror_sides
from pico_app.state.experiments import mirror_experiments
from pico_app.state.instruments import mirror_instruments
from pico_app.state.queries import asked_in_address, words
from pico_app.state.study import BUILT_IN, dataset_path, strength, wanted_config
from pico_app.state.switch import mirror_switching
from pico_app.state.tour import mirror_tour
from pico_core.registry import Registry


def follow_address(here: str = "", instruments: Mapping[str, Registry[Any]] | None = None) -> None:
    """Take over what a link says, then say in the address what is looked at: changing the page empties it.

    Args:
        here: Address of the page.
        instruments: Of every page that has some.
    """
    seen, power = column_asked(), strength()
    asked = st.session_state.setdefault("query", asked_in_address())
    mirror("dataset", dataset_path() if dataset_path() in BUILT_IN else None)
    mirror("basis", None if wanted_config().basis == "given" else wanted_config().basis)
    mirror("column", None if seen < 0 else str(seen))
    mirror("strength", None if power == 1 else f"{power:g}")
    if here == "experiments":
        mirror_experiments()
    mirror("query", asked)
    mirror("words", words() or None)
    mirror_instruments(here, instruments or {})
    mirror_sides()
    mirror_switching()
    mirror_tour()
