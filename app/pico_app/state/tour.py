"""The guided tour: at which stop it is, whether it is open, and the view that a stop sets up."""

from dataclasses import dataclass, replace

import streamlit as st

from pico_app.choices.query import Query
from pico_app.choices.sides import Sides
from pico_app.choices.switching import Switching
from pico_app.choices.tour_stops import STOPS, Stop, stop_at, stop_number
from pico_app.state.columns import wanted_column
from pico_app.state.comparison import sides
from pico_app.state.instruments import go_to_instrument
from pico_app.state.method import OWN_DATA, presenting, set_method_preset
from pico_app.state.queries import set_query
from pico_app.state.remembered import mirror
from pico_app.state.study import DEMO, dataset_path, open_dataset, set_strength, set_wanted_config
from pico_app.state.switch import set_switching


@dataclass(frozen=True)
class Tour:
    """Where the tour is.

    Attributes:
        number: Of the stop, from 1; 0 before the tour was ever begun.
        is_open: Whether its card is on the screen; a tour that was left keeps its place.
        revealed: Slugs of the stops whose takeaway was asked for.
    """

    number: int = 0
    is_open: bool = False
    revealed: frozenset[str] = frozenset()

    @property
    def stop(self) -> Stop:
        """The stop; the first before the tour was begun."""
        return stop_at(self.number)


def touring() -> Tour:
    """Where the tour is; an address that names a stop opens it."""
    if "tour" not in st.session_state:
        wanted = stop_number(st.query_params.get("tour"))
        st.session_state["tour"] = Tour()
        if wanted is not None:
            open_stop(wanted)
    tour: Tour = st.session_state["tour"]
    return tour


def open_stop(number: int) -> None:
    """Go to a stop: its page and its view are set up at the next run; only in a callback, or before all widgets."""
    opened = stop_at(number)
    st.session_state["tour"] = replace(touring(), number=STOPS.index(opened) + 1, is_open=True)
    st.session_state["tour-to-set"] = opened
    mirror_tour()


def leave_tour() -> None:
    """Close the card; the place is kept."""
    st.session_state["tour"] = replace(touring(), is_open=False)
    st.session_state.pop("tour-to-set", None)
    mirror_tour()


def finish_tour() -> None:
    """Close the card after the last stop: there is nothing to resume."""
    st.session_state["tour"] = Tour()
    mirror_tour()


def tell_takeaway() -> None:
    """Show the takeaway of this stop."""
    st.session_state["tour"] = replace(touring(), revealed=touring().revealed | {touring().stop.slug})


def mirror_tour() -> None:
    mirror("tour", str(touring().number) if touring().is_open else None)


def stop_to_set() -> Stop | None:
    """The stop that was opened and whose view is not set up yet."""
    stop: Stop | None = st.session_state.get("tour-to-set") if touring().is_open else None
    return stop


def set_frame_for(stop: Stop, *, strength: float) -> None:
    """What the sidebar decides: the scenes, the stop's axes, the default settings; before the sidebar is drawn.

    Args:
        stop: Whose view is set up.
        strength: Of the weights.
    """
    if dataset_path() != DEMO:
        open_dataset(DEMO)
    set_wanted_config(stop.config)
    set_strength(strength)


def set_page_for(stop: Stop, query: Query | None) -> None:
    """What the page decides: column, instrument, query and sides; before the page is drawn.

    Args:
        stop: Whose view is set up.
        query: The query of a stop that has one.
    """
    st.session_state.pop("tour-to-set", None)
    if stop.page in ("method", "columns", "retrieval"):
        go_to_instrument(stop.page, stop.instrument)
    if stop.page == "method":
        set_method_preset(OWN_DATA)
        presenting.set(False)
    if stop.page == "columns":
        wanted_column.set(-1)  # the page takes the lowest
    if stop.lowest:
        set_switching(Switching(which="lowest", lowest=stop.lowest))
    if stop.page == "subspaces":
        st.session_state["map-method"] = stop.instrument
    if stop.page == "retrieval":
        sides.set(Sides())
    if query is not None:
        set_query(query)
