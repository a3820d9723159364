"""Which patch agrees with which word in one pair: maps on the left, on the right, and their difference."""

from typing import Any

import streamlit as st

from pico_app.answers import column_detail, compare, retrieval, token_maps
from pico_app.answers.documents import PageSection
from pico_app.choices.query import QueryKind
from pico_app.components.word_maps import word_maps
from pico_app.figures.theme import Theme
from pico_app.figures.word_maps import maps_figure, word_maps_json
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import verdict
from pico_app.pages.retrieval.instrument import RetrievalInstrument, Shown
from pico_app.pages.retrieval.why import items_shown
from pico_app.state import screen
from pico_app.waiting import waiting
from pico_app.words.captions import caption_of
from pico_app.words.markup import plain
from pico_app.words.retrieval import word_maps_sentence
from pico_app.workspace import Workspace
from pico_core.retrieval.rankings import SideBySide


def render(space: Workspace, comparison: compare.Comparison, shown: Shown | None) -> list[PageSection]:
    """Draw the instrument; nothing while nothing is asked."""
    if shown is None:
        return []
    query, both = shown.query, shown.lists
    if not token_maps.has_maps(comparison, query):
        st.info(
            "There is nothing to map: every image of this dataset is one vector for the whole picture, so no word can "
            "agree with a part of it. Datasets with a token per patch have maps.",
            icon=":material/grid_off:",
        )
        return []
    read = column_detail.words_of(space, "test")
    words = read.value
    if words is None:
        waiting(read, key="map-words")
        return []
    index = _choose(space, query, both, f"map-item-{comparison.key}-{query.key}")
    view = token_maps.word_maps(space, comparison, query, index, words)
    sentence = word_maps_sentence(view.maps, view.words)
    verdict(sentence)
    left, right = (
        f"{plain(side.label)}: score **{token_map.score:+.3f}**"
        for token_map, side in ((view.maps.left, comparison.left), (view.maps.right, comparison.right))
    )
    st.markdown(f"{left} · {right} · what all words and all patches add makes up the score")
    labels = (comparison.left.label, comparison.right.label)
    word_maps(
        word_maps_json(
            view.maps,
            places=view.places,
            words=view.words,
            labels=labels,
            picture=view.picture,
            key=f"{space.splits.test.digest} {query.key} {index}",
            theme=screen.theme(),
        ),
        key="word-maps",
    )
    st.caption(caption_of(f"word-maps-{'grid' if view.places.is_grid else 'strip'}").markdown)

    def drawn(theme: Theme) -> Any:
        return maps_figure(
            view.maps, places=view.places, words=view.words, labels=labels, picture=view.picture, theme=theme
        )

    pieces = [
        PageSection(
            "words",
            "Patches and words: every word",
            token_maps.winners_of_words(view),
            drawn,
            sentence,
            caption_of("word-maps"),
        ),
        PageSection("patches", "Patches and words: every patch", token_maps.winners_of_patches(view)),
    ]
    with st.expander("The winning patch of every word, the winning word of every patch", icon=":material/table:"):
        for piece in pieces:
            _table(piece.table, f"map-{piece.name}-table")
    return pieces


def _choose(space: Workspace, query: compare.Asked, both: SideBySide, key: str) -> int:
    """The other half of the pair: the right answer to begin with, any item of the lists."""
    items = items_shown(both)
    other: QueryKind = "text" if query.kind == "image" else "image"
    start = both.target_before.index if both.target_before is not None else both.right[0].index

    def called(index: int) -> str:
        ranks = items[index]
        return f"{retrieval.item_name(space, other, index)} · rank {ranks[0]:,} to {ranks[1]:,}"

    container, _ = st.columns([6, 5])
    return int(
        container.selectbox(
            "Maps with the image" if other == "image" else "Maps with the caption",
            list(items),
            index=list(items).index(start),
            format_func=called,
            key=key,
        )
    )


def _table(frame: object, key: str) -> None:
    number = st.column_config.NumberColumn
    st.dataframe(
        frame,
        hide_index=True,
        key=key,
        column_config={
            "adds, left": number(format="%.4f", help="Its part of the score on the left."),
            "adds, right": number(format="%.4f", help="Its part of the score on the right."),
            "change": number(format="%+.4f"),
        },
    )


INSTRUMENT: RetrievalInstrument = Instrument(
    name="words",
    title="Patches and words",
    question="Which patch agrees with which word?",
    about="Maps of one pair with the scoring on the left, with that on the right, and their difference.",
    render=render,
)
