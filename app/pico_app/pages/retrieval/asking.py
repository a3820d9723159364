"""How a reader asks: with an item of the test split, or with words or a picture of his own."""

import secrets

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pico_app.answers import compare, outside, pictures, retrieval, side_ranks
from pico_app.choices.query import Query
from pico_app.pages.parts import one_of
from pico_app.pages.retrieval import weights
from pico_app.state import comparison, queries
from pico_app.words.markup import plain
from pico_app.workspace import Workspace

MANY = 5000  # beyond this a selectbox would send too much to the browser
KINDS = {"text": "Caption", "image": "Image", "words": "Your words", "picture": "Your picture"}
OWN = ("words", "picture")
INVITE = {
    "words": "Describe a scene, and see which images come first on either side.",
    "picture": "Drop a picture, and see which captions come first on either side.",
}
REFUSED = {"words": "These words cannot be looked up.", "picture": "This picture cannot be looked up."}
TRY = ("a red star above a blue ring", "four shapes in a grid", "softly a green heart dreams at the top")


def choose(space: Workspace) -> compare.Asked | None:
    """The item, the words or the picture that asks; None while there is none."""
    test = space.splits.test
    query = queries.query(test.n_images, test.n_texts)
    now = _kind(space) or query.kind
    # Keys carry the query, so that a query set elsewhere (a button, the address) shows in the widgets.
    own = outside.can_ask_outside(space.dataset)
    ways = {name: title for name, title in KINDS.items() if own or name not in OWN}
    wanted = one_of("Ask with", ways, default=now, key=f"ask-{now}", label_visibility="collapsed")
    rest = st.container()
    if wanted != now:
        _turn_to(wanted)
    if now not in OWN:
        return _item(space, query, rest)
    encoder = encoder_of(space)
    if encoder.encoder is None:
        weights.ask(space.dataset, encoder)
        return None
    return _typed(space, rest, queries.words() or "") if now == "words" else _dropped(space, rest)


def invitation(space: Workspace) -> str:
    """What to say while nothing asks."""
    if encoder_of(space).encoder is None:
        return "The encoder that made this dataset is needed first."
    return INVITE[_kind(space) or "words"]


def refusal(space: Workspace) -> str:
    """What to say where the query cannot be encoded."""
    return REFUSED[_kind(space) or "words"]


def _weights(space: Workspace) -> str | None:
    """The file of the encoder's weights that the reader has given."""
    mark = space.dataset.pairs.encoder
    return None if mark is None else queries.weights(mark.digest)


def encoder_of(space: Workspace) -> outside.OutsideEncoder:
    """What encodes words and pictures here; weights whose file was moved or replaced since are forgotten."""
    encoder = outside.outside_encoder(space.dataset, _weights(space))
    if encoder.needed is not None:
        queries.set_weights(encoder.needed.digest, None)
    return encoder


def _kind(space: Workspace) -> str | None:
    """Whether words or a picture of the reader's own ask; None where an item does."""
    if not outside.can_ask_outside(space.dataset):
        return None
    return "picture" if queries.picturing() else None if queries.words() is None else "words"


def _turn_to(kind: str) -> None:
    """Ask in another way, and draw the page anew."""
    if kind == "words":
        queries.set_words("")
    elif kind == "picture":
        queries.ask_with_picture()
    else:
        queries.set_query(Query("image" if kind == "image" else "text", 0))
    st.rerun()


def _item(space: Workspace, query: Query, container: DeltaGenerator) -> Query:
    """The item, chosen by name, by chance, or by how far the weights moved it."""
    test = space.splits.test
    item, chance, gain, loss = container.columns([5.6, 1.3, 1.4, 1.4], vertical_alignment="bottom")
    total = test.n_texts if query.kind == "text" else test.n_images
    key = f"query-{query.kind}-{query.index}"
    if total <= MANY:
        names = retrieval.query_names(space, query.kind)
        index = item.selectbox(
            f"Query, {total:,} to search", range(total), index=query.index, format_func=names.__getitem__, key=key
        )
    else:
        index = int(
            item.number_input(f"Query (0 to {total - 1:,} of the test split)", 0, total - 1, query.index, key=key)
        )
    if index != query.index:
        return _ask(Query(query.kind, int(index)))
    if chance.button("Random", width="stretch"):
        return _ask(Query(query.kind, secrets.randbelow(total)))
    for button, name, gains in ((gain, "Next gain", True), (loss, "Next loss", False)):
        moved = side_ranks.moved(space, comparison.sides(), query.kind, gains=gains)
        tip = (
            "Walks through the queries of the test split that moved most between the two sides; while those are not "
            "ranked yet, through those that the weights of the study (without the guard) moved most."
        )
        if button.button(name, width="stretch", disabled=not moved, help=tip):
            after = moved.index(query.index) + 1 if query.index in moved else 0
            return _ask(Query(query.kind, moved[after % len(moved)]))
    return query


