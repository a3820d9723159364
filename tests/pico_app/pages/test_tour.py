"""The guided tour: its records, the view that a stop sets up, takeaways from the study on the screen, leaving."""

import re
import time
from functools import cache
from html import unescape

import pytest
from streamlit.testing.v1 import AppTest

from pico_app.answers.tour import TAKEAWAYS
from pico_app.choices.tour_stops import STOPS, stop_at, stop_number
from pico_app.frame import PAGES
from pico_app.state.method import OWN_DATA
from pico_core.demo import demo_of
from pico_core.formats import open_pairs
from pico_core.studies.runs import load_run
from tests.pico_app.opening import page_with_sidebar
from tests.places import ROOT
from tests.screen import TOUR_IS_ABOUT

MAIN = ROOT / "app" / "main.py"
NUMBERS = {stop.slug: number for number, stop in enumerate(STOPS, start=1)}


def at(slug, page=None, **address):
    number = NUMBERS[slug]
    app = page_with_sidebar(page or stop_at(number).page, tour=str(number), **address).run()
    assert not app.exception, app.exception
    return app


def press(app, key):
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def words(app):
    return [unescape(re.sub(r"<[^>]+>", "", part.value)) for part in app.markdown]


def takeaway(app):
    press(app, "tour-tell")
    for _ in range(200):  # what is computed in the background comes
        said = next(text for text in words(app) if text.startswith("Takeaway."))
        if not re.search("being counted|on its way", said):
            return said
        time.sleep(0.1)
        app.run()
    raise AssertionError(said)


def keys(app):
    return {button.key for button in app.button if button.key}


@cache
def run(basis):
    demo = demo_of("shortcut")
    return load_run(demo.run(basis), open_pairs(demo.dataset))


def test_stops_are_well_formed_and_their_words_hold_no_number_of_the_data():
    pages = PAGES.names
    assert len(NUMBERS) == len(STOPS) == 11
    assert set(TAKEAWAYS) == set(NUMBERS)
    assert [pages.index(stop.page) for stop in STOPS] == sorted(pages.index(stop.page) for stop in STOPS)
    for stop in STOPS:
        known = ("pca", "umap") if stop.page == "subspaces" else PAGES[stop.page].instruments.names or ("",)
        assert stop.instrument in known, stop.slug
        said = f"{stop.title} {stop.look} {stop.task}"
        assert set(re.findall(r"\d+", said)) <= {"95"}, stop.slug
        assert stop.title.endswith("?")


@pytest.mark.parametrize("text", ["0", "12", "-1", "4.0", "four", "", "٣", "1e0", None])
def test_an_address_that_names_no_stop_opens_none(text):
    assert stop_number(text) is None
    app = page_with_sidebar("data")
    if text is not None:
        app.query_params["tour"] = text
    app.run()
    assert not app.exception
    assert "tour" not in app.query_params
    assert not any(key.startswith("tour-") for key in keys(app))


@pytest.mark.parametrize("slug", list(NUMBERS))
def test_a_stop_opens_from_its_address_with_its_view_and_a_takeaway(slug):
    stop, number = stop_at(NUMBERS[slug]), NUMBERS[slug]
    app = at(slug, dataset="planted", basis="given", strength="0.3", left="p_hat", column="5")
    assert app.session_state["dataset"] == "shortcut"
    assert app.sidebar.selectbox[0].value == stop.basis
    strength = run("cross").construction.guard.strength if stop.page == "retrieval" else 1.0
    assert app.sidebar.slider[0].value == strength
    assert app.sidebar.success[0].value.startswith("Fresh")
    assert app.query_params["tour"] == str(number)
    assert any(stop.task in text for text in words(app))
    if PAGES[stop.page].instruments:
        assert app.session_state[f"instrument-{stop.page}"] == stop.instrument
    if stop.page == "columns":
        assert app.session_state["column"] != 5
    if stop.page == "method":
        assert app.session_state["method-preset"] == OWN_DATA
    if stop.page == "retrieval":
        assert app.session_state["sides"].left.name == "unweighted"
    if stop.page == "subspaces":
        assert app.session_state["map-method"] == "pca"  # UMAP would have to be laid out first
    assert (app.session_state["switching"].which == "lowest") == bool(stop.lowest)
    assert not any(text.startswith("Takeaway.") for text in words(app))
    said = takeaway(app)
    assert len(said) > 80
    # Every number has its interval, but one query has none and says so, and a count of resamples is one itself.
    marks = {"query": "has no interval", "sure": "when other images are drawn"}
    assert marks.get(slug, "") in said
    assert slug in marks or re.search(r"\d \[[+-]?[\d.]+, [+-]?[\d.]+\]", said), said


