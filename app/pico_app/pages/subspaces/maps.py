"""Both maps side by side, with one selection that both share."""

from dataclasses import dataclass
from typing import Any

import polars as pl
import streamlit as st

from pico_app.answers import colours as colours_answers
from pico_app.answers import maps
from pico_app.figures import spaces as draw
from pico_app.pages.parts import figure
from pico_app.pages.subspaces.choices import Choices
from pico_app.server.queue import visit
from pico_app.state import columns, screen
from pico_app.state import selections as selections_state
from pico_app.waiting import waiting
from pico_app.words import read_words
from pico_app.words.captions import Caption, caption_of
from pico_app.words.markup import plain
from pico_app.words.spaces import colouring_note, sample_sentence
from pico_app.workspace import Workspace
from pico_core.spaces.items import matched_pairs
from pico_core.spaces.maps import PlanePair, UmapPlanes

LINES = 300
MEANWHILE = "Until it is there, the maps show PCA."


@dataclass(frozen=True, eq=False)
class Shown:
    """What was drawn.

    Attributes:
        planes: The maps.
        umap: The maps with their control, where UMAP is shown.
        semantic: Place under the semantic map.
        style: Place under the style map.
    """

    planes: PlanePair
    umap: UmapPlanes | None
    semantic: Any
    style: Any


def render(
    space: Workspace, wanted: Choices, items: pl.DataFrame, rows: list[int], numbers: maps.SpaceNumbers | None
) -> Shown:
    """Draw both maps and follow what is selected in them."""
    umap = _umap(space, wanted) if wanted.method == "umap" else None
    planes = maps.pca_maps(space, wanted.reading) if umap is None else umap.planes
    column = columns.column(space.study.columns.height)
    colours = colours_answers.colouring(space, wanted.colour, numbers, column=column)
    if colours is None:
        st.caption("The change of neighbourhoods is still being counted; until then the modality is shown.")
        colours = colours_answers.colouring(space, "modality", numbers, column=column)
        assert colours is not None  # it waits for nothing
    legend, lines = st.columns([5, 1.3], vertical_alignment="center")
    legend.html(draw.legend_html(colours))
    joined = lines.toggle("Join matched pairs", key="map-lines", help="Of the selection, or of all where none is.")
    joins = matched_pairs(items, rows, limit=LINES) if joined else None
    selections = []
    for container, name, plane in zip(
        st.columns(2), ("semantic", "style"), (planes.semantic, planes.style), strict=True
    ):
        with container:
            st.markdown(f"**{name.capitalize()} space**")
            key = f"map-{name}-{plane.method}-{wanted.reading}"
            points = figure(
                draw.map_figure(
                    plane,
                    items,
                    colours,
                    space=name,
                    selected=rows,
                    joins=joins,
                    mouse=wanted.mouse,
                    theme=screen.theme(),
                ),
                key=key,
                caption=_caption(name, plane.method, aligned=plane.aligned),
                select=True,
                modes="many",
            )
            selections.append((key, draw.selected_items(points, items)))
    places = st.columns(2)  # a row of its own: captions of unequal length would shift the tables
    for note in (colouring_note(colours), sample_sentence(maps.map_sample(space), space.splits.test)):
        if note:
            st.caption(plain(note))
    if joins is not None and len(joins.pairs) < joins.total:
        st.caption(f"Lines join the first {len(joins.pairs):,} of {joins.total:,} matched pairs; select fewer items.")
    chosen = selections_state.newly_selected(selections)
    if chosen is not None and chosen != selections_state.selection():
        selections_state.selection.set(chosen)
        st.rerun()
    return Shown(planes, umap, places[0], places[1])


def _umap(space: Workspace, wanted: Choices) -> UmapPlanes | None:
    stored = maps.stored_maps(space, wanted.reading)
    if stored is not None:
        return stored
    laid_out = maps.umap_maps(space, wanted.reading)
    visit().follow("umap", laid_out.job)
    if laid_out.value is None:
        visit().follow("umap-control", None)
        waiting(laid_out, key="umap", meanwhile=MEANWHILE)
        return None
    control = maps.umap_control(space, wanted.reading) if maps.is_controlled(space) else None
    visit().follow("umap-control", None if control is None else control.job)
    if control is not None and control.value is None:
        waiting(control, key="umap-control", meanwhile="Only the control of the trustworthiness waits for it.")
    return UmapPlanes(laid_out.value, None if control is None else control.value)


def _caption(name: str, method: str, *, aligned: bool) -> Caption:
    what = "carry meaning" if name == "semantic" else "behave like style"
    begun = read_words("captions")[f"map-{method}"]["aligned"] if aligned else ""
    return caption_of(f"map-{method}", what=what, aligned=begun and f" {begun}")
