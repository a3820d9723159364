"""The frame: what all pages share, and the way between them."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import streamlit as st

from pico_app import sidebar
from pico_app.answers import studies
from pico_app.components.plot_keys import plot_keys
from pico_app.pages import columns, data, experiments, method, overview, parts, prototypes, retrieval, subspaces, tour
from pico_app.pages.data import encode
from pico_app.pages.page import Page
from pico_app.server import heap, housekeeping
from pico_app.state import links, screen
from pico_app.state import study as study_state
from pico_app.words.markup import plain
from pico_core.common.errors import PicoError
from pico_core.common.registry import Registry

# Streamlit loads it with the first table. A figure asks whether it is loaded, and would find one half where another
# visit is loading it; two first visitors of a server then saw an error.
import_module("pandas")

heap.few_pools()

PAGES = Registry(
    "page",
    (
        overview.PAGE,
        method.PAGE,
        columns.PAGE,
        prototypes.PAGE,
        subspaces.PAGE,
        retrieval.PAGE,
        experiments.PAGE,
        data.PAGE,
    ),
)


def instruments() -> dict[str, Registry[Any]]:
    """The instruments of every page that has some."""
    return {page.name: page.instruments for page in PAGES if page.instruments}


def render() -> None:
    """Draw one run of the script: the sidebar, the state of the study, the page that was chosen."""
    housekeeping.page_ran()

    def drawn(page: Page) -> Callable[[], None]:
        return lambda: page.render(frame)  # which is there by the time that the page is drawn

    pages = {
        page.name: st.Page(
            drawn(page), title=page.title, url_path=page.name, icon=page.icon, default=page.name == PAGES.names[0]
        )
        for page in PAGES
    }
    chosen = st.navigation(list(pages.values()))
    screen.pages.set(pages)
    here = chosen.url_path or PAGES.names[0]  # the first page's address is the root
    parts.house_style()
    parts.brand(theme=screen.theme())
    tour.follow(here)
    state_of_run = sidebar.place_for_run()
    with st.sidebar:
        tour.resume("sidebar")
    dataset = sidebar.choose_dataset()
    config = sidebar.choose_config(dataset)
    sidebar.choose_strength()
    study = None if dataset is None else sidebar.study_for(dataset, config, container=state_of_run)
    with state_of_run:
        encode.watch("sidebar")
    screen.shown_study.set(study)
    frame = studies.frame_of(dataset, study, strength=study_state.strength())
    links.follow_address(here, instruments())
    try:
        takeaway = tour.render(here, frame.space)
        chosen.run()
        tour.tell(takeaway, frame.space)
        plot_keys(key="plot-keys")
    except PicoError as error:
        st.error(f"This page cannot be drawn. {plain(error)}", icon=":material/block:")
    heap.freeze_once(chosen.title)  # every page may have loaded libraries of its own