def test_takeaways_say_what_the_reports_say():
    given, cross = run("given").report, run("cross").report
    assert given.sentence in takeaway(at("verdict"))
    assert cross.sentence in takeaway(at("axes"))
    own = takeaway(at("own"))
    for change in (given.difference, cross.difference):
        assert f"{change.value:+z.1f} [{change.low:+z.1f}, {change.high:+z.1f}]" in own
    simpler = [one for one in cross.controls if one.name in ("p_hat", "correlation", "all_but_the_top")]
    best = max(one.difference.value for one in simpler)
    assert f"simpler idea there {best:+.1f} [" in own


def test_the_takeaway_of_the_switch_is_the_answer_on_the_page():
    app = at("switch")
    page = next(text for text in words(app) if "without these 10" in text)
    numbers = re.search(r"difference ([+-][\d.]+ \[[+-][\d.]+, [+-][\d.]+\])", page)[1]
    assert numbers.startswith("+37.7 ")  # measured on these scenes; the words hold no number of their own
    assert f"difference {numbers}" in takeaway(app)


def test_the_takeaway_follows_the_column_on_the_screen():
    app = at("column")
    first = takeaway(app)
    next(box for box in app.selectbox if box.label.startswith("Column, 0 to")).set_value(3).run()
    assert app.session_state["column"] == 3
    later = next(text for text in words(app) if text.startswith("Takeaway."))
    assert "axis 3 goes with" in later
    assert later != first


def test_nothing_is_set_behind_the_readers_back():
    app = at("query")
    app.sidebar.slider[0].set_value(0.5).run()
    asked = app.session_state["query"]
    assert app.sidebar.slider[0].value == 0.5
    press(app, "tour-tell")
    assert (app.session_state["strength"], app.session_state["query"]) == (0.5, asked)
    app.session_state["query"] = "text-3"
    app.run()
    assert app.session_state["query"] == "text-3"


def test_on_other_data_or_axes_the_tour_says_so_and_leads_back():
    app = at("verdict")
    app.sidebar.radio[0].set_value("clean").run()
    assert not app.exception
    assert any(TOUR_IS_ABOUT in text for text in words(app))
    assert "tour-tell" not in keys(app)
    press(app, "tour-again")
    assert app.session_state["dataset"] == "shortcut"
    assert "tour-tell" in keys(app)
    app.sidebar.selectbox[0].set_value("cross").run()
    assert "tour-tell" not in keys(app)
    press(app, "tour-again")
    assert app.sidebar.selectbox[0].value == "given"
    app.sidebar.selectbox[1].set_value("paper").run()
    app.sidebar.number_input[0].set_value(3).run()
    assert "tour-tell" not in keys(app)
    press(app, "tour-again")
    assert app.sidebar.success[0].value.startswith("Fresh")
    assert app.sidebar.number_input[0].value == 0


def test_on_another_page_the_tour_waits():
    app = at("column", page="data")
    assert "tour-back-to" in keys(app)
    assert not any(text.startswith("Your turn.") for text in words(app))
    assert app.query_params["tour"] == str(NUMBERS["column"])


def test_in_the_frame_it_is_begun_left_and_resumed():
    app = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert "Take the tour" in app.button(key="tour-resume-sidebar").label
    press(app, "tour-resume-overview")
    assert app.query_params["tour"] == "1"
    assert app.button(key="tour-back").disabled
    press(app, "tour-next")
    assert app.query_params["tour"] == "2"
    assert app.sidebar.selectbox[0].value == "cross"
    press(app, "tour-leave")
    assert "tour" not in app.query_params
    for place in ("sidebar", "overview"):
        assert app.button(key=f"tour-resume-{place}").label == "Resume the tour (stop 2 of 11)"
    app.sidebar.selectbox[0].set_value("given").run()
    press(app, "tour-resume-sidebar")
    assert app.query_params["tour"] == "2"
    assert app.sidebar.selectbox[0].value == "cross"


def test_the_last_stop_ends_the_tour():
    app = at("own")
    assert "tour-next" not in keys(app)
    press(app, "tour-finish")
    assert "tour" not in app.query_params
    assert app.session_state["tour"].number == 0
