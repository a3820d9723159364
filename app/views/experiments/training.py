"""With the weighting in the loop: learning curves, and what training came to on the test split."""

import streamlit as st

from app import state
from app.figures import learning as draw
from app.services import experiments
from app.views.parts import figure, prose

MAKE = "pico-lens train shortcut --out my-trainings"


def render(results: experiments.Results) -> None:
    """Draw the instrument."""
    if not results.training:
        prose(
            "No training is recorded beside these results. The paper's claim comes from training with the weighting in "
            "the loop; this command trains alignment heads on frozen tokens with it, and with the controls."
        )
        st.code(MAKE, language="bash")
        return
    groups = results.training
    place = 0
    if len(groups) > 1:
        names = [group.dataset for group in groups]
        if len(set(names)) < len(names):
            names = [group.title for group in groups]
        place = st.selectbox(
            "Comparison",
            range(len(groups)),
            format_func=lambda one: names[one][:120],
            key="experiments-training",
        )
    group = groups[place]
    prose(group.sentence)
    if group.curves:
        figure(
            draw.learning_curves(group.curves, dark=state.dark()),
            key="experiments-curves",
            read="every line is one training: rSum on the feedback images after each epoch. The mark is its best "
            "epoch, which is tested.",
            beware="the best epoch was chosen on these very images, so its height flatters; the test split decides.",
            beside=True,
        )
    figure(
        draw.trained(group.rows, dark=state.dark()),
        key="experiments-trained",
        read="test rSum minus that of the training with equal weights, from the same start and batches.",
        beware="neither heads on frozen tokens nor a small encoder on scenes is the paper's training; and a lead over "
        "equal weights is PICO's own only where the controls lack it.",
    )
    st.html(draw.trained_html(group.rows))
    st.caption(f"{group.n_images:,} test images; intervals over seeds by Student's t, of one seed by its own images.")
