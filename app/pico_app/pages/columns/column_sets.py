"""Column sets with names: kept for the visit, as a file, from a file, by link."""

from dataclasses import replace

import streamlit as st

from pico_app.answers import switch
from pico_app.choices.switching import Switching
from pico_app.pages.parts import download
from pico_app.state import switch as switch_state
from pico_app.state import widgets
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.common.errors import DataError
from pico_core.retrieval.switching.column_sets import MAX_NAME, ColumnSet


def render(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> None:
    """Keep what is switched now, or switch what was kept."""
    kept = switch.sets_here(space, switch_state.kept_sets())
    with st.expander("Keep, share or load a set of columns", expanded=bool(kept)):
        _keep(space, choice, columns)
        for number, column_set in enumerate(kept):
            _kept(choice, column_set, number)
        _load(space, choice)


def _keep(space: Workspace, choice: Switching, columns: tuple[int, ...]) -> None:
    field, button, _ = st.columns([4, 2, 4], vertical_alignment="bottom")
    name = field.text_input(
        "Name of what is switched now",
        choice.name,
        max_chars=MAX_NAME,
        placeholder="frame and tint",
        key=f"switch-name-{choice.name}",
    ).strip()
    if button.button("Keep", icon=":material/bookmark:", width="stretch", disabled=not columns, key="switch-keep"):
        try:
            column_set = switch.column_set(space, name, columns)
        except DataError as error:
            st.info(plain(error), icon=":material/keyboard:")
            return
        switch_state.keep_set(column_set)
        _use(choice, column_set)
    st.caption(
        "Kept until this visit ends; as a file it lasts. The address of this page says what is switched now: copy it "
        "to share."
    )


def _kept(choice: Switching, column_set: ColumnSet, number: int) -> None:
    name, use, file, drop = st.columns([5, 1.6, 1.9, 1.5], vertical_alignment="center")
    n = len(column_set.columns)
    name.markdown(f"**{plain(column_set.name)}** · {n}: {column_set.text if n <= 40 else 'columns'}")
    if use.button("Switch", icon=":material/toggle_off:", width="stretch", key=f"switch-use-{number}"):
        _use(choice, column_set)
    download("JSON", column_set.to_json(), file="column-set.json", key=f"switch-file-{number}", container=file)
    if drop.button("Drop", icon=":material/delete:", width="stretch", key=f"switch-drop-{number}"):
        switch_state.drop_set(column_set)
        st.rerun()


def _load(space: Workspace, choice: Switching) -> None:
    file = st.file_uploader("A set from a file", type="json", max_upload_size=1, key="switch-load")
    if file is None:
        widgets.fresh("switch-load-file", None)
        return
    try:
        column_set = switch.read_column_set(space, file.getvalue())
    except DataError as error:
        st.error(plain(error), icon=":material/block:")
        return
    if widgets.fresh("switch-load-file", hash(column_set)) is not None:
        switch_state.keep_set(column_set)
        _use(choice, column_set)


def _use(choice: Switching, column_set: ColumnSet) -> None:
    switch_state.set_switching(replace(choice, which="own", typed=column_set.text, name=column_set.name))
    st.rerun()
