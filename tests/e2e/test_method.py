"""The Method page in a browser: arrow keys, no long wait between steps, a presentation."""

import time

import pytest

from tests.e2e.visit import Visit

pytestmark = pytest.mark.browser
GENEROUS = 3.0  # seconds between two steps; 0.3 is aimed at, on a machine that does nothing else


def step_of(visit):
    return visit.answer.split(":")[0]


def listens(visit):
    """Wait until the page takes up arrow keys: its own piece of script is put in its place last."""
    visit.page.locator("[data-listening]").wait_for(state="attached")


def arrive(visit, wanted):
    visit.page.wait_for_function(
        "wanted => document.querySelector('.answer')?.innerText.startsWith(wanted)", arg=wanted, timeout=30_000
    )


def test_arrow_keys_turn_the_steps_and_leave_fields_alone(visit):
    visit.open("method?preset=clear", patience=120)
    arrive(visit, "Step 1")
    last = int(step_of(visit).split(" of ")[1])
    visit.page.locator("h1").first.click()
    slowest = 0.0
    for number in range(2, last + 1):
        listens(visit)
        began = time.monotonic()
        visit.page.keyboard.press("ArrowRight")
        arrive(visit, f"Step {number} of")
        slowest = max(slowest, time.monotonic() - began)
        visit.settle()
        visit.assert_sound()
        assert visit.drawn_charts() >= 1
    assert slowest < GENEROUS
    listens(visit)
    visit.page.keyboard.press("ArrowRight")  # there is no step after the last
    visit.settle()
    assert step_of(visit) == f"Step {last} of {last}"
    visit.page.keyboard.press("ArrowLeft")
    arrive(visit, f"Step {last - 1} of")
    visit.settle()
    field = visit.main.get_by_role("combobox").first
    field.focus()
    visit.page.keyboard.press("ArrowLeft")
    visit.settle()
    assert step_of(visit) == f"Step {last - 1} of {last}"


def test_buttons_and_sliders_of_a_figure_answer_the_keyboard(visit):
    visit.open("method?preset=clear", patience=120)
    arrive(visit, "Step 1")
    slider = visit.main.locator('.slider-group[role="slider"]').first
    slider.wait_for(timeout=10_000)

    def now():
        return int(slider.get_attribute("aria-valuenow"))

    last = int(slider.get_attribute("aria-valuemax"))
    assert now() == last > 4
    slider.focus()
    for key, wanted in {"Home": 1, "ArrowRight": 2, "ArrowUp": 3, "ArrowLeft": 2, "End": last}.items():
        visit.page.keyboard.press(key)
        visit.page.wait_for_timeout(200)
        assert now() == wanted, key
    visit.page.keyboard.press("Home")
    drawn = "() => document.querySelector('.js-plotly-plot .scatterlayer .js-line')?.getAttribute('d')"
    first = visit.page.evaluate(drawn)
    play = visit.main.locator('.updatemenu-button[role="button"]').first
    assert play.get_attribute("aria-label") == "Play"
    play.focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_function(
        "wanted => document.querySelector('.js-plotly-plot')._fullLayout.sliders[0].active >= wanted",
        arg=last - 1,
        timeout=20_000,
    )
    assert step_of(visit).startswith("Step 1")  # arrows inside a figure turn no page
    # Tab goes from button to button, as anywhere.
    play.focus()
    visit.page.keyboard.press("Tab")
    assert visit.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Slow"
    assert visit.page.evaluate(drawn) != first
    visit.assert_sound()


def test_a_presentation_fills_the_screen_and_is_reopened_by_its_address(chromium, warm):
    with Visit(chromium, warm, dark=True, width=1920, height=1080) as visitor:
        visitor.open("method?preset=rogue&step=estimate&present=1", patience=120)
        arrive(visitor, "Step 3")
        visitor.settle()
        assert not visitor.sidebar.is_visible()
        assert visitor.drawn_charts() >= 2
        visitor.click(visitor.main.get_by_role("button", name="Leave"))
        assert visitor.sidebar.is_visible()
        assert "present" not in visitor.page.url
        visitor.assert_sound()
