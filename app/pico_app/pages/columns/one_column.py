"""One column in detail: its numbers, values and signs, its neighbours, what it goes with, its items and tokens."""

from collections.abc import Sequence

import polars as pl
import streamlit as st

from pico_app.answers import column_detail as column_answers
from pico_app.answers import drawn, readings
from pico_app.figures import column_detail
from pico_app.figures import columns as draw
from pico_app.pages.columns import items
from pico_app.pages.columns.instrument import ColumnInstrument
from pico_app.pages.columns.numbers import numbers_html
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, prose
from pico_app.state import instruments, screen, widgets
from pico_app.waiting import waiting
from pico_app.words.captions import caption_of
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.columns.detail.items import Neighbour, SideNeighbours

PER_BAND = 3


def render(space: Workspace, frame: pl.DataFrame, column: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    row = space.study.columns.row(column, named=True)
    head, switch = st.container(key="row-column").columns([5, 1.4], vertical_alignment="bottom")
    head.subheader(row["title"][0].upper() + row["title"][1:], anchor=False)
    switch.button(
        "Switch it off",
        icon=":material/toggle_off:",
        width="stretch",
        on_click=instruments.go_to_instrument,
        args=("columns", "switch"),
        help="What happens to retrieval without this column?",
    )
    if space.study.basis.name != "given":
        parts = ", ".join(f"{load.column} ({load.value:+.2f})" for load in readings.loadings(space, column))
        st.markdown(f"This axis is mostly made of the given columns {parts}; in brackets their share, a signed cosine.")
    st.html(numbers_html(row))
    _values(space, column)
    clicked = _neighbours(space, column)
    _goes_with(space, column)
    _items(space, column)
    _tokens(space, column)
    return clicked


def _values(space: Workspace, column: int) -> None:
    shown = column_answers.column_items(space, column, PER_BAND)
    offset = column_answers.offset(space, column)
    left, right = st.container(key="beside-values").columns([3, 2])
    with left:
        st.markdown("**Values in images and in texts**")
        figure(
            drawn.drawn(
                space, draw.values, shown.images.numpy(), shown.texts.numpy(), also=(column,), theme=screen.theme()
            ),
            key="columns-values",
            caption=caption_of("columns-values", share=offset),
        )
    with right:
        st.markdown("**Signs of patch and word**")
        figure(
            drawn.drawn(
                space,
                column_detail.sign_square,
                column_answers.signs(space, column),
                also=(column,),
                theme=screen.theme(),
            ),
            key="columns-signs",
        )


def _neighbours(space: Workspace, column: int) -> int | None:
    neighbours = column_answers.neighbours(space, column)
    st.markdown("**Neighbours: with which columns does it move?**")
    clicked = None
    for container, name, side in zip(
        st.columns(2), ("images", "texts"), (neighbours.image, neighbours.text), strict=True
    ):
        with container:
            prose(_nearest(name, side))
            for title, named in (
                (f"Neighbours at prototype {side.prototype}, by cosine with it", side.sharing),
                (f"Most correlated over {name}", side.correlated),
            ):
                if named:
                    clicked = _chips(title, named, key=f"{name}-{title[:4]}") if clicked is None else clicked
    return clicked


def _nearest(name: str, side: SideNeighbours) -> str:
    if side.cosine == 0:
        return f"In {name} it does not vary over the anchors, so it has no neighbours."
    upside = ", upside down" if side.cosine < 0 else ""
    others = "no other column is" if side.n_sharing == 0 else f"{side.n_sharing} other columns are"
    if side.n_sharing == 1:
        others = "one other column is"
    return (
        f"In {name} its nearest style prototype is number {side.prototype} (cosine {side.cosine:+.2f}{upside}); "
        f"{others} nearest to it too."
    )


def _chips(title: str, neighbours: Sequence[Neighbour], *, key: str) -> int | None:
    """Columns to go to, each with its value."""
    values = {neighbour.column: neighbour.value for neighbour in neighbours}
    chosen = st.pills(
        title,
        list(values),
        format_func=lambda column: f"{column} · {values[column]:+.2f}",
        wrap=True,  # in a column they would run out of it
        key=f"neighbours-{key}",
    )
    return widgets.fresh(f"neighbours-{key}", chosen)


def _goes_with(space: Workspace, column: int) -> None:
    associations = column_answers.associations(space, column)
    st.markdown("**What it goes with**")
    if not associations:
        st.caption("This dataset has no labels that could gather. Add label columns to its tables, one called style.")
        return
    figure(
        drawn.drawn(space, column_detail.goes_with, associations, also=(column,), theme=screen.theme()),
        key="columns-goes-with",
    )


def _items(space: Workspace, column: int) -> None:
    shown = column_answers.column_items(space, column, PER_BAND)
    st.markdown("**Items from the top of this column to the bottom** (of the fit split, which p̂ was read from)")
    left, right = st.columns(2)
    left.html(items.image_bands(space, shown.image_bands))
    right.html(items.text_bands(space, shown.text_bands))


def _tokens(space: Workspace, column: int) -> None:
    st.markdown("**Which words and which patches drive it**")
    left, right = st.columns(2)
    with left:
        _words(space, column)
    with right:
        patches = column_answers.patch_ends(space, column)
        if patches is None:
            st.caption("The images of this dataset are one vector each, so there are no patches to look at.")
            return
        st.html(items.patches(space, patches))
        if patches.mean is not None:
            figure(
                drawn.drawn(space, column_detail.places, patches, also=(column,), theme=screen.theme()),
                key="columns-places",
            )


def _words(space: Workspace, column: int) -> None:
    reading = column_answers.words_of(space)
    words = reading.value
    if words is None:
        waiting(reading, key="words")
        return
    ends = column_answers.word_ends(space, column, words)
    if ends is None:
        st.caption(
            "The captions could not be parted into as many words as there are tokens, or no word stands in the texts "
            "of five images. A text label column called words, with the pieces parted by spaces, would tell."
        )
        return
    figure(
        drawn.drawn(space, column_detail.word_ends, ends, also=(column,), theme=screen.theme()),
        key="columns-words",
        caption=caption_of(
            "columns-words",
            n_words=ends.n_words,
            rule=plain(words.rule[0].upper() + words.rule[1:]),
            n_read=words.n_read,
            n_texts=len(words.words),
        ),
    )


INSTRUMENT: ColumnInstrument = Instrument(
    name="column",
    title="One column",
    question="What is this column, and what goes with it?",
    about="One column from near: its numbers with their intervals, its values and signs, the columns that it moves "
    "with, the labels that it follows, and the items and tokens at its ends.",
    render=render,
)
