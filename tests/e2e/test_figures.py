"""Every figure of every page is drawn, its axes say what they show, and no words lie on other words."""

import pytest

from tests.e2e.controls import figure_faults
from tests.e2e.visit import Visit
from tests.marks import LONG

PAGES = ("", "columns", "prototypes", "subspaces", "retrieval", "experiments")
SCREENS = {"light-1280": (False, 1280), "dark-1920": (True, 1920)}


@pytest.mark.parametrize("dataset", ["shortcut", pytest.param("planted", marks=LONG)])
@pytest.mark.parametrize("screen", SCREENS)
def test_figures_say_what_they_show_and_no_words_lie_on_others(chromium, server, dataset, screen):
    dark, width = SCREENS[screen]
    found = []
    with Visit(chromium, server, dark=dark, width=width) as visit:
        for page in PAGES:
            visit.open(f"{page}?dataset={dataset}", patience=90)
            found += figure_faults(visit)
        visit.assert_sound()
    assert not found, "\n".join(found)
