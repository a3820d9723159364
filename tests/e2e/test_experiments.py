"""The Experiments page in a real browser, on a table of known numbers."""

import re

import polars as pl
import pytest

from tests.grids import HELPS, HURTS, grid, trainings
from tests.screen import PLACE_OF_RESULTS

pytestmark = pytest.mark.browser
INSTRUMENTS = {
    "Against the method": 2,
    "One choice at a time": 2,
    "Feedback": 3,
    "Seeds": 2,
    "In training": 1,
    "Cost": 2,
    "Table": 1,
}


def opened(visit, place):
    """The page with the results of a table that lies at a path."""
    trainings(place)
    pl.concat([grid(HELPS), grid(HURTS, dataset="other")]).write_parquet(place / "results.parquet")
    visit.open("experiments?results=file")
    box = visit.main.get_by_role("textbox", name=PLACE_OF_RESULTS)
    box.fill(str(place / "results.parquet"))
    box.press("Enter")
    visit.main.get_by_text("On “toy” the weights help").wait_for()
    visit.settle()


def test_every_instrument_of_an_experiment_opens_and_draws(visit, tmp_path):
    opened(visit, tmp_path)
    for name, figures in INSTRUMENTS.items():
        visit.click(visit.main.get_by_role("radio", name=name).or_(visit.button(name)).first)
        assert visit.drawn_charts() == figures, name
    assert "part=table" in visit.page.url
    assert str(tmp_path) not in visit.page.url
    saved = visit.saved(visit.main.get_by_role("button", name=re.compile("Cells, parquet")), tmp_path)
    assert pl.read_parquet(saved).height == 3 * (len(HELPS) + len(HURTS))


def test_a_click_on_a_row_tells_it_and_lays_it_beside_the_method(visit, tmp_path):
    opened(visit, tmp_path)
    visit.click(visit.main.get_by_role("radio", name="Seeds").or_(visit.button("Seeds")).first)
    names = visit.chart(0).evaluate(
        "c => c.querySelector('.js-plotly-plot')._fullData.find(t => t.type === 'bar').customdata.map(r => r[0])"
    )
    box = visit.chart(0).locator(".bars .point path").nth(names.index("p_hat")).bounding_box()
    visit.page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    visit.main.get_by_text("PICO is ahead of").filter(has_text="in 3 of 3 splits").wait_for()
    visit.settle()
    assert visit.main.get_by_text("sign agreement alone, without prototypes", exact=False).count() == 1
    visit.assert_sound()
