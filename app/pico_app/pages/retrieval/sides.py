"""Which two scorings stand side by side: a choice at the head of either list, and a button that swaps them."""

from dataclasses import replace
from typing import Literal

import streamlit as st

from pico_app.answers import compare
from pico_app.choices.sides import MOST_DRAWS, ChosenScheme
from pico_app.state import comparison as comparison_state
from pico_app.state import switch, widgets
from pico_app.workspace import Workspace
from pico_core.retrieval.schemes.catalogue import PERMUTED

SideName = Literal["left", "right"]


def choose(space: Workspace, comparison: compare.Comparison | None) -> None:
    """Draw the choosers above the lists; `comparison` is what they compare, None where it cannot be compared."""
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
    if comparison is not None and comparison.same:
        st.caption("Both sides score alike, so nothing can move. Choose another scoring on one of them.")


def _chooser(space: Workspace, side: SideName) -> None:
    chosen: ChosenScheme = getattr(comparison_state.sides(), side)
    options = compare.side_options(space, chosen, switch.kept_sets())
    key = f"side-{side}"
    widgets.place_widget(key, compare.place_of(options, chosen))  # a link, a swap or another page shows in it
    st.selectbox(
        f"On the {side}",
        range(len(options)),
        format_func=lambda i: compare.option_name(options[i]),
        key=key,
        on_change=_follow,
        args=(side, options),
    )
    if chosen.kind == "run":
        path = f"run-{side}"
        widgets.place_widget(path, chosen.path)
        st.text_input(
            "Folder of the run", key=path, placeholder="what pico-lens construct wrote", on_change=_run, args=(side,)
        )
    if (chosen.kind, chosen.name) == ("scheme", PERMUTED):
        st.button("Another draw", key=f"draw-{side}", on_click=_redraw, args=(side, chosen))


def _follow(side: SideName, options: list[ChosenScheme]) -> None:
    chosen = widgets.widget(f"side-{side}")
    if isinstance(chosen, int):  # a name that is no longer in the list comes back as it is
        comparison_state.set_side(side, options[chosen])


def _run(side: SideName) -> None:
    comparison_state.set_side(side, ChosenScheme("run", path=widgets.widget(f"run-{side}").strip()))


def _redraw(side: SideName, chosen: ChosenScheme) -> None:
    comparison_state.set_side(side, replace(chosen, draw=(chosen.draw + 1) % (MOST_DRAWS + 1)))


def _swap() -> None:
    comparison_state.sides.set(comparison_state.sides().swapped)
