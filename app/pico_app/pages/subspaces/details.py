"""How the spaces and the maps are made, and how much neighbourhoods change between them."""

import streamlit as st

from pico_app.answers import maps
from pico_app.pages.parts import led
from pico_app.words import PARAGRAPHS
from pico_app.workspace import Workspace


def render(space: Workspace, numbers: maps.SpaceNumbers) -> None:
    """Draw the folded part."""
    change = numbers.change
    sides = [
        f"of {name} {side.mean.value:.2f} [{side.mean.low:.2f}, {side.mean.high:.2f}], with random weights "
        f"{side.random.value:.2f} ({side.random.low:.2f} to {side.random.high:.2f})"
        for name, side in (("images", change.images), ("texts", change.texts))
    ]
    led(
        "Neighbourhood change:",
        f"the share of an item's {change.neighbours} neighbours that are others in the other space, on average: "
        f"{sides[0]}; {sides[1]}.",
    )
    with st.expander("How the spaces and the maps are made"):
        st.markdown(f"{PARAGRAPHS['spaces']}\n\n{PARAGRAPHS['maps']}")
