"""Pages of the app on built-in demos and on one's own data, alone or with the sidebar."""

from functools import cache

from streamlit.testing.v1 import AppTest


def frame_of(name):
    """What the frame hands to a page: a demo, and its study in the axes of the session."""
    from pico_app.answers import datasets, studies
    from pico_app.state import study
    from pico_core.method.config import StudyConfig

    dataset = datasets.open_dataset(name)
    done = studies.find_study(dataset, StudyConfig(basis=study.wanted_config().basis))
    return studies.frame_of(dataset, done, strength=study.strength())


def draw(page, frame):
    """Draw a page as the frame does, after its address was followed."""
    from pico_app.frame import PAGES, instruments
    from pico_app.state import links

    links.follow_address(page, instruments())
    PAGES[page].render(frame)


def draw_with_sidebar(page):
    """Draw the sidebar, the tour and a page: AppTest cannot follow st.Page, so the page is called by name."""
    from pico_app import sidebar
    from pico_app.answers import studies
    from pico_app.frame import PAGES, instruments
    from pico_app.pages import tour
    from pico_app.state import links
    from pico_app.state.study import strength

    tour.follow(page)
    place = sidebar.place_for_run()
    dataset = sidebar.choose_dataset()
    config = sidebar.choose_config(dataset)
    sidebar.choose_strength()
    study = None if dataset is None else sidebar.study_for(dataset, config, container=place)
    frame = studies.frame_of(dataset, study, strength=strength())
    links.follow_address(page, instruments())
    takeaway = tour.render(page, frame.space)
    PAGES[page].render(frame)
    tour.tell(takeaway, frame.space)


def page(name, dataset="planted", **address):
    """A page of a demo at an address; it has not run yet."""

    def script(name, dataset):
        from tests.pico_app.opening import draw, frame_of

        draw(name, frame_of(dataset))

    return _at(AppTest.from_function(script, args=(name, dataset), default_timeout=60), address)


def page_with_sidebar(name, **address):
    """A page beside the sidebar at an address; it has not run yet."""

    def script(name):
        from tests.pico_app.opening import draw_with_sidebar

        draw_with_sidebar(name)

    return _at(AppTest.from_function(script, args=(name,), default_timeout=60), address)


def _at(app, address):
    for key, value in address.items():
        app.query_params[key] = value
    return app


@cache
def opened_once(name, dataset="planted", instrument=""):
    """A page of a demo with an instrument open, run once for all tests that only read it."""
    from pico_app.frame import PAGES
    from pico_app.state.instruments import PARAMETERS

    names = PAGES[name].instruments.names
    if names and instrument == "":
        return opened_once(name, dataset, names[0])
    address = {PARAMETERS.get(name, "part"): instrument} if instrument else {}
    return page_with_sidebar(name, dataset=dataset, **address).run()
