"""The address of the app: every parameter of every page, and what people type into its fields of columns and sets."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from app import comparing, state, switching
from app.state.columns import PARTS
from app.state.comparison import VIEWS
from app.state.study import BUILT_IN
from app.touring import STOPS
from pico_core.analysis.switching.column_sets import parse_columns
from pico_core.errors import DataError
from tests.hostile.harness import Door

PAGES = ("", "columns", "retrieval", "method", "experiments", "data")
N_COLUMNS, N_IMAGES, N_TEXTS = 48, 20, 40
STEPS, PRESETS = ("interaction", "estimate", "points"), (state.OWN_DATA, "twins")
FULL = {
    "dataset": "clean", "basis": "cross", "column": "7", "strength": "1.5", "part": "switch", "query": "text-3",
    "words": "a red star", "show": "words", "left": "without-3,7", "right": "random-2", "set": "3,7,12-15",
    "to": "mean", "base": "weighted", "tour": "4", "step": "estimate", "preset": "twins", "present": "1",
    "pick": "1-2-0-5", "results": "own", "grid": "planted, given", "variant": "p_hat",
}  # fmt: skip


def address(path: Path) -> None:
    """Two runs of every page at an address: what it says is taken, or dropped without a word, and is then settled."""
    text = path.read_bytes().decode(errors="replace")
    asked = dict(parse_qsl(text, keep_blank_values=True, errors="replace"))
    for page in PAGES:
        st.query_params, st.session_state = dict(asked), {}  # type: ignore[assignment]
        for _ in range(2):
            followed(page)
        said = dict(st.query_params)
        followed(page)
        if dict(st.query_params) != said:
            raise AssertionError(f"the address does not settle: {said} {st.query_params}")


def followed(page: str) -> None:
    """One run of a page, without what it draws."""
    state.follow_address(page)
    chosen = state.query(N_IMAGES, N_TEXTS)
    sound = (
        state.dataset_path() in BUILT_IN
        and -1 <= state.column(N_COLUMNS) < N_COLUMNS
        and 0 <= state.strength() <= state.MAX_STRENGTH
        and state.part() in PARTS
        and state.view() in VIEWS
        and 0 <= chosen.index < (N_IMAGES if chosen.kind == "image" else N_TEXTS)
        and len(state.words() or "") <= state.MAX_WORDS
        and state.method_step(STEPS) in STEPS
        and state.method_preset(PRESETS) in PRESETS
        and 0 <= state.touring().number <= len(STOPS)
        and state.experiment_set(["a", "b"], "a") in ("a", "b")
        and state.experiment_row(["a"], "a") == "a"
        and state.result_source() in state.SOURCES
        and state.experiment_part() in state.EXPERIMENT_PARTS
    )
    if not sound:
        raise AssertionError(f"{chosen} {st.session_state}")
    state.mirror_method(STEPS, PRESETS)
    state.method_pick("x")
    state.mirror_pick("x")
    state.query_link(chosen)
    for side in (state.sides().left, state.sides().right):
        _ = side.address
        if comparing.from_address(side.address, comparing.SideChoice("weighted")) != side:
            raise AssertionError(f"{side} is not what its address says")
    state.place_switching(N_COLUMNS)
    with suppress(DataError):  # the page says so under the field
        parse_columns(state.switching().typed, N_COLUMNS)
    said = {name: value for name, value in state.switching().address.items() if value is not None}
    if switching.from_address(said) != state.switching():
        raise AssertionError(f"{state.switching()} is not what its address says: {said}")
    if not all(isinstance(value, str) for value in st.query_params.values()):
        raise AssertionError(st.query_params)


def doors() -> tuple[Door, ...]:
    """All of them."""
    few = {"column": "3", "set": "lowest-10", "left": "axes-cross", "words": "", "query": "image-0"}
    return (
        Door(
            "address",
            {"full.query": urlencode(FULL).encode(), "few.query": urlencode(few).encode()},
            address,
            named=False,
        ),
    )
