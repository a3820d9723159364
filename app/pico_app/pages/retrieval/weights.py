"""The encoder that made an own dataset: which weights it needs before anything from outside can be encoded."""

import streamlit as st

from pico_app.answers import outside
from pico_app.state import queries
from pico_app.words.markup import plain
from pico_app.workspace import Dataset
from pico_core.common.errors import DataError


def ask(dataset: Dataset, encoder: outside.OutsideEncoder) -> None:
    """Say which weights are needed, and take the file that the reader names."""
    if encoder.needed is None:
        st.info(plain(encoder.why), icon=":material/key:")
        return
    mark = encoder.needed
    with st.expander("Give the weights of the encoder", expanded=True, icon=":material/key:"):
        st.markdown(plain(encoder.why))
        where = " It was downloaded by its tag: the file lies where the download was kept." * (
            mark.weights_from == "tag"
        )
        st.caption(
            f"Model {plain(mark.model)}, in {mark.precision}. The file is read on this machine and for this visit; "
            f"weights of another encoder are refused by their digest.{where}"
        )
        path = st.text_input(
            "File of the weights",
            placeholder="/home/me/weights.safetensors",
            help="A .safetensors, or a .pt with nothing but weights; a file that could run code is never opened.",
            key="weights-path",
            persist_state="session",
        ).strip()
        if st.button("Use these weights", type="primary", disabled=not path, key="weights-use"):
            try:
                queries.set_weights(outside.check_weights(dataset, path), path)
            except DataError as error:
                st.error(plain(error), icon=":material/block:")
                return
            st.rerun()
