"""The card of the guided tour: what to look at, something to do, the takeaway, and the way on."""

from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import tour
from pico_app.choices.tour_stops import MINUTES, STOPS, Stop
from pico_app.pages import parts
from pico_app.state import columns, queries, screen, study, switch
from pico_app.state import tour as tour_state
from pico_app.workspace import Workspace
from pico_core.method.bases import BASES

COUNT = len(STOPS)


def follow(here: str) -> None:
    """Go to the page of a stop that was just opened and set up the sidebar; before the sidebar is drawn."""
    stop = tour_state.stop_to_set()
    if stop is None:
        return
    page = screen.page(stop.page)
    if stop.page != here and page is not None:
        st.switch_page(page)
    tour_state.set_frame_for(stop, strength=tour.tour_strength(stop))


def render(here: str, space: Workspace | None) -> DeltaGenerator | None:
    """Draw the card above the page; where the reader has gone elsewhere, the way back.

    Returns the place of the takeaway where one was asked for: `tell` fills it after the page, whose choices it follows.
    """
    now = tour_state.touring()
    if not now.is_open:
        return None
    if tour_state.stop_to_set() is not None:
        tour_state.set_page_for(now.stop, None if space is None else tour.tour_query(space, now.stop))
    with st.container(border=True, key="tour-card"):
        if here != now.stop.page:
            _elsewhere(now)
        elif tour.on_course(space, now.stop, wanted=study.wanted_config()):
            return _card(now)
        else:
            _off_course(now)
    return None


def tell(container: DeltaGenerator | None, space: Workspace | None) -> None:
    """Fill the place that `render` left for the takeaway."""
    if container is not None and space is not None:
        with container, st.container(key="tour-takeaway"):
            test = space.splits.test
            looked = tour.Looked(
                columns.column(space.study.columns.height),
                queries.query(test.n_images, test.n_texts),
                switch.switching(),
            )
            parts.led("Takeaway.", tour.takeaway(space, tour_state.touring().stop, looked))


def resume(where: str) -> None:
    """A button that begins the tour, or goes on where it was left; nothing while the card is there."""
    now = tour_state.touring()
    if now.is_open or screen.page("overview") is None:
        return
    begun = now.number > 0
    label = f"Resume the tour (stop {now.number} of {COUNT})" if begun else f"Take the tour ({MINUTES} minutes)"
    st.button(
        label,
        icon=":material/tour:",
        key=f"tour-resume-{where}",
        width="stretch" if where == "sidebar" else "content",
        on_click=tour_state.open_stop,
        args=(max(1, now.number),),
        help=f"{COUNT} stops over all pages, on the styled scenes. It opens the scenes in place of other data; leave "
        "and resume at any step.",
    )


def _card(now: tour_state.Tour) -> DeltaGenerator | None:
    stop = now.stop
    _head(now, stop.title, note=f"set up: styled scenes, {BASES[stop.basis].title}, λ = {tour.tour_strength(stop):g}")
    parts.prose(stop.look)
    parts.led("Your turn.", stop.task)
    is_revealed = stop.slug in now.revealed
    container = st.container() if is_revealed else None
    with st.container(horizontal=True):
        if not is_revealed:
            st.button(
                "Show the takeaway", icon=":material/lightbulb:", key="tour-tell", on_click=tour_state.tell_takeaway
            )
        _ways(now, forward="primary" if is_revealed else "secondary")
    return container


def _off_course(now: tour_state.Tour) -> None:
    _head(now, now.stop.title)
    parts.prose(_about(now.stop))
    with st.container(horizontal=True):
        _go("Back to the scenes", now.number, icon="undo", key="tour-again", type="primary")
        _ways(now, forward="secondary")


def _about(stop: Stop) -> str:
    return (
        f"The words of the tour are about Styled scenes: shortcut, {BASES[stop.basis].title}, with the default "
        "settings. The screen shows something else now, so they are left out here."
    )


def _elsewhere(now: tour_state.Tour) -> None:
    _head(now, "The tour waits on another page.")
    with st.container(horizontal=True):
        _go(f"Back to stop {now.number}", now.number, icon="undo", key="tour-back-to", type="primary")
        _leave()


def _head(now: tour_state.Tour, title: str, *, note: str = "") -> None:
    parts.progress_head(f"Tour, stop {now.number} of {COUNT}", title, note=note, done=now.number, total=COUNT)


def _ways(now: tour_state.Tour, *, forward: Literal["primary", "secondary"]) -> None:
    _go("Back", now.number - 1, icon="chevron_left", key="tour-back", disabled=now.number <= 1)
    if now.number < COUNT:
        _go("Next stop", now.number + 1, icon="chevron_right", key="tour-next", type=forward, icon_position="right")
        _leave()
    else:
        st.button(
            "Finish the tour", icon=":material/flag:", type=forward, key="tour-finish", on_click=tour_state.finish_tour
        )


def _go(label: str, number: int, *, icon: str, key: str, **more: Any) -> None:
    """A button that opens a stop."""
    st.button(label, icon=f":material/{icon}:", key=key, on_click=tour_state.open_stop, args=(number,), **more)


def _leave() -> None:
    st.button(
        "Leave the tour",
        icon=":material/close:",
        key="tour-leave",
        on_click=tour_state.leave_tour,
        help="The place is kept: the sidebar and the Overview lead back to it.",
    )
