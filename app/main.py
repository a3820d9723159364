"""The frame: page settings, what all pages share, and the way between them."""

import streamlit as st

from app import controls, heap, services, state
from app.markup import plain
from app.views import columns, data, overview, parts, prototypes, retrieval, subspaces
from pico_core.errors import PicoError

# Drawn here: an icon by name would be fetched from the net.
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0B2A40"/>'
    '<g><rect x="6" y="17" width="4" height="9" fill="#D55E00"/><rect x="12" y="7" width="4" height="19" '
    'fill="#56B4E9"/><rect x="18" y="20" width="4" height="6" fill="#D55E00"/>'
    '<rect x="24" y="11" width="4" height="15" fill="#56B4E9"/></g></svg>'
)
st.set_page_config(page_title="PICO Lens", page_icon=ICON, layout="wide")

PAGES = (
    (overview, "Overview", "overview", ":material/balance:"),
    (columns, "Columns", "columns", ":material/bar_chart:"),
    (prototypes, "Prototypes", "prototypes", ":material/route:"),
    (subspaces, "Subspaces", "subspaces", ":material/scatter_plot:"),
    (retrieval, "Retrieval", "retrieval", ":material/swap_vert:"),
    (data, "Data", "data", ":material/database:"),
)
chosen = st.navigation(
    [
        st.Page(view.render, title=title, url_path=path, icon=icon, default=path == "overview")
        for view, title, path, icon in PAGES
    ]
)
parts.house_style()
parts.brand(dark=state.dark())
state_of_run = controls.place_for_run()
dataset = controls.choose_dataset()
config = controls.choose_config()
controls.choose_strength()
study = None if dataset is None else controls.study_for(dataset, config, place=state_of_run)
services.show(dataset, study)
state.follow_address()
try:
    chosen.run()
except PicoError as error:
    st.error(f"This page cannot be drawn. {plain(error)}", icon=":material/block:")
heap.freeze_once(chosen.title)  # every page may have loaded libraries of its own
