"""The frame: what all pages share, and the way between them."""

from functools import partial
from importlib import import_module
from inspect import signature
from types import ModuleType

import streamlit as st

from pico_app import sidebar
from pico_app.answers import studies
from pico_app.components.plot_keys import plot_keys
from pico_app.pages import columns, data, experiments, method, overview, parts, prototypes, retrieval, subspaces, tour
from pico_app.pages.data import encode
from pico_app.server import heap, housekeeping
from pico_app.state import links, screen
from pico_app.words.markup import plain
from pico_app.workspace import Frame
from pico_core.errors import PicoError

# Streamlit loads it with the first table. A figure asks whether it is loaded, and would find one half where another
# visit is loading it; two first visitors of a server then saw an error.
import_module("pandas")

heap.few_pools()

PAGES = (
    (overview, "Overview", "overview", ":material/balance:"),
    (method, "Method", "method", ":material/function:"),
    (columns, "Columns", "columns", ":material/bar_chart:"),
    (prototypes, "Prototypes", "prototypes", ":material/route:"),
    (subspaces, "Subspaces", "subspaces", ":material/scatter_plot:"),
    (retrieval, "Retrieval", "retrieval", ":material/swap_vert:"),
    (experiments, "Experiments", "experiments", ":material/science:"),
    (data, "Data", "data", ":material/database:"),
)


def render() -> None:
    """Draw one run of the script: the sidebar, the state of the study, the page that was chosen."""
    housekeeping.page_ran()
    shown: list[Frame] = []
    pages = {
        path: st.Page(partial(_draw, view, shown), title=title, url_path=path, icon=icon, default=path == "overview")
        for view, title, path, icon in PAGES
    }
    chosen = st.navigation(list(pages.values()))
    screen.put_pages(pages)
    here = chosen.url_path or PAGES[0][2]  # the first page's address is the root
    parts.house_style()
    parts.brand(dark=screen.dark())
    tour.follow(here)
    state_of_run = sidebar.place_for_run()
    with st.sidebar:
        tour.resume("sidebar")
    dataset = sidebar.choose_dataset()
    config = sidebar.choose_config(dataset)
    sidebar.choose_strength()
    study = None if dataset is None else sidebar.study_for(dataset, config, place=state_of_run)
    with state_of_run:
        encode.watch("sidebar")
    shown.append(studies.show(dataset, study))
    links.follow_address(here)
    try:
        takeaway = tour.render(here)
        chosen.run()
        tour.tell(takeaway)
        plot_keys(key="plot-keys")
    except PicoError as error:
        st.error(f"This page cannot be drawn. {plain(error)}", icon=":material/block:")
    heap.freeze_once(chosen.title)  # every page may have loaded libraries of its own


def _draw(page: ModuleType, shown: list[Frame]) -> None:
    """Draw a page; those that still read the session take no argument."""
    if signature(page.render).parameters:
        page.render(*shown)
    else:
        page.render()