def _typed(space: Workspace, container: DeltaGenerator, words: str) -> compare.Outside | None:
    """The box to type in; its key carries the words, so that a link or an example shows in it."""
    typed = container.text_input(
        "Describe a scene in your own words",
        value=words,
        max_chars=queries.MAX_WORDS,
        placeholder=TRY[0] if encoder_of(space).scenes_only else "two dogs on a beach",
        key=f"typed-{words}",
    ).strip()
    if typed != words:
        queries.set_words(typed)
        st.rerun()
    if not typed:
        return None
    read = outside.encode_words(space.dataset, typed, weights=_weights(space))
    return compare.Outside("text", read.key, typed, read.tokens, pieces=read.pieces)


def _dropped(space: Workspace, container: DeltaGenerator) -> compare.Outside | None:
    """The place to drop a picture on. It stays the query when the reader comes back from another page."""
    key = "dropped-picture"
    container.file_uploader(
        "Drop a picture; it stays on this machine",
        type=list(outside.PICTURE_FILES),
        max_upload_size=outside.MAX_PICTURE_MIB,
        key=key,
        on_change=queries.take_dropped,
        args=(key,),
    )
    held = queries.dropped()
    if held is None:
        return None
    seen = outside.encode_picture(space.dataset, held.name, held.data, weights=_weights(space))
    return compare.Outside("image", seen.key, seen.name, seen.tokens, picture=seen.thumbnail)


def say_query(space: Workspace, query: compare.Asked) -> None:
    """What asks, set apart."""
    with st.container(border=True):
        if isinstance(query, compare.Outside):
            _say_words(space, query) if query.kind == "text" else _say_picture(space, query)
        elif query.kind == "text":
            st.markdown("**Asked: which images does this caption describe?**")
            st.text(retrieval.item_name(space, "text", query.index))
        else:
            picture, words = st.columns([1, 5], vertical_alignment="center")
            address = pictures.thumbnail(space.dataset, space.splits.test.image_paths[query.index], size=240)
            if address:
                picture.image(address, width=130, alt="The image that asks.")
            with words if address else st.container():
                st.markdown("**Asked: which captions describe this image?**")
                st.text(retrieval.item_name(space, "image", query.index))


def _say_words(space: Workspace, query: compare.Outside) -> None:
    """What the encoder made of a typed caption: the words it read, and those it does not know."""
    words = outside.encode_words(space.dataset, query.name, weights=_weights(space))
    st.markdown("**Asked in your own words: which images does this describe?**")
    st.text("The encoder reads: " + " · ".join(words.pieces))
    if words.unknown:
        why = " It was trained on captions of coloured shapes only." if encoder_of(space).scenes_only else ""
        st.caption(f"It does not know {plain(', '.join(dict.fromkeys(words.unknown)))} and leaves that out.{why}")
    if words.truncated:
        st.caption("The caption is longer than the encoder reads; the rest is left out.")


def _say_picture(space: Workspace, query: compare.Outside) -> None:
    """The picture as it is, and what the encoder made of it."""
    held = queries.dropped()
    if held is None:
        return
    encoded = outside.encode_picture(space.dataset, held.name, held.data, weights=_weights(space))
    picture, words = st.columns([1, 5], vertical_alignment="center")
    picture.image(encoded.thumbnail, width=130, alt="Your picture, as the encoder gets it.")
    with words:
        st.markdown("**Asked with your picture: which captions describe it?**")
        st.text(encoded.name)
        if encoder_of(space).scenes_only:
            st.caption("The encoder has seen nothing but rendered scenes of simple shapes; of a photo it sees little.")


def offer_examples(space: Workspace) -> None:
    """Captions to begin with, while nothing is typed; scenes are all that the small encoder knows."""
    if _kind(space) != "words" or not encoder_of(space).scenes_only:
        return
    st.caption("Nothing is typed yet. Try one of these, in any register:")
    for container, example in zip(st.columns(len(TRY)), TRY, strict=True):
        if container.button(example, width="stretch", key=f"try-{example}"):
            queries.set_words(example)
            st.rerun()


def _ask(wanted: Query) -> Query:
    queries.set_query(wanted)
    st.rerun()
    return wanted
