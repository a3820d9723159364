"""Everything that a visit remembers: typed, mirrored in the address, so that a link reopens the view."""

import streamlit as st

from app.state.address import mirror
from app.state.columns import PARTS, Part, column, column_asked, follow_pick, go_to_part, part, set_column, set_part
from app.state.comparison import VIEWS, View, go_to_queries, mirror_sides, set_side, set_sides, set_view, sides, view
from app.state.experiments import (
    EXPERIMENT_PARTS,
    SOURCES,
    ExperimentPart,
    ResultSource,
    experiment_part,
    experiment_path,
    experiment_row,
    experiment_set,
    mirror_experiments,
    result_source,
    set_experiment_part,
    set_experiment_path,
    set_experiment_row,
    set_experiment_set,
    set_result_source,
    set_training_path,
    training_path,
)
from app.state.method import (
    OWN_DATA,
    method_pick,
    method_preset,
    method_step,
    mirror_method,
    mirror_pick,
    presenting,
    set_method_pick,
    set_method_preset,
    set_method_step,
    set_presenting,
)
from app.state.queries import (
    MAX_WORDS,
    Dropped,
    Query,
    QueryKind,
    ask_with_picture,
    asked_in_address,
    chosen_query,
    dropped,
    picturing,
    query,
    set_query,
    set_weights,
    set_words,
    take_dropped,
    weights,
    words,
)
from app.state.screen import dark, on_screen, page, picture_format, put_on_screen, put_pages, set_picture_format
from app.state.selections import Items, newly_selected, news, selection, set_selection
from app.state.study import (
    BUILT_IN,
    DEMO,
    MAX_STRENGTH,
    dataset_path,
    failure,
    follow_strength,
    frame_key,
    open_dataset,
    query_link,
    set_failure,
    set_strength,
    set_wanted_config,
    strength,
    wanted_config,
)
from app.state.switch import (
    can_undo_switching,
    drop_set,
    keep_set,
    kept_sets,
    mirror_switching,
    place_switching,
    placed_switching,
    set_switch_control,
    set_switching,
    switch_control,
    switching,
    undo_switching,
)
from app.state.tour import (
    Tour,
    finish_tour,
    leave_tour,
    mirror_tour,
    open_stop,
    set_frame_for,
    set_page_for,
    stop_to_set,
    tell_takeaway,
    tour_config,
    touring,
)
from app.state.uploads import own_uploads
from app.state.widgets import (
    fresh,
    keep_among,
    keep_at_most,
    place_widget,
    replace_wish,
    start_widget,
    table_anchor,
    table_chose,
    widget,
    wish,
)


def follow_address(here: str = "") -> None:
    """Take over what a link says, then say in the address what is looked at: changing the page empties it.

    Args:
        here: Address of the page. Two pages have instruments that are called "part" in it.
    """
    seen, power = column_asked(), strength()
    asked = st.session_state.setdefault("query", asked_in_address())
    mirror("dataset", dataset_path() if dataset_path() in BUILT_IN else None)
    mirror("basis", None if wanted_config().basis == "given" else wanted_config().basis)
    mirror("column", None if seen < 0 else str(seen))
    mirror("strength", None if power == 1 else f"{power:g}")
    if here == "experiments":
        mirror_experiments()
    else:
        mirror("part", None if part() == PARTS[0] else part())
    mirror("query", asked)
    mirror("words", words() or None)
    mirror("show", None if view() == VIEWS[0] else view())
    mirror_sides()
    mirror_switching()
    mirror_tour()


__all__ = [
    "BUILT_IN",
    "DEMO",
    "EXPERIMENT_PARTS",
    "MAX_STRENGTH",
    "MAX_WORDS",
    "OWN_DATA",
    "PARTS",
    "SOURCES",
    "VIEWS",
    "Dropped",
    "ExperimentPart",
    "Items",
    "Part",
    "Query",
    "QueryKind",
    "ResultSource",
    "Tour",
    "View",
    "ask_with_picture",
    "can_undo_switching",
    "chosen_query",
    "column",
    "dark",
    "dataset_path",
    "drop_set",
    "dropped",
    "experiment_part",
    "experiment_path",
    "experiment_row",
    "experiment_set",
    "failure",
    "finish_tour",
    "follow_address",
    "follow_pick",
    "follow_strength",
    "frame_key",
    "fresh",
    "go_to_part",
    "go_to_queries",
    "keep_among",
    "keep_at_most",
    "keep_set",
    "kept_sets",
    "leave_tour",
    "method_pick",
    "method_preset",
    "method_step",
    "mirror_experiments",
    "mirror_method",
    "mirror_pick",
    "newly_selected",
    "news",
    "on_screen",
    "open_dataset",
    "open_stop",
    "own_uploads",
    "page",
    "part",
    "picture_format",
    "picturing",
    "place_switching",
    "place_widget",
    "placed_switching",
    "presenting",
    "put_on_screen",
    "put_pages",
    "query",
    "query_link",
    "replace_wish",
    "result_source",
    "selection",
    "set_column",
    "set_experiment_part",
    "set_experiment_path",
    "set_experiment_row",
    "set_experiment_set",
    "set_failure",
    "set_frame_for",
    "set_method_pick",
    "set_method_preset",
    "set_method_step",
    "set_page_for",
    "set_part",
    "set_picture_format",
    "set_presenting",
    "set_query",
    "set_result_source",
    "set_selection",
    "set_side",
    "set_sides",
    "set_strength",
    "set_switch_control",
    "set_switching",
    "set_training_path",
    "set_view",
    "set_wanted_config",
    "set_weights",
    "set_words",
    "sides",
    "start_widget",
    "stop_to_set",
    "strength",
    "switch_control",
    "switching",
    "table_anchor",
    "table_chose",
    "take_dropped",
    "tell_takeaway",
    "tour_config",
    "touring",
    "training_path",
    "undo_switching",
    "view",
    "wanted_config",
    "weights",
    "widget",
    "wish",
    "words",
]
