"""Every element of the Retrieval page on scenes, on planted data, and on photographs.

Screenshots of every stop lie where PICO_SCREENSHOTS says; without it nowhere.
"""

import os
import re
from pathlib import Path

import pytest

from tests.e2e.visit import Visit, at_rest, seen
from tests.marks import LONG

pytestmark = pytest.mark.browser
GRID = '[data-testid="stDataFrame"]'
LOOKS = (  # one look each: a walk takes long
    pytest.param("shortcut", False, id="shortcut-light"),
    pytest.param("planted", True, id="planted-dark"),
    pytest.param("flickr", False, id="flickr-light", marks=LONG),
)


def shot(visit, name):
    if folder := os.environ.get("PICO_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=str(Path(folder) / f"retrieval-{name}.png"))


def instrument(visit, name):
    visit.click(visit.main.get_by_role("radio", name=name, exact=True).or_(visit.button(name)).first, patience=60)


def said(visit):
    """The verdict of the open instrument."""
    return visit.main.locator(".answer").nth(1).inner_text().strip()


def open_photographs(visit, folder):
    """The reader's own pairs, opened by path and computed."""
    visit.open("retrieval")
    visit.click(visit.sidebar.get_by_test_id("stRadioGroup").get_by_text("My own"))
    path = visit.sidebar.get_by_role("textbox").first
    path.fill(str(folder / "flickr8k_test1k" / "pairs.npz"))
    path.press("Enter")
    visit.settle(patience=120)
    visit.page.get_by_role("button", name="Compute now").first.click()
    visit.main.locator(".rows").first.wait_for(timeout=300_000)
    visit.settle(patience=120)


@pytest.mark.parametrize(("dataset", "dark"), LOOKS)
def test_every_element_of_the_page(request, chromium, warm, dataset, dark):
    name = f"{dataset}-{'dark' if dark else 'light'}"
    with Visit(chromium, warm, dark=dark, width=1920 if dark else 1280) as visit:
        if dataset == "flickr":
            open_photographs(visit, request.getfixturevalue("real_data"))
        else:
            visit.open(f"retrieval?dataset={dataset}")

        # Two lists, the flow between them, the right answer always there.
        rows = visit.main.locator(".rows")
        assert rows.count() == 2
        assert [rows.nth(i).locator(".hit").count() > 0 for i in range(2)] == [True, True]
        assert visit.drawn_charts() >= 2
        assert "right answer" in visit.answer
        shot(visit, f"{name}-1-lists")

        # Why: bars that add up to what the lists print.
        printed = visit.chart(1).evaluate("c => c.querySelector('.js-plotly-plot')._fullData[0].text")
        parts = [round(1000 * float(text.replace("−", "-"))) for text in printed]
        assert sum(parts[:-1]) == parts[-1]
        shot(visit, f"{name}-2-why")

        # Patches and words: three panels, and a word under the pointer.
        instrument(visit, "Patches and words")
        at_rest(visit)
        maps = visit.main.locator(".word-maps")
        maps.wait_for(timeout=30_000)
        seen(maps)
        assert maps.locator(".frame").count() == 3
        maps.locator(".chip").last.hover()
        shot(visit, f"{name}-3-words")

        # Won and lost: a row asks its query.
        instrument(visit, "Won and lost")
        at_rest(visit)
        assert "points on" in said(visit)
        grid = visit.main.locator(GRID).first
        seen(grid)
        shot(visit, f"{name}-4-queries")
        place = grid.bounding_box()
        visit.page.mouse.click(place["x"] + 15, place["y"] + 35 + 22)
        visit.page.wait_for_url(re.compile(r"query=(text|image)-\d+"))
        visit.settle(patience=60)
        assert visit.answer.startswith("Rank ")

        # Where it helps: by label, or a sentence where there is none.
        instrument(visit, "Where it helps")
        at_rest(visit)
        words = visit.main.inner_text()
        assert ("Nothing can be grouped here" if dataset == "flickr" else "with an interval") in words
        shot(visit, f"{name}-5-labels")

        # All queries: every metric in both directions, curves, the report with its controls.
        instrument(visit, "All queries")
        at_rest(visit)
        metrics = visit.main.locator(".metrics")
        assert metrics.get_by_text("R@1", exact=True).count() == 2
        assert metrics.get_by_text("MRR", exact=True).count() == 1
        assert visit.drawn_charts() == 3
        shot(visit, f"{name}-6-all")
        visit.click(visit.main.get_by_text("The report of the study, with its controls"))
        assert visit.main.locator(".report").is_visible()

        if dataset == "flickr":
            _cancelled_and_started_again(visit)
        visit.assert_sound()


def _cancelled_and_started_again(visit):
    """The table follows the slider with progress, can be stopped, and stands on a sample until then."""
    slider = visit.sidebar.get_by_role("slider")
    slider.focus()
    for _ in range(10):  # in two seconds
        slider.press("ArrowLeft")
        visit.page.wait_for_timeout(200)
    cancel = visit.main.get_by_role("button", name="Cancel", exact=True)
    cancel.wait_for(timeout=20_000)
    cancel.click()
    visit.main.get_by_text("cancelled").wait_for(timeout=20_000)
    assert "estimated from" in said(visit)
    visit.click(visit.button("Start again"))
    at_rest(visit)
    strength = re.search(r"strength=([\d.]+)", visit.page.url)[1]
    assert f"“Weighted, λ = {strength}”" in said(visit)
    assert said(visit).endswith("on 400 test images.")
