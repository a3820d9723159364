"""What holds for every instrument of every page, and for one that a module of its own brings along."""

import re
import time
from functools import cache
from html import unescape
from importlib.util import module_from_spec, spec_from_file_location

import pytest
from streamlit.testing.v1 import AppTest

from pico_app.frame import PAGES
from pico_app.state.instruments import PARAMETERS
from pico_core.common.registry import Registry
from tests.pico_app.opening import opened_once, page

EVERY = [(page.name, member.name) for page in PAGES for member in page.instruments]
ON_DATA = [(name, member) for name, member in EVERY if name != "experiments"]  # its results do not follow the dataset
TOY = """
from dataclasses import replace
import streamlit as st
from pico_app.frame import PAGES

def render(*looked_at):
    st.text(f"a toy that is handed {{len(looked_at)}} things")
    return {outcome}

first = next(iter(PAGES["{page}"].instruments))
INSTRUMENT = replace(first, name="toy", title="A toy", question="Is this a toy?", about="It is.", render=render)
"""


def parameter(page_name):
    return PARAMETERS.get(page_name, "part")


def settled(app):
    """Run until nothing is on its way."""
    app.run()
    until = time.monotonic() + 60
    while app.get("progress") and time.monotonic() < until:
        time.sleep(0.1)
        app.run()
    assert not app.exception, app.exception
    return app


def switch(app):
    return next(one for one in app.segmented_control if one.key.endswith("-instrument"))


def texts(app):
    """All that is said on a page, figures by their words."""
    kinds = (app.title, app.markdown, app.caption, app.info, app.warning)
    said = [part.value for kind in kinds for part in kind] + [str(part.proto.body) for part in app.get("html")]
    return [*said, *(chart.proto.alt for chart in app.get("plotly_chart"))]


@cache
def smallest():
    """The smallest sound dataset with one vector per item, without captions, labels and pictures, and its study."""
    from pico_app.workspace import Dataset
    from pico_core.data.pairs import PairedEmbeddings
    from pico_core.data.planted import PlantedConfig, planted_pairs
    from pico_core.method.config import ConstructionConfig, StudyConfig
    from pico_core.studies.study import run_study

    made = planted_pairs(PlantedConfig(n_images=24, n_columns=8), seed=0).pairs
    bare = PairedEmbeddings.from_arrays(made.image_means, made.text_means, text_image=made.text_image)
    config = StudyConfig(construction=ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8))
    return Dataset(bare, None), run_study(bare, config)


def page_of_globals(name):
    from pico_app.answers import studies
    from tests.pico_app.opening import draw
    from tests.pico_app.pages.test_every_instrument import smallest

    draw(name, studies.frame_of(*smallest()))


def test_pages_have_names_titles_and_icons():
    assert PAGES.names[0] == "overview"
    for one in PAGES:
        assert re.fullmatch("[a-z]+", one.name)
        assert one.title == one.name.capitalize()
        assert re.fullmatch(r":material/\w+:", one.icon)


@pytest.mark.parametrize(("page_name", "name"), EVERY)
def test_its_words_are_complete(page_name, name):
    one = PAGES[page_name].instruments[name]
    assert re.fullmatch("[a-z]+(-[a-z]+)*", one.name)
    assert one.title[0].isupper()
    assert one.title[-1].isalnum()
    assert one.question[0].isupper()
    assert one.question.endswith("?")
    assert len(one.about) > len(one.title)
    assert one.about[0].isupper()
    assert one.about.endswith(".")
    assert "!" not in one.question + one.about


@pytest.mark.parametrize(("page_name", "name"), EVERY)
def test_its_address_opens_it_on_a_demo(page_name, name):
    app = opened_once(page_name, instrument=name)
    assert not app.exception, app.exception
    assert not app.error
    assert switch(app).value == name
    question = PAGES[page_name].instruments[name].question
    assert any(question in unescape(re.sub("<[^>]+>", "", text)) for text in texts(app))
    first = name == PAGES[page_name].instruments.names[0]
    assert (parameter(page_name) in app.query_params) != first


@pytest.mark.parametrize(("page_name", "name"), ON_DATA)
def test_on_the_smallest_data_it_draws_or_says_what_is_missing_and_says_the_same_again(page_name, name):
    def opened():
        app = AppTest.from_function(page_of_globals, args=(page_name,), default_timeout=60)
        app.query_params[parameter(page_name)] = name
        return settled(app)

    app = opened()
    assert switch(app).value == name
    assert not app.error
    assert app.get("plotly_chart") or app.dataframe or app.info
    for note in app.info:
        assert note.value.endswith(".")
    assert texts(opened()) == texts(app)


@pytest.mark.parametrize("page_name", [page.name for page in PAGES if page.instruments])
def test_a_toy_of_another_module_appears_on_its_page_and_leaves_it(page_name, tmp_path):
    file = tmp_path / "toy.py"
    file.write_text(TOY.format(page=page_name, outcome="[]" if page_name == "retrieval" else None))
    spec = spec_from_file_location("toy", file)
    toy = module_from_spec(spec)
    spec.loader.exec_module(toy)
    members: Registry = PAGES[page_name].instruments
    app = page(page_name, **{parameter(page_name): "toy"})
    with members.extended(toy.INSTRUMENT):
        app.run()
        assert not app.exception, app.exception
        assert switch(app).value == "toy"
        assert any("toy" in option.lower() for option in switch(app).options)
        assert any(part.value.startswith("a toy that is handed") for part in app.text)
    gone = page(page_name, **{parameter(page_name): "toy"}).run()
    assert not gone.exception, gone.exception
    assert switch(gone).value == members.names[0]
