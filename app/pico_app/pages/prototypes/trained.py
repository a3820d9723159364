"""The prototypes of a training, under those of the construction: how they went from epoch to epoch."""

import streamlit as st

from pico_app.answers.trained import TrainedView, trained_prototypes
from pico_app.figures.trajectories import sides, trajectories
from pico_app.pages.parts import figure
from pico_app.state import experiments, screen
from pico_app.words.markup import plain
from pico_core.common.errors import PicoError


def section() -> None:
    """Ask for the file of a training, and draw it."""
    with st.expander("In a training: the prototypes of every epoch", icon=":material/model_training:"):
        st.markdown(
            "In training, heads or the encoder move the columns, and P is built anew in every epoch. `pico-lens train` "
            "keeps what it built; its folder holds one file for every seed and weighting."
        )
        typed = st.text_input(
            "The file of a training on this machine",
            value=experiments.training_path(),
            placeholder="trainings/seed-0/pico.safetensors",
            max_chars=1000,
            key="prototypes-training",
        )
        experiments.training_path.set(typed.strip())
        if not experiments.training_path():
            return
        try:
            view = trained_prototypes(experiments.training_path())
        except PicoError as error:
            st.warning(plain(str(error)), icon=":material/folder_off:")
            return
        _draw(view)


def _draw(view: TrainedView) -> None:
    st.markdown(view.sentence)
    figure(
        trajectories(
            *sides(view.planes), view.probabilities.numpy(), selected=-1, epochs=view.epochs, theme=screen.theme()
        ),
        key="prototypes-trained",
    )
