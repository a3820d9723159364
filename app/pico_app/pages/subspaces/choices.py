"""What the maps show: the way of mapping, the colour, and how columns are given to the two spaces."""

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from pico_app.answers import colours, maps
from pico_app.pages.parts import one_of
from pico_app.state import columns
from pico_app.workspace import Workspace
from pico_core.spaces.maps import Method
from pico_core.spaces.subspaces import Reading

Mouse = Literal["lasso", "pan"]
METHODS: dict[Method, str] = {"umap": "UMAP", "pca": "PCA"}
MICE: dict[Mouse, str] = {"lasso": "Lasso", "pan": "Click"}
READINGS: dict[Reading, str] = {
    "weighted": "all columns, by √p and √(1 − p)",
    "thirds": "top third against bottom third of p",
}


@dataclass(frozen=True)
class Choices:
    """What the reader wants to see.

    Attributes:
        method: How the maps are made.
        colour: A key of `colours.COLOURS`, or a label.
        reading: How columns are given to the spaces.
        mouse: What the mouse does on a map.
    """

    method: Method
    colour: str
    reading: Reading
    mouse: Mouse


def choose(space: Workspace) -> Choices:
    """Draw the controls and read them."""
    first, second, third, fourth = st.columns([1.4, 1.7, 2.5, 2.9], vertical_alignment="bottom")
    method = one_of("Map", METHODS, default="umap", key="map-method", container=first)
    mouse = one_of(
        "Mouse",
        MICE,
        default="lasso",
        key="map-mouse",
        container=second,
        help="Lasso: draw around points. Click: a click selects one point, dragging moves the map.",
    )
    roles = maps.label_roles(space)
    # Labels first: they are what the page asks about.
    names = [*roles.style, *(name for name in roles.every if name not in roles.style), *colours.COLOURS]
    colour: str = third.selectbox(
        "Colour by",
        names,
        format_func=lambda name: colours.colour_title(space, name, columns.column(space.study.columns.height)),
        key="map-colour",
        help="A label that only one modality has colours the matched items of the other too. "
        "The column is the one chosen on the Columns page.",
    )
    reading: Reading = fourth.selectbox(
        "Columns in the two spaces",
        list(READINGS),
        format_func=READINGS.__getitem__,
        key="map-reading",
        help="Weighted: every column is in both spaces, in shares. Thirds: no column is in both, the middle third in "
        "neither; a sharper question, and beyond the paper.",
    )
    return Choices(method, colour, reading, mouse)
