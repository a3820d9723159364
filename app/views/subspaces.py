"""Do the two spaces separate content from style?"""

from html import escape

import streamlit as st

from app import services, state
from app.figures import subspaces as draw
from app.markup import plain
from app.views.empty import workspace_or_say
from app.views.parts import figure, question
from pico_core.analysis.labels import guess_label
from pico_core.analysis.purity import Separation
from pico_core.analysis.subspaces import PlanePair, Reading

TITLE = "Do the two spaces separate content from style?"
NONE = "none"
SHOWN = 24
READINGS: dict[Reading, str] = {
    "weighted": "all columns, by √p and √(1 − p)",
    "thirds": "top third against bottom third of p",
}


def render() -> None:
    """Draw the page."""
    space = workspace_or_say(TITLE)
    if space is None:
        return
    head, maps, numbers = st.container(), st.container(), st.container()
    labels = services.map_labels(space)
    with maps:
        reading = _maps(space, labels)
    with numbers:
        found = _numbers(space, labels, reading)
    with head:
        question(TITLE, found.sentence)
        st.markdown(plain(found.details))
    _details()


def _maps(space: services.Workspace, labels: list[str]) -> Reading:
    method, colour, spaces = st.columns([2, 2, 3], vertical_alignment="bottom")
    wanted = method.segmented_control("Map", ("UMAP", "PCA"), default="UMAP", required=True, key="map-method")
    colours = ["modality", *labels]
    first = guess_label(labels, role="style") or "modality"
    label = colour.selectbox("Colour", colours, index=colours.index(first), key="map-colour")
    reading: Reading = spaces.selectbox(
        "Columns in the two spaces",
        list(READINGS),
        format_func=READINGS.__getitem__,
        key="map-reading",
        help="Weighted: every column is in both spaces, in shares. Thirds: no column is in both, the middle third in "
        "neither; a sharper question, and beyond the paper.",
    )
    planes = services.pca_maps(space, reading)
    if wanted == "UMAP":
        planes = _umap(space, reading, planes)
    items = services.map_items(space, None if label == "modality" else label)
    selection = state.selection()
    rows = draw.rows_of(items, selection)
    sample = services.map_sample(space)
    st.html(draw.legend_html(draw.groups_of(items)))
    event: list[object] = []
    for place, name, plane in zip(st.columns(2), ("semantic", "style"), (planes.semantic, planes.style), strict=True):
        with place:
            st.markdown(f"**{name.capitalize()} space**")
            event += figure(
                draw.map_figure(plane, items, space=name, selected=rows, dark=state.dark()),
                key=f"map-{name}-{plane.method}",
                read=_read(name, plane.method),
                beware=_beware(plane.method),
                select=True,
                modes="many",
            )
    if sample.sentence:
        st.caption(sample.sentence)
    chosen = draw.selected_items(event)
    if chosen and chosen != selection:
        state.set_selection(chosen)
        st.rerun()
    _selected(space, rows, items)
    return reading


def _umap(space: services.Workspace, reading: Reading, meanwhile: PlanePair) -> PlanePair:
    future = services.umap_maps(space, reading)
    if not future.done():
        _wait(space, reading)
        return meanwhile
    if future.exception() is not None:
        st.warning("UMAP could not map these items, so PCA is shown. Details are in the server's log.")
        return meanwhile
    return future.result()


@st.fragment(run_every=1.0)
def _wait(space: services.Workspace, reading: Reading) -> None:
    if services.umap_maps(space, reading).done():
        st.rerun()
    st.info(
        "UMAP is on its way (the first one compiles for about 20 seconds). Until then this is PCA.",
        icon=":material/hourglass_top:",
    )


def _selected(space: services.Workspace, rows: list[int], items: object) -> None:
    with st.container(border=True):
        if not rows:
            st.caption(
                "Nothing is selected. Draw around points in either map, or click one: the same items are then ringed "
                "in both maps and listed here."
            )
            return
        selection = state.selection()
        images = [index for kind, index in selection if kind == "image"]
        texts = [index for kind, index in selection if kind == "text"]
        title, clear = st.columns([5, 1], vertical_alignment="center")
        title.markdown(f"**Selected: {len(images):,} images and {len(texts):,} texts**")
        if clear.button("Clear selection", width="stretch"):
            state.set_selection(())
            st.rerun()
        st.html(_cards(space, images, texts))
        if len(images) > SHOWN or len(texts) > SHOWN:
            st.caption(f"The first {SHOWN} of each are listed.")


