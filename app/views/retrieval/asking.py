"""How a reader asks: with a caption or an image of the test split, or in words of his own."""

import secrets

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import services, state
from app.markup import plain

MANY = 5000  # beyond this a selectbox would send too much to the browser
KINDS = {"text": "Caption", "image": "Image", "words": "Your words"}
TRY = ("a red star above a blue ring", "four shapes in a grid", "softly a green heart dreams at the top")


def choose(space: services.Workspace) -> services.Asked | None:
    """The item or the words that ask; None while nothing is typed."""
    test = space.splits.test
    asked = state.query(test.n_images, test.n_texts)
    typing = services.has_encoder(space.dataset)
    words = state.words() if typing else None
    now = asked.kind if words is None else "words"
    kind, rest = st.columns([3.9, 8.9], vertical_alignment="bottom")
    # Keys carry the query, so that a query set elsewhere (a button, the address) shows in the widgets.
    wanted = kind.segmented_control(
        "Ask with",
        [name for name in KINDS if typing or name != "words"],
        default=now,
        format_func=KINDS.__getitem__,
        required=True,
        key=f"ask-{now}",
    )
    if wanted != now and wanted == "words":
        state.set_words("")
        st.rerun()
    if wanted != now:
        return _ask(state.Query("image" if wanted == "image" else "text", 0))
    return _item(space, asked, rest) if words is None else _typed(space, rest, words)


def _item(space: services.Workspace, asked: state.Query, place: DeltaGenerator) -> state.Query:
    """The item, chosen by name, by chance, or by how far the weights moved it."""
    test = space.splits.test
    item, chance, gain, loss = place.columns([4.6, 1.3, 1.5, 1.5], vertical_alignment="bottom")
    total = test.n_texts if asked.kind == "text" else test.n_images
    key = f"query-{asked.kind}-{asked.index}"
    if total <= MANY:
        names = services.query_names(space, asked.kind)
        index = item.selectbox(
            f"Query (type to search {total:,} of the test split)",
            range(total),
            index=asked.index,
            format_func=names.__getitem__,
            key=key,
        )
    else:
        index = int(
            item.number_input(f"Query (0 to {total - 1:,} of the test split)", 0, total - 1, asked.index, key=key)
        )
    if index != asked.index:
        return _ask(state.Query(asked.kind, int(index)))
    if chance.button("Random", width="stretch"):
        return _ask(state.Query(asked.kind, secrets.randbelow(total)))
    for button, name, gains in ((gain, "Next gain", True), (loss, "Next loss", False)):
        moved = services.moved(space, asked.kind, gains=gains)
        tip = (
            "Walks through the queries of the test split that moved most between the two sides; while those are not "
            "ranked yet, through those that the weights of the study (without the guard) moved most."
        )
        if button.button(name, width="stretch", disabled=not moved, help=tip):
            after = moved.index(asked.index) + 1 if asked.index in moved else 0
            return _ask(state.Query(asked.kind, moved[after % len(moved)]))
    return asked


def _typed(space: services.Workspace, place: DeltaGenerator, words: str) -> services.Outside | None:
    """The box to type in; its key carries the words, so that a link or an example shows in it."""
    found = place.text_input(
        "Describe a scene in your own words",
        value=words,
        max_chars=state.MAX_WORDS,
        placeholder=TRY[0],
        key=f"typed-{words}",
    ).strip()
    if found != words:
        state.set_words(found)
        st.rerun()
    if not found:
        return None
    read = services.encode_words(space.dataset, found)
    return services.Outside("text", f"words {found}", found, read.tokens)


def say_query(space: services.Workspace, asked: services.Asked) -> None:
    """What asks, set apart."""
    with st.container(border=True):
        if isinstance(asked, services.Outside):
            _say_words(space, asked)
        elif asked.kind == "text":
            st.markdown("**Asked: which images does this caption describe?**")
            st.text(services.item_name(space, "text", asked.index))
        else:
            picture, words = st.columns([1, 5], vertical_alignment="center")
            address = services.thumbnail(space.dataset, space.splits.test.image_paths[asked.index], size=240)
            if address:
                picture.image(address, width=130)
            with words if address else st.container():
                st.markdown("**Asked: which captions describe this image?**")
                st.text(services.item_name(space, "image", asked.index))


def _say_words(space: services.Workspace, asked: services.Outside) -> None:
    """What the encoder made of a typed caption: the words it read, and those it does not know."""
    found = services.encode_words(space.dataset, asked.name)
    st.markdown("**Asked in your own words: which images does this describe?**")
    st.text("The encoder reads: " + " · ".join(found.pieces))
    if found.unknown:
        st.caption(
            f"It does not know {plain(', '.join(dict.fromkeys(found.unknown)))} and leaves that out. It was "
            "trained on captions of coloured shapes only."
        )


def offer_examples() -> None:
    """Captions to begin with, while nothing is typed."""
    st.caption("Nothing is typed yet. Try one of these, in any register:")
    for place, example in zip(st.columns(len(TRY)), TRY, strict=True):
        if place.button(example, width="stretch", key=f"try-{example}"):
            state.set_words(example)
            st.rerun()


def _ask(wanted: state.Query) -> state.Query:
    state.set_query(wanted)
    st.rerun()
    return wanted
