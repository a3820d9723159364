"""Won and lost, where it helps, all queries: in a real browser."""

import re

import pytest

from tests.e2e.visit import at_rest, seen

pytestmark = pytest.mark.browser
GRID = '[data-testid="stDataFrame"]'


def said(visit):
    """The verdict of the open instrument: the second answer of the page."""
    return visit.main.locator(".answer").nth(1).inner_text().strip()


def instrument(visit, name):
    visit.click(visit.main.get_by_role("radio", name=name, exact=True).or_(visit.button(name)).first)


def click_row(visit, row):
    """The box beside a row of the table: a canvas, so by its place; the head is as high as a row of text."""
    grid = visit.main.locator(GRID).first
    seen(grid)
    box = grid.bounding_box()
    visit.page.mouse.click(box["x"] + 15, box["y"] + 35 + 44 * row + 22)
    visit.settle()
    visit.assert_sound()


def box(visit, label):
    return visit.main.locator('[data-testid="stSelectbox"]', has_text=label)


def test_a_row_asks_its_query_and_the_lists_follow(visit):
    visit.open("retrieval?show=queries")
    at_rest(visit)
    before = visit.answer
    click_row(visit, 2)
    visit.page.wait_for_url(re.compile(r"query=(text|image)-\d+"))
    visit.settle()
    first, answer = visit.page.url, visit.answer
    assert answer != before
    assert answer.startswith("Rank ")
    click_row(visit, 0)
    visit.page.wait_for_url(lambda url: "query=" in url and url != first)
    visit.settle()
    assert visit.answer != answer


def test_a_mark_of_the_figure_asks_its_query(visit):
    visit.open("retrieval?show=queries&dataset=planted")
    at_rest(visit)
    assert visit.drawn_charts() == 2  # the flow, and the ranks before against after
    chart = visit.chart(1)
    visit.page.wait_for_timeout(500)
    # The last mark before the ring: one of the winners.
    place = chart.locator(".scatterlayer .trace").nth(3).locator(".points path").last.bounding_box()
    frame = chart.bounding_box()
    assert frame["x"] < place["x"] < frame["x"] + frame["width"]
    visit.page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    visit.page.wait_for_url(re.compile(r"query=(text|image)-\d+"))
    visit.settle()
    assert visit.answer.startswith("Rank ")


def test_queries_are_filtered_by_style_and_a_style_leads_to_its_queries(visit):
    visit.open("retrieval?show=queries")
    at_rest(visit)
    visit.choose(box(visit, "Label"), "style (images)")
    visit.choose(box(visit, "Value"), "sepia")
    visit.main.get_by_text("of 78 queries").wait_for()
    instrument(visit, "Where it helps")
    assert "of 10 values of style with an interval" in visit.main.inner_text()
    visit.choose(box(visit, "Queries of"), "blur")
    visit.click(visit.button("See which won and lost"))
    assert "show=queries" in visit.page.url
    visit.main.get_by_text("of 72 queries").wait_for()
    at_rest(visit)


def test_metrics_follow_the_slider_and_a_link_reopens_them(visit):
    visit.open("retrieval?show=all&dataset=planted")
    at_rest(visit)
    first = said(visit)
    assert "“Weighted, λ = 1”" in first
    slider = visit.sidebar.get_by_role("slider")
    slider.focus()
    for _ in range(10):
        slider.press("ArrowLeft")
    visit.settle()
    at_rest(visit)
    strength = re.search(r"strength=([\d.]+)", visit.page.url)[1]
    last = said(visit)
    assert f"“Weighted, λ = {strength}”" in last
    assert last != first
    assert visit.main.locator(".metrics th").nth(2).inner_text() == f"Weighted, λ = {strength}"
    assert visit.drawn_charts() == 3  # the flow and two curves
    visit.open(visit.page.url.removeprefix(visit.address + "/"))
    at_rest(visit)
    assert said(visit) == last
