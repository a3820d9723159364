"""The address of the app: every parameter of every page, and what people type into its fields of columns and sets."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from pico_app import frame
from pico_app.choices import sides, switching
from pico_app.choices.tour_stops import STOPS
from pico_app.state import columns, comparison, experiments, instruments, links, method, queries, study, switch, tour
from pico_app.state.study import BUILT_IN
from pico_core.common.errors import DataError
from pico_core.retrieval.switching.column_sets import parse_columns
from tests.hostile.harness import Door

PAGES = ("", "columns", "retrieval", "method", "experiments", "data")
N_COLUMNS, N_IMAGES, N_TEXTS = 48, 20, 40
INSTRUMENTS, PRESETS = frame.instruments(), (method.OWN_DATA, "twins")
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
    links.follow_address(page, INSTRUMENTS)
    chosen = queries.query(N_IMAGES, N_TEXTS)
    sound = (
        study.dataset_path() in BUILT_IN
        and -1 <= columns.column(N_COLUMNS) < N_COLUMNS
        and 0 <= study.strength() <= study.SLIDER_MAX
        and all(instruments.opened_instrument(name, members) in members for name, members in INSTRUMENTS.items())
        and 0 <= chosen.index < (N_IMAGES if chosen.kind == "image" else N_TEXTS)
        and len(queries.words() or "") <= queries.MAX_WORDS
        and method.method_preset(PRESETS) in PRESETS
        and 0 <= tour.touring().number <= len(STOPS)
        and experiments.experiment_set(["a", "b"], "a") in ("a", "b")
        and experiments.experiment_row(["a"], "a") == "a"
        and experiments.result_source() in experiments.SOURCES
    )
    if not sound:
        raise AssertionError(f"{chosen} {st.session_state}")
    method.mirror_method(PRESETS)
    method.method_pick("x")
    method.mirror_pick("x")
    study.query_link(chosen)
    for side in (comparison.sides().left, comparison.sides().right):
        _ = side.address
        if sides.from_address(side.address, sides.ChosenScheme("scheme", "pico")) != side:
            raise AssertionError(f"{side} is not what its address says")
    switch.place_switching(N_COLUMNS)
    with suppress(DataError):  # the page says so under the field
        parse_columns(switch.switching().typed, N_COLUMNS)
    said = {name: value for name, value in switch.switching().address.items() if value is not None}
    if switching.from_address(said) != switch.switching():
        raise AssertionError(f"{switch.switching()} is not what its address says: {said}")
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
