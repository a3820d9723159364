"""A newcomer's walk: which ten columns carry most style, which style, how sure are we, and what without them?

Screenshots of every stop lie where PICO_SCREENSHOTS says; without it nowhere.
"""

import os
import re
import time
from pathlib import Path

import pytest

from tests.e2e.visit import seen
from tests.marks import LONG
from tests.screen import STEADY_TEN

pytestmark = pytest.mark.browser
TWO_MINUTES = 120


def shot(visit, name):
    if folder := os.environ.get("PICO_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        visit.page.screenshot(path=str(Path(folder) / f"walk-{name}.png"))


def instrument(visit, name):
    visit.click(visit.main.get_by_role("radio", name=name).or_(visit.button(name)).first)


def bars(visit, title):
    """Columns and heights of the figure under a heading, as they are drawn."""
    chart = visit.main.locator('[data-testid="stColumn"]', has=visit.page.get_by_role("heading", name=title))
    chart = chart.locator('[data-testid="stPlotlyChart"]').first
    seen(chart)
    drawn = chart.evaluate(
        "c => { const t = c.querySelector('.js-plotly-plot')._fullData[0]; "
        "return {columns: t.customdata.map(r => Number(r[0])), heights: Array.from(t.y)}; }"
    )
    return chart, drawn


@pytest.mark.parametrize("dataset", ["shortcut", pytest.param("planted", marks=LONG)])
def test_which_ten_which_style_how_sure_and_what_without_them(visit, dataset):
    visit.open(f"columns?dataset={dataset}&basis=cross")
    began = time.monotonic()
    assert "lowest semantic probability" in visit.answer
    assert re.search(r"(none|\d+|all) .*when other images are drawn", visit.answer)
    shot(visit, f"{dataset}-1-answer")

    # Which ten, and how sure are we?
    instrument(visit, "How sure")
    chart, drawn = bars(visit, STEADY_TEN)
    assert drawn["heights"] == sorted(drawn["heights"], reverse=True)
    assert all(0 <= height <= 1 for height in drawn["heights"])
    assert "Other starts give" in visit.main.inner_text()
    shot(visit, f"{dataset}-2-how-sure")

    # Which style? Look at the surest of them.
    box = chart.locator(".bars .point path").first.bounding_box()
    visit.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 3)
    visit.page.wait_for_url(lambda url: f"column={drawn['columns'][0]}" in url)
    visit.settle()
    assert visit.column == drawn["columns"][0]
    instrument(visit, "One column")
    goes_with = visit.page.locator('[data-testid="stPlotlyChart"]', has_text="association").first
    seen(goes_with)
    first = goes_with.evaluate("c => c.querySelector('.js-plotly-plot')._fullLayout.yaxis.ticktext[0]")
    assert "style" in first
    shot(visit, f"{dataset}-3-which-style")

    # What happens to retrieval without the ten?
    visit.click(visit.button("Switch it off"))
    visit.click(visit.main.get_by_text("Lowest by probability", exact=True).first)
    told = visit.main.inner_text()
    assert re.search(r"difference [+-]\d+\.\d \[[+-]\d+\.\d, [+-]\d+\.\d\] points of rSum", told), told[:1500]
    assert "random columns" in told
    shot(visit, f"{dataset}-4-without-them")
    assert time.monotonic() - began < TWO_MINUTES
    visit.assert_sound()


def test_the_table_and_the_plots_choose_the_column_for_each_other(visit):
    visit.open("columns?dataset=planted&part=table&column=5")
    table = visit.main.locator('[data-testid="stDataFrame"]').first
    seen(table)
    box = table.bounding_box()
    row_height = 35  # of Streamlit's grid; the head is as high
    visit.page.mouse.click(box["x"] + 18, box["y"] + 3.5 * row_height)  # beside the third row: 5, 0, 1
    visit.page.wait_for_url(lambda url: "column=1" in url)
    visit.settle()
    assert visit.column == 1
    marks = (
        "c => { const l = c.querySelector('.js-plotly-plot')._fullLayout; "
        "return [...l.annotations.map(a => a.text), l.shapes.length]; }"
    )
    assert visit.chart(0).evaluate(marks) == ["<b>1</b>", 1]  # the mark moved: none is left at column 5
    # And back: a bar that is clicked marks its row.
    bar = visit.chart(0).locator(".bars .point path").nth(30).bounding_box()
    visit.page.mouse.click(bar["x"] + bar["width"] / 2, bar["y"] + bar["height"] / 2)
    visit.page.wait_for_url(lambda url: "column=1" not in url)
    visit.settle()
    assert visit.chart(0).evaluate(marks) == [f"<b>{visit.column}</b>", 1]
    first = visit.main.locator('[data-testid="stDataFrame"] [role="row"]').nth(1)
    assert first.text_content().startswith(str(visit.column))
    assert first.get_attribute("aria-selected") == "true"
    visit.assert_sound()
