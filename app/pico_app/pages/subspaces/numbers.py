"""What was measured: a small table under each map, and purity in both spaces with its controls."""

from typing import Literal

import streamlit as st

from pico_app.answers import maps
from pico_app.figures import purity as drawing
from pico_app.figures.purity import NumberRow, numbers_html
from pico_app.pages.parts import figure
from pico_app.pages.subspaces.maps import Shown
from pico_app.state import screen
from pico_app.words.captions import caption_of
from pico_app.workspace import Workspace
from pico_core.spaces.maps import MapTrust
from pico_core.spaces.purity import Purity, Separation

# What every number of the page is, in words; opened by a click on its name.
RANDOM = (
    "Random weights: the same probabilities on other columns, {draws}; in brackets the lowest and the highest draw."
)
GAP = (
    "Length of the difference between the mean image and the mean text, both of unit vectors: 0 no gap, 2 opposite. "
    "Interval: images resampled with their texts. " + RANDOM.format(draws="five permutations")
)
NO_TRUST = "Needs at least five items."


def render(space: Workspace, numbers: maps.SpaceNumbers) -> Separation:
    """Draw the section on purity and return what it found."""
    st.subheader("Purity: who are an item's neighbours?", anchor=False)
    roles = maps.label_roles(space)
    content, style = roles.content, roles.style
    if roles.every:
        left, right = st.columns(2)
        content = tuple(left.multiselect("Labels of content", roles.every, default=content, key="map-content"))
        style = tuple(right.multiselect("Labels of style", roles.every, default=style, key="map-style"))
    separation = maps.purities(space, numbers, content=content, style=style)
    figure(
        drawing.purity_figure([*separation.labels, separation.modality], theme=screen.theme()),
        key="purity",
        caption=caption_of("purity", neighbours=separation.modality.neighbours),
    )
    st.caption(
        f"Measured on the {space.splits.test.part} split, which nothing was fitted on. Neighbours are sought among "
        "items of the same modality; captions of the same image do not count as neighbours of each other. In the "
        "last row they are sought among all items."
    )
    return separation


def beside(space: Workspace, shown: Shown, numbers: maps.SpaceNumbers, separation: Separation) -> None:
    """Fill the places under the maps with the numbers of their spaces."""
    trust = numbers.pca_trust if shown.umap is None else maps.umap_trust(space, numbers, shown.umap)
    shown.semantic.html(numbers_html(_rows("semantic", numbers, separation, None if trust is None else trust.semantic)))
    shown.style.html(numbers_html(_rows("style", numbers, separation, None if trust is None else trust.style)))


def _rows(
    name: Literal["semantic", "style"], numbers: maps.SpaceNumbers, separation: Separation, trust: MapTrust | None
) -> list[NumberRow]:
    rows = []
    for purity in (*separation.labels, separation.modality):
        side = purity.semantic if name == "semantic" else purity.style
        called = "Purity of modality" if purity.role == "modality" else f"Purity of {purity.role}: {purity.label}"
        called += "" if purity.role == "modality" else f" of {purity.items}"
        rows.append(NumberRow(called, _about_purity(purity), side.purity, side.random))
    gap = numbers.gaps.semantic if name == "semantic" else numbers.gaps.style
    rows.append(NumberRow("Modality gap", GAP, gap.gap, gap.random))
    if trust is None:
        rows.append(NumberRow("Trustworthiness of the map", NO_TRUST, None, None, "too few items"))
    else:
        rows.append(NumberRow("Trustworthiness of the map", _about_trust(trust), trust.trust, trust.random))
    return rows


def _about_purity(purity: Purity) -> str:
    """What the purity of a label is, and on how many items it was measured."""
    whose = "items of both modalities" if purity.role == "modality" else purity.items
    measured = (
        f"all {purity.n_items:,}"
        if purity.n_measured == purity.n_items
        else f"{purity.n_measured:,} of {purity.n_items:,}"
    )
    return (
        f"Share of an item's {purity.neighbours} nearest neighbours that carry its label, in full dimensions, not on "
        f"the map; mean over {measured} {whose} with a label, {purity.n_values} values. Permuted labels would give "
        f"{purity.semantic.permuted.value:.3f}. Interval: images resampled. {RANDOM.format(draws='five permutations')}"
    )


def _about_trust(trust: MapTrust) -> str:
    """What trustworthiness is, and on how many items it was measured."""
    draws = "one permutation" if trust.draws == 1 else f"{trust.draws} permutations"
    control = RANDOM.format(draws=draws).split(";")[0] + ", mapped in the same way." if trust.draws else ""
    return (
        f"1 minus what strangers cost that the map brings near: for each of an item's {trust.neighbours} neighbours on "
        "the map, by how many ranks it is too far off in the space. 1: no strangers; about 0.5: points placed at "
        f"random. Measured on {trust.n_items:,} items; interval: images resampled. {control}"
    )
