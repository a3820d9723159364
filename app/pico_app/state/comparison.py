"""The Retrieval page: which two scorings stand side by side."""

from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from pico_app.choices.sides import ChosenScheme, Sides, sides_in_address
from pico_app.state.instruments import go_to_instrument
from pico_app.state.remembered import Remembered

sides = Remembered("sides", Sides(), sides_in_address, lambda sides: sides.address)


def go_to_queries(label: Any, value: str) -> None:
    """Open the queries won and lost, those of one value of a label; only in a callback, before they are drawn."""
    go_to_instrument("retrieval", "queries")
    st.session_state["moved-label"], st.session_state["moved-value"] = label, value


def set_side(side: Literal["left", "right"], choice: ChosenScheme) -> None:
    """Lay another scoring on one side."""
    sides.set(replace(sides(), **{side: choice}))


def forget_sides() -> None:
    """Sets and runs belong to the data and the axes that they were made with."""
    now, default = sides(), Sides()
    left = now.left if now.left.kind == "scheme" else default.left
    sides.set(Sides(left, now.right if now.right.kind == "scheme" else default.right))