def _cards(space: services.Workspace, images: list[int], texts: list[int]) -> str:
    test, names = space.splits.test, services.image_names(space)
    cards = []
    for index in images[:SHOWN]:
        address = services.thumbnail(space.dataset, test.image_paths[index], size=160)
        picture = f"<img src='{address}' alt=''>" if address else ""
        cards.append(f"<figure class='im'>{picture}<figcaption>{escape(names[index])}</figcaption></figure>")
    for index in texts[:SHOWN]:
        caption = test.captions[index] or f"text {index}, no caption"
        cards.append(f"<figure class='tx'><figcaption>{escape(caption)}</figcaption></figure>")
    return f"<style>{CARD_STYLE}</style><div class='cards'>{''.join(cards)}</div>"


CARD_STYLE = (
    ".cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(170px,1fr));gap:.5rem;max-height:340px;"
    "overflow-y:auto}.cards figure{margin:0;padding:.4rem .6rem;border-radius:.4rem;font-size:.85rem;line-height:1.35;"
    "background:rgba(128,128,128,.08)}.cards .im{border-left:4px solid #009E73}.cards .tx{border-left:4px solid "
    "#CC79A7}.cards img{width:100%;border-radius:.25rem;margin-bottom:.25rem}"
)


def _numbers(space: services.Workspace, labels: list[str], reading: Reading) -> Separation:
    st.subheader("Purity: who are an item's neighbours?")
    content, style = guess_label(labels, role="content"), guess_label(labels, role="style")
    if labels:
        options = [NONE, *labels]
        one, two, _ = st.columns([2, 2, 3])
        content = one.selectbox("Label of content", options, index=options.index(content or NONE), key="map-content")
        style = two.selectbox("Label of style", options, index=options.index(style or NONE), key="map-style")
    found = services.purities(
        space,
        content=None if content == NONE else content,
        style=None if style == NONE else style,
        reading=reading,
    )
    figure(
        draw.purity_figure([*found.labels, found.modality], dark=state.dark()),
        key="purity",
        read=f"how many of an item's {found.modality.neighbours} nearest neighbours carry its label, with a 95 % "
        "interval resampled by image. Blue right of vermillion: the label gathers more in the semantic space. The grey "
        "band is the same with the labels permuted.",
        beware="a label can be pure in both spaces: then neither has lost it. Values near 1 leave no room for a "
        "difference, and a label that is rare has a low purity everywhere.",
    )
    st.caption(
        f"Measured on the {space.splits.test.part} split, which nothing was fitted on. Neighbours are sought among "
        "items of the same modality; captions of the same image do not count as neighbours of each other. In the "
        "last row they are sought among all items."
    )
    return found


def _details() -> None:
    with st.expander("How the spaces are made"):
        st.markdown(
            "Every item is the mean of its tokens. In the **semantic space** column d is multiplied by √p_d, in the "
            "**style space** by √(1 − p_d), with p the semantic probabilities of the study; then every item is "
            "scaled to length 1. The square root makes a dot product of two items the weighted sum Σ p_d v_d t_d. "
            "Reading p and 1 − p as two spaces is a **reconstruction**, and so is *top third against bottom third*.\n\n"
            "PCA is fitted on images and texts together. UMAP starts from 50 principal axes, with 15 neighbours, a "
            "fixed seed and one thread, so that it comes out the same again."
        )


def _read(name: str, method: str) -> str:
    what = "carry meaning" if name == "semantic" else "behave like style"
    if method == "pca":
        return f"near points agree in the columns that {what}, along the two directions of largest variance."
    return f"points that touch are neighbours in the columns that {what}."


def _beware(method: str) -> str:
    if method == "pca":
        return "two directions hide all others; the axis titles say how much they show."
    return (
        "distances between groups, their sizes and their places mean nothing; purity below is measured without a map."
    )
