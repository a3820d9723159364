"""Every plain control of every page, on every built-in dataset; every page in every look."""

import pytest

from tests.e2e.controls import fits, use_every_control
from tests.e2e.visit import Visit, at_rest
from tests.marks import LONG

pytestmark = pytest.mark.browser
PAGES = ("", "method", "columns", "prototypes", "subspaces", "retrieval", "experiments", "data")
LOOKS = {"shortcut": (False, 1280), "clean": (True, 1920), "planted": (True, 1280)}  # dark, width
# One dataset a page; tests of their own use the controls of the others every time.
SHORT = {"": "clean", "columns": "planted", "retrieval": "planted", "experiments": "clean", "data": "clean"}
CASES = [
    pytest.param(page, dataset, marks=() if SHORT.get(page) == dataset else LONG, id=f"{page or 'overview'}-{dataset}")
    for page in PAGES
    for dataset in LOOKS
]


@pytest.mark.parametrize(("page", "dataset"), CASES)
def test_every_plain_control_of_a_page_can_be_used(chromium, warm, page, dataset):
    dark, width = LOOKS[dataset]
    with Visit(chromium, warm, dark=dark, width=width) as visit:
        visit.open(f"{page}?dataset={dataset}", patience=60)
        use_every_control(visit)
        visit.assert_sound()


@LONG
@pytest.mark.parametrize("width", [1280, 1920])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("dataset", LOOKS)
def test_every_page_fits_in_every_look(chromium, warm, dataset, dark, width):
    with Visit(chromium, warm, dark=dark, width=width) as visit:
        for page in PAGES:
            visit.open(f"{page}?dataset={dataset}", patience=120)
            at_rest(visit)
            visit.drawn_charts()
            fits(visit)
            visit.assert_sound()
