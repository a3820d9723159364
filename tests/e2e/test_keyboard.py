"""Whoever has no mouse: Tab comes to every control of every page and leaves it, in sight and by name; keys work it."""

import re

import pytest

from tests.e2e.keys import Keys
from tests.e2e.visit import Visit, at_rest
from tests.marks import LONG
from tests.screen import SUBSPACES

pytestmark = pytest.mark.browser
# One place of each kind: fields, tables and uploaders; a component of its own; buttons and sliders inside figures.
SHORT = ("data", "retrieval?show=words", "method?preset=clear")
REST = (
    "", "method", "columns", "columns?part=sure", "columns?part=switch", "columns?part=detectors", "columns?part=probe",
    "columns?part=table", "prototypes", "subspaces", "retrieval", "retrieval?show=queries", "retrieval?show=labels",
    "retrieval?show=all", "retrieval?words=a+red+star", "experiments", "experiments?part=settings",
    "experiments?part=feedback", "experiments?part=seeds", "experiments?part=training", "experiments?part=cost",
    "experiments?part=table", "?tour=1",
)  # fmt: skip


def walked(visit):
    """The complaints of a walk in the light, in the dark, and backwards."""
    keys = Keys(visit)
    there = keys.walk()
    visit.page.emulate_media(color_scheme="dark")
    at_rest(visit)
    back = keys.walk(key="Shift+Tab")
    assert len(there.stops) > 20
    assert [stop.number for stop in back.controls] == [stop.number for stop in reversed(there.controls)]
    return [*there.complaints, *(f"in the dark, backwards: {line}" for line in back.complaints)]


WALKS = [
    *(pytest.param(page, "shortcut", 1280) for page in SHORT),
    *(pytest.param(page, "shortcut", 1280, marks=LONG) for page in REST),
    *(pytest.param(page, "planted", 1920, marks=LONG) for page in (*SHORT, *REST)),
]


@pytest.mark.parametrize(("address", "dataset", "width"), WALKS)
def test_tab_reaches_names_shows_and_leaves_everything(chromium, warm, address, dataset, width):
    with Visit(chromium, warm, width=width) as visit:
        visit.open(f"{address}{'&' if '?' in address else '?'}dataset={dataset}", patience=120)
        at_rest(visit)
        visit.drawn_charts()
        assert walked(visit) == []
        visit.assert_sound()


def test_every_kind_of_control_answers_its_keys(visit):
    visit.open("prototypes")
    press = visit.page.keyboard.press

    def pressed(*keys):
        for key in keys:
            press(key)
        visit.settle()
        visit.assert_sound()

    # A link of the menu, by Enter; then the rest of this page's controls.
    visit.sidebar.get_by_role("link", name=re.compile("Subspaces$")).focus()
    pressed("Enter")
    assert visit.title == SUBSPACES
    # A switch, by Space.
    joined = visit.main.get_by_role("switch", name="Join matched pairs")
    before = joined.is_checked()
    joined.focus()
    pressed(" ")
    assert joined.is_checked() != before
    # Choices in a row, by arrow and Space.
    method = visit.main.get_by_role("radio", name="UMAP")
    method.focus()
    pressed("ArrowRight", " ")
    assert visit.main.get_by_role("radio", name="PCA").is_checked()
    # A folded part, by Enter, and again.
    settings = visit.sidebar.locator("summary", has_text="Settings")
    settings.focus()
    pressed("Enter")
    seed = visit.sidebar.get_by_role("spinbutton", name="Seed")
    assert seed.is_visible()
    # A number, by arrow.
    seed.focus()
    pressed("ArrowUp", "Enter")
    assert seed.input_value() == "1"
    pressed("ArrowDown", "Enter")
    assert seed.input_value() == "0"
    # A slider, by arrow.
    strength = visit.sidebar.get_by_role("slider")
    strength.focus()
    pressed("ArrowLeft")
    assert "strength=0.95" in visit.page.url
    # A list, by arrows and Enter; Escape leaves it as it was.
    axes = visit.sidebar.get_by_role("combobox", name="Axes in which columns are read")
    axes.focus()
    pressed("ArrowDown", "ArrowDown", "Escape")
    assert "basis=" not in visit.page.url
    pressed("ArrowDown", "ArrowDown", "Enter")
    assert re.search("basis=(cross|pca)", visit.page.url)  # where the list was left counts
    # Datasets, by arrow.
    visit.sidebar.get_by_role("radio", name="Styled scenes: shortcut").focus()
    pressed("ArrowDown")
    assert "dataset=clean" in visit.page.url


def test_a_table_is_entered_and_left_by_keys(visit):
    visit.open("columns?part=table&dataset=planted")
    visit.main.locator('[data-testid="stDataFrame"]').wait_for()
    table = visit.main.locator("canvas[data-testid=data-grid-canvas]").first
    table.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight"):
        visit.page.keyboard.press(key)
    visit.page.keyboard.press("Escape")
    for _ in range(3):  # the table, and the box in which it is scrolled
        visit.page.keyboard.press("Tab")
    assert not table.evaluate("t => t.closest('[data-testid=stDataFrame]').contains(document.activeElement)")
    visit.assert_sound()
