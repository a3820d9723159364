"""Do the two spaces separate content from style? The answer, two maps, and what was measured in the spaces."""

import streamlit as st

from pico_app.answers import maps as maps_answers
from pico_app.figures import spaces as drawn
from pico_app.pages.page import Page, workspace_or_say
from pico_app.pages.parts import prose, question
from pico_app.pages.subspaces import details, finding, gallery, maps, numbers
from pico_app.pages.subspaces.choices import choose
from pico_app.state import selections
from pico_app.waiting import waiting
from pico_app.words.spaces import separation_details, separation_sentence
from pico_app.workspace import Frame

TITLE = "Do the two spaces separate content from style?"


def render(frame: Frame) -> None:
    """Draw the page."""
    space = workspace_or_say(frame, TITLE)
    if space is None:
        return
    head, controls, tools, pictures = st.container(), st.container(), st.container(), st.container()
    with controls:
        wanted = choose(space)
    counted = maps_answers.space_numbers(space, wanted.reading)
    space_numbers = counted.value
    items = maps_answers.map_items(space)
    with tools:
        finding.render(space, items, None if space_numbers is None else space_numbers.change)
    rows = drawn.rows_of(items, selections.selection())
    with pictures:
        shown = maps.render(space, wanted, items, rows, space_numbers)
    gallery.render(space, items, rows, None if space_numbers is None else space_numbers.change)
    if space_numbers is None:
        with head:
            question(TITLE, "The neighbours in every space are being counted; the maps are there already.")
            waiting(counted, key="space-numbers")
        return
    measured = numbers.render(space, space_numbers)
    numbers.beside(space, shown, space_numbers, measured)
    with head:
        question(TITLE, separation_sentence(measured))
        prose(separation_details(measured))
    details.render(space, space_numbers)


PAGE = Page("subspaces", "Subspaces", ":material/scatter_plot:", render)
