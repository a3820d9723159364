"""The Retrieval page: which two scorings stand side by side, which instrument is open."""

from dataclasses import replace
from typing import Any, Literal, get_args

import streamlit as st

from pico_app.state import side_choice
from pico_app.state.address import choose_one, mirror, one_of
from pico_app.state.side_choice import SideChoice, Sides

View = Literal["why", "words", "queries", "labels", "all"]
VIEWS: tuple[View, ...] = get_args(View)


def view() -> View:
    """The instrument of the Retrieval page that is open."""
    return one_of("view", "show", VIEWS)


def set_view(name: View) -> None:
    """Open another instrument of the Retrieval page."""
    choose_one("view", "show", VIEWS, name)


def go_to_queries(label: Any, value: str) -> None:
    """Open the queries won and lost, those of one value of a label; only in a callback, before they are drawn."""
    set_view("queries")
    st.session_state["retrieval-view"] = "queries"
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
