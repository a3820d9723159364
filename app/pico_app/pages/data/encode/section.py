"""Own pictures and captions become a dataset: ask, look, then encode in the background."""

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import encoding
from pico_app.pages.data.encode import findings, progress
from pico_app.pages.data.encode.encoders import Means, choose_means
from pico_app.pages.data.encode.sources import choose_source
from pico_app.pages.parts import prose
from pico_app.server.places import opened_place
from pico_app.state import study
from pico_app.words.markup import plain
from pico_core.common.errors import PicoError
from pico_core.encoders.pictures import Survey
from pico_core.encoders.protocol import OnBad
from pico_core.formats.native import is_dataset

ON_BAD: dict[OnBad, str] = {"refuse": "stop and name it", "skip": "leave it out and list it"}


def render() -> None:
    """Draw the section."""
    st.subheader("Encode your own pictures", anchor=False)
    prose(
        "A folder of pictures and a file of captions become a dataset: every picture as patch tokens, every caption as "
        "word tokens, in one space. It is done on this machine, in the background."
    )
    _ask()
    _say_state()


def _ask() -> None:
    source = choose_source()
    if source is None:
        return
    try:
        survey = encoding.look_over(source)
    except PicoError as error:
        st.error(plain(error), icon=":material/block:")
        return
    findings.show(survey)
    means = choose_means()
    if means is not None:
        _order(source, survey, means)


def _say_state() -> None:
    """What became of the last press of the button, just below it."""
    progress.watch("page")
    ended = encoding.last()
    if ended is not None and ended.failure:
        st.error(f"The pictures were not encoded. {plain(ended.failure)}", icon=":material/block:")
    elif ended is not None and ended.result is None:
        st.info(
            f"Stopped ({plain(ended.doing)}). What is encoded so far is kept: Encode goes on from there.",
            icon=":material/pause_circle:",
        )
    if encoding.outcome(study.dataset_path()) is not None:
        st.success(
            "The dataset is open. How it was made, and what was left out, stands at the top of this page.",
            icon=":material/check_circle:",
        )


def _order(source: encoding.Source, survey: Survey, means: Means) -> None:
    """The last questions, and the button."""
    left, right = st.columns(2)
    on_bad = left.radio(
        "A picture or caption that cannot be read",
        list(ON_BAD),
        format_func=ON_BAD.__getitem__,
        horizontal=True,
        key="encode-on-bad",
        persist_state="session",
    )
    target = _target(source, right)
    problem = encoding.target_problem(target)
    if problem is None and is_dataset(target):
        right.caption("A dataset lies there already; Encode replaces it.")
    if on_bad == "refuse" and survey.pictures.missing and problem is None:
        problem = "Pictures are missing: bring them, correct their names, or leave out what cannot be read."
    if problem:
        st.error(plain(problem), icon=":material/block:")
    try:
        columns = means.encoder.n_columns
    except PicoError as error:
        st.error(plain(error), icon=":material/block:")
        return
    busy = encoding.job() is not None
    width = "" if columns is None else f" into {columns:,} feature columns"
    pressed = st.button(
        f"Encode {len(survey.pictures.paths):,} pictures and their captions{width}",
        type="primary",
        icon=":material/play_arrow:",
        disabled=busy or problem is not None,
        key="encode-start",
    )
    if pressed:
        encoding.start(encoding.Order(survey, means.encoder, target, on_bad, means.level, means.batch_size))
        st.rerun()


def _target(source: encoding.Source, container: DeltaGenerator) -> Path:
    """Where the dataset goes: uploads stay with uploads, anything else beside its pictures unless said otherwise."""
    if source.upload is not None:
        kept = Path(source.upload)
        return kept.parent / "encoded" / kept.stem
    folder = opened_place(source.pictures)
    typed = container.text_input(
        "Folder of the new dataset",
        value=str(folder.with_name(f"{folder.name}-encoded")),
        help="A dataset that lies there is replaced; any other folder is refused.",
        key=f"encode-target-{folder}",
        persist_state="session",
    )
    try:
        return opened_place(typed.strip())
    except PicoError:
        return Path(typed.strip())  # the reason is said below
