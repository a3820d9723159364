"""What the numbers of a step are taken from: a caption with its picture, a patch, a word, a column."""

import random

import streamlit as st

from pico_app.answers import method, readings
from pico_app.pages.method.step import Pick
from pico_app.state import method as method_state
from pico_app.state import widgets
from pico_app.workspace import Workspace

FIELDS = ("text", "patch", "word", "column")


def current_pick(space: Workspace, start: int) -> Pick:
    """What was picked in these data, kept inside them; the column `start` where nothing was picked yet."""
    text, patch, word, column = method_state.method_pick(space.key) or (0, 0, 0, start)
    text = text if text < space.splits.fit.n_texts else 0
    n_patches, n_words = method.pair_size(space, text)
    return Pick(
        text=text,
        patch=patch if patch < n_patches else 0,
        word=word if word < n_words else 0,
        column=column if column < space.study.columns.height else start,
    )


def set_pick(space: Workspace, **changed: int) -> None:
    """Pick something else in a figure, and draw the page anew."""
    _keep(space.key, current_pick(space, 0), changed)
    st.rerun()


def choose_pick(space: Workspace, pick: Pick) -> None:
    """Draw the choosers; what is chosen in them counts from the next run on."""
    captions = method.caption_names(space)
    n_patches, _ = method.pair_size(space, pick.text)
    words = method.word_names(space, pick.text)
    frame = readings.columns_frame(space)
    titles = frame["title"].to_list()
    caption, patch, word, column, chance = st.columns([5, 1.6, 2.2, 3, 1.8], vertical_alignment="bottom")
    for container, name, label, options, named in (
        (caption, "text", "Caption, with its picture", range(len(captions)), lambda i: f"{captions[i]}"),
        (patch, "patch", "Patch", range(n_patches), str),
        (word, "word", "Word", range(len(words)), lambda i: words[i]),
        (column, "column", "Column", range(len(titles)), lambda i: titles[i]),
    ):
        key = f"method-choose-{name}"
        widgets.place_widget(key, getattr(pick, name))
        container.selectbox(label, options, format_func=named, key=key, on_change=_follow, args=(space.key, pick, name))
    chance.button(
        "Random",
        icon=":material/casino:",
        width="stretch",
        key="method-random",
        on_click=_roll,
        args=(space, pick),
        help="Another caption, patch, word and column.",
    )


def _follow(key: str, pick: Pick, name: str) -> None:
    chosen = widgets.widget(f"method-choose-{name}")
    if chosen is not None:
        _keep(key, pick, {name: int(chosen)})


def _roll(space: Workspace, pick: Pick) -> None:
    text = random.randrange(space.splits.fit.n_texts)
    n_patches, n_words = method.pair_size(space, text)
    columns = [index for index in range(space.study.columns.height) if index != pick.column] or [0]
    method_state.set_method_pick(
        space.key, (text, random.randrange(n_patches), random.randrange(n_words), random.choice(columns))
    )


def _keep(key: str, pick: Pick, changed: dict[str, int]) -> None:
    method_state.set_method_pick(key, [changed.get(name, getattr(pick, name)) for name in FIELDS])
