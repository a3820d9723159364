"""How the spaces and the maps are made, and how much neighbourhoods change between them."""

import streamlit as st

from pico_app.answers import maps
from pico_app.pages.parts import led
from pico_app.workspace import Workspace


def render(space: Workspace, numbers: maps.SpaceNumbers) -> None:
    """Draw the folded part."""
    change = numbers.change
    told = [
        f"of {name} {side.mean.value:.2f} [{side.mean.low:.2f}, {side.mean.high:.2f}], with random weights "
        f"{side.random.value:.2f} ({side.random.low:.2f} to {side.random.high:.2f})"
        for name, side in (("images", change.images), ("texts", change.texts))
    ]
    led(
        "Neighbourhood change:",
        f"the share of an item's {change.neighbours} neighbours that are others in the other space, on average: "
        f"{told[0]}; {told[1]}.",
    )
    with st.expander("How the spaces and the maps are made"):
        st.markdown(
            "Every item is the mean of its tokens. In the **semantic space** column d is multiplied by √p_d, in the "
            "**style space** by √(1 − p_d), with p the semantic probabilities of the study; then every item is "
            "scaled to length 1. The square root makes a dot product of two items the weighted sum Σ p_d v_d t_d. "
            "Reading p and 1 − p as two spaces is a **reconstruction**, and so is *top third against bottom third*.\n\n"
            "**PCA** is fitted on images and texts together. The style map is then turned and mirrored, not stretched, "
            "onto the semantic map (orthogonal Procrustes), so that a point that stays in its place has not moved. "
            "**UMAP** starts from 50 principal axes, with 15 neighbours, a fixed seed and one thread, so that it comes "
            "out the same again; the layout of the style space begins where that of the semantic space has ended."
        )
