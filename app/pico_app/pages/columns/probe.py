"""Does style move the columns that the method calls style? A check that does not come from the method."""

import polars as pl
import streamlit as st

from pico_app.answers import probe as asking
from pico_app.figures import probe as draw
from pico_app.pages.columns.instrument import ColumnInstrument, picked_column
from pico_app.pages.data.encode.encoders import choose_means
from pico_app.pages.instrument import Instrument
from pico_app.pages.parts import figure, one_of, prose
from pico_app.state import screen
from pico_app.waiting import waiting
from pico_app.words import PARAGRAPHS
from pico_app.words.captions import caption_of
from pico_app.words.markup import plain
from pico_app.workspace import Workspace
from pico_core.columns.probe import ALL, FIXED, StyleProbe

KINDS = {"encoder": "Encoded again", "fixed": "Encoded again, at fixed style label", "labels": "By style labels alone"}


def render(space: Workspace, frame: pl.DataFrame, selected: int) -> int | None:
    """Draw the instrument; the column that was clicked in it."""
    encoded = asking.by_encoder(space)
    labelled = asking.by_labels(space)
    if encoded is None:
        prose(PARAGRAPHS["style-probe"])
        _ask(space, labelled is not None)
        return None if labelled is None else _show(space, labelled, selected, ALL)
    kind = _kind(fixed=encoded.has_fixed, labels=labelled is not None)
    if kind == "labels" and labelled is not None:
        return _show(space, labelled, selected, ALL)
    return _show(space, encoded, selected, FIXED if kind == "fixed" else ALL)


def _kind(*, fixed: bool, labels: bool) -> str:
    here = {"encoder": True, "fixed": fixed, "labels": labels}
    kinds = {kind: title for kind, title in KINDS.items() if here[kind]}
    if len(kinds) == 1:
        return "encoder"
    return one_of(
        "Where the shares come from", kinds, default="encoder", key="probe-kind", label_visibility="collapsed"
    )


def _ask(space: Workspace, labelled: bool) -> None:
    """The way to a probe with an encoder, or why there is none."""
    answer = asking.requested_variants(space)
    until = "Until then, the style labels speak." if labelled else ""
    if answer is not None and answer.job is not None and answer.job.running:
        waiting(answer, key="probe", meanwhile=until)
        return
    offered = asking.sources(space)
    if space.dataset.demo is not None and offered.own_encoder is None:
        st.info("No encoder made these vectors, so nothing can be encoded again: here the style labels speak.")
        return
    if not (offered.pictures or offered.captions):
        instead = (
            "Its style labels say what goes together."
            if labelled
            else "Encode your pictures on the Data page, or add a label column called style."
        )
        st.info(f"This dataset holds neither pictures nor captions that could be changed. {instead}")
        return
    if answer is not None:
        waiting(answer, key="probe", meanwhile=until)
    if offered.own_encoder is not None:
        if st.button("Run the style probe", type="primary", icon=":material/science:", key="probe-start"):
            asking.start(space, offered.own_encoder)
            st.rerun()
        return
    with st.expander("Run it with the encoder that made this dataset", expanded=not labelled):
        without = "" if offered.pictures else " It names no pictures, so only its captions can be changed."
        st.markdown(f"Up to 100 images of the fit split with one caption each, in ten styles.{without}")
        means = choose_means()
        pressed = st.button(
            "Run the style probe",
            type="primary",
            icon=":material/science:",
            disabled=means is None,
            key="probe-start",
            help="The unchanged items are encoded first: another encoder than the dataset's own is refused.",
        )
        if pressed and means is not None:
            asking.start(space, means.encoder, batch_size=means.batch_size)
            st.rerun()


def _show(space: Workspace, probe: StyleProbe, selected: int, which: str) -> int | None:
    agreement = asking.agreement(space, probe, which=which)
    prose(agreement.sentence)
    prose(probe.sentence_of(which))
    table = space.study.columns
    key = f"columns-probe-{probe.source}-{which}"
    again = probe.source == "encoder"
    clicked = picked_column(
        draw.against_probability(probe, table, agreement, selected=selected, theme=screen.theme()),
        key=key,
        caption=caption_of("probe-labels" if not again else "probe-fixed" if which == FIXED else "probe"),
    )
    name = table["title"][selected]
    st.markdown(f"**What moves {name}**" if again else f"**Labels that go with {name}**")
    figure(
        draw.drivers(probe, selected, theme=screen.theme()),
        key=f"{key}-drivers",
        caption=caption_of("probe-drivers" if again else "probe-label-drivers"),
    )
    _details(space, probe, which)
    return clicked


def _details(space: Workspace, probe: StyleProbe, which: str) -> None:
    with st.expander("Which detectors does it confirm, and what was left out?"):
        st.markdown(
            "Rank correlation of every detector, read as a sign of style, with the share that style explains, and its "
            "95 % interval. Many intervals at once: one of twenty misses by chance."
        )
        st.dataframe(asking.confirmed(space, probe, which=which), hide_index=True)
        for note in probe.notes:
            st.markdown(f"- {plain(note)}")
        if probe.source == "encoder":
            st.caption(f"Encoder: {plain(probe.encoder)}. Items: {plain(probe.part)}.")


INSTRUMENT: ColumnInstrument = Instrument(
    name="probe",
    title="Style probe",
    question="Does style move the columns that are called style?",
    about="The style of pictures and captions is changed, they are encoded again, and what moves is measured. Where "
    "that cannot be done, labels of style speak.",
    render=render,
)
