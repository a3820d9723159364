"""The report of a study: saved in the app, opened in a browser without network."""

from tests.e2e.visit import DRAWN
from tests.screen import SAVE_REPORT


def test_the_report_is_saved_from_the_overview_and_opens_without_network(chromium, visit, tmp_path):
    visit.open("")
    answer = visit.answer
    page = visit.saved(visit.button(SAVE_REPORT), tmp_path)
    assert page.stat().st_size < 8_000_000
    alone = chromium.new_context(offline=True, viewport={"width": 1280, "height": 900})
    problems = []
    reader = alone.new_page()
    reader.on("pageerror", lambda error: problems.append(str(error)))
    reader.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    reader.on("requestfailed", lambda request: problems.append(request.url[:100]))
    reader.goto(page.as_uri())
    reader.wait_for_function("document.querySelectorAll('.js-plotly-plot .main-svg').length >= 10")
    assert reader.locator("p.answer").inner_text() == answer
    figures = reader.locator("[role=figure]")
    assert figures.count() == 5
    assert all(figures.nth(number).evaluate(DRAWN) for number in range(5))
    assert reader.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is cut off at the side"
    with reader.expect_download() as waiting:
        reader.get_by_role("button", name="PNG").first.click()
    assert waiting.value.suggested_filename == "pico-differences.png"
    assert not problems, problems
    alone.close()
