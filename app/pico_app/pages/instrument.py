"""What an instrument of a page is, and the switch that opens one of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, ParamSpec, TypeVar

import streamlit as st

from pico_app.pages.parts import one_of
from pico_app.state import instruments
from pico_core.common.registry import Registry

P = ParamSpec("P")
Outcome = TypeVar("Outcome")


@dataclass(frozen=True)
class Instrument(Generic[P, Outcome]):
    """One way to look closer at what a page shows: one file defines it, one line in the page's registry adds it.

    Attributes:
        name: Short and stable: it stands in links.
        title: On the switch of the page.
        question: What it answers; it stands under the switch.
        about: What it shows, in a sentence or two; it explains the question.
        render: Draws it; what it takes and returns is the same for all instruments of a page.
    """

    name: str
    title: str
    question: str
    about: str
    render: Callable[P, Outcome]


def choose_instrument(members: Registry[Instrument[P, Outcome]], *, page: str) -> Instrument[P, Outcome]:
    """Draw the switch of a page's instruments, and under it the question of the open one; returns that one."""
    name = one_of(
        "Instrument",
        {member.name: member.title for member in members},
        default=instruments.opened_instrument(page, members),
        key=f"{page}-instrument",
        label_visibility="collapsed",
    )
    instruments.keep_instrument(page, name)
    instruments.mirror_instrument(page, members)
    st.caption(members[name].question, help=members[name].about)
    return members[name]
