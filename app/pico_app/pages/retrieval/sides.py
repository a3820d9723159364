"""Which two scorings stand side by side: a choice at the head of either list, and a button that swaps them."""

from dataclasses import replace
from typing import Literal

import streamlit as st

from pico_app.answers import compare
from pico_app.choices.sides import MOST_DRAWS, SideChoice
from pico_app.state import comparison, switch, widgets
from pico_app.workspace import Workspace
from pico_core.retrieval.schemes.catalogue import PERMUTED

Place = Literal["left", "right"]


def choose(space: Workspace, found: compare.Comparison | None) -> None:
    """Draw the choosers above the lists; `found` is what they compare, None where it cannot be compared."""
    left, middle, right = st.columns([5, 3, 5], vertical_alignment="bottom", gap=None)
    with left:
        _chooser(space, "left")
    with middle, st.container(horizontal_alignment="center"):
        st.button(
            "Swap",
            icon=":material/swap_horiz:",
            key="swap-sides",
            help="Lays the left scoring on the right and the right one on the left.",
            on_click=_swap,
        )
    with right:
        _chooser(space, "right")
    if found is not None and found.same:
        st.caption("Both sides score alike, so nothing can move. Choose another scoring on one of them.")


def _chooser(space: Workspace, place: Place) -> None:
    chosen: SideChoice = getattr(comparison.sides(), place)
    options = compare.side_options(space, chosen, switch.kept_sets())
    key = f"side-{place}"
    widgets.place_widget(key, compare.place_of(options, chosen))  # a link, a swap or another page shows in it
    st.selectbox(
        f"On the {place}",
        range(len(options)),
        format_func=lambda i: compare.option_name(options[i]),
        key=key,
        on_change=_follow,
        args=(place, options),
    )
    if chosen.kind == "run":
        path = f"run-{place}"
        widgets.place_widget(path, chosen.path)
        st.text_input(
            "Folder of the run", key=path, placeholder="what pico-lens construct wrote", on_change=_run, args=(place,)
        )
    if (chosen.kind, chosen.name) == ("scheme", PERMUTED):
        st.button("Another draw", key=f"draw-{place}", on_click=_redraw, args=(place, chosen))


def _follow(place: Place, options: list[SideChoice]) -> None:
    chosen = widgets.widget(f"side-{place}")
    if isinstance(chosen, int):  # a name that is no longer in the list comes back as it is
        comparison.set_side(place, options[chosen])


def _run(place: Place) -> None:
    comparison.set_side(place, SideChoice("run", path=widgets.widget(f"run-{place}").strip()))


def _redraw(place: Place, chosen: SideChoice) -> None:
    comparison.set_side(place, replace(chosen, draw=(chosen.draw + 1) % (MOST_DRAWS + 1)))


def _swap() -> None:
    comparison.sides.set(comparison.sides().swapped)
