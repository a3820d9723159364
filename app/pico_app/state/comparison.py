"""The Retrieval page: which two scorings stand side by side."""

from dataclasses import replace
from typing import Any, Literal

import streamlit as st

from pico_app.state import side_choice
from pico_app.state.address import mirror
from pico_app.state.instruments import go_to_instrument
from pico_app.state.side_choice import SideChoice, Sides


def go_to_queries(label: Any, value: str) -> None:
    """Open the queries won and lost, those of one value of a label; only in a callback, before they are drawn."""
    go_to_instrument("retrieval", "queries")
    st.session_state["moved-label"], st.session_state["moved-value"] = label, value


def sides() -> Sides:
    """The two scorings that the Retrieval page lays side by side."""
    if "sides" not in st.session_state:
        default = Sides()
        st.session_state["sides"] = Sides(
            side_choice.from_address(st.query_params.get("left"), default.left),
            side_choice.from_address(st.query_params.get("right"), default.right),
        )
    found: Sides = st.session_state["sides"]
    return found


def set_side(place: Literal["left", "right"], choice: SideChoice) -> None:
    """Lay another scoring on one side."""
    set_sides(replace(sides(), **{place: choice}))


def set_sides(wanted: Sides) -> None:
    """Lay other scorings side by side."""
    st.session_state["sides"] = wanted
    mirror_sides()


def mirror_sides() -> None:
    default = Sides()
    mirror("left", None if sides().left == default.left else sides().left.address)
    mirror("right", None if sides().right == default.right else sides().right.address)


def forget_sides() -> None:
    """Sets and runs belong to the data and the axes that they were made with."""
    now, default = sides(), Sides()
    left = now.left if now.left.kind == "scheme" else default.left
    set_sides(Sides(left, now.right if now.right.kind == "scheme" else default.right))
