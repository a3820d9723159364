"""The column switch: what it is set to, the steps back, and the column sets that were kept."""

from dataclasses import replace

import streamlit as st

from pico_app.choices.switching import STEPS, Switching, from_address
from pico_app.state.comparison import forget_sides
from pico_app.state.remembered import Remembered
from pico_core.retrieval.switching.column_sets import ColumnSet

MAX_SETS = 50  # column sets kept in one visit
SWITCH_WIDGETS = {
    "switch-which": "which",
    "switch-lowest": "lowest",
    "switch-typed": "typed",
    "switch-to": "setting",
    "switch-base": "base",
}


switching = Remembered("switching", Switching(), from_address, lambda choice: choice.address)
steps: Remembered[tuple[Switching, ...]] = Remembered("switched", ())  # that can be taken back
kept_sets: Remembered[tuple[ColumnSet, ...]] = Remembered("kept-sets", ())  # of whatever data; the latest last


def set_switching(wanted: Switching) -> None:
    """Switch other columns, or to something else; `undo_switching` steps back."""
    before = switching()
    if wanted == before:
        return
    steps.set((*steps(), before)[-STEPS:])
    switching.set(wanted)


def place_switching(most: int) -> None:
    """Put the choice into the widgets of the switch before they are drawn: a step back or a link shows in them.

    Args:
        most: How many of the lowest there can be.
    """
    for key, field in SWITCH_WIDGETS.items():
        value = getattr(switching(), field)
        st.session_state[key] = min(value, most) if field == "lowest" else value


def placed_switching() -> Switching:
    """What the widgets of the switch say, in a callback of theirs."""
    values = {field: st.session_state[key] for key, field in SWITCH_WIDGETS.items() if key in st.session_state}
    return replace(switching(), **values)


def can_undo_switching() -> bool:
    """Whether there is a step to take back."""
    return bool(steps())


def undo_switching() -> None:
    """Take the last step of the column switch back."""
    *rest, before = steps()
    steps.set(tuple(rest))
    switching.set(before)


def forget_switching() -> None:
    """Numbers of columns mean others in other data or other axes; sets that were kept say what they belong to."""
    forget_sides()
    steps.set(())
    switching.set(Switching())


def keep_set(wanted: ColumnSet) -> None:
    """Keep a column set for this visit; one of the same name, data and axes is replaced."""
    others = [kept for kept in kept_sets() if _named(kept) != _named(wanted)]
    kept_sets.set((*others, wanted)[-MAX_SETS:])


def drop_set(unwanted: ColumnSet) -> None:
    """Keep a column set no longer."""
    kept_sets.set(tuple(kept for kept in kept_sets() if kept != unwanted))


def _named(column_set: ColumnSet) -> tuple[str, tuple[str, str]]:
    return column_set.name, (column_set.dataset, column_set.axes)
