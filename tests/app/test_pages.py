"""Every page runs on the demo without an exception, answers its question, and says what is missing."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.markup import plain

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"
PAGES = ("overview", "method", "columns", "prototypes", "subspaces", "retrieval", "experiments", "data")
DEMOS = ("shortcut", "clean", "planted")

# Runs one page in the frame: AppTest cannot follow st.Page callables, so the page is called by name.
PROGRAM = """
import importlib
from app import controls, services
place = controls.place_for_run()
dataset = controls.choose_dataset()
config = controls.choose_config()
controls.choose_strength()
study = None if dataset is None else controls.study_for(dataset, config, place=place)
services.show(dataset, study)
importlib.import_module("app.views.{page}").render()
"""


def page(name: str, **session: object) -> AppTest:
    app = AppTest.from_string(PROGRAM.format(page=name), default_timeout=60)
    for key, value in session.items():
        app.session_state[key] = value
    return app.run()


@pytest.mark.parametrize("demo", DEMOS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_a_demo_asks_and_answers(name, demo):
    app = page(name, dataset=demo)
    assert not app.exception, app.exception
    assert app.title[0].value.endswith("?")
    assert not app.error
    assert app.sidebar.success[0].value.startswith("Fresh")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_without_data_says_so(name, tmp_path):
    broken = tmp_path / "pairs.npz"
    broken.write_bytes(b"not an archive")
    app = page(name, dataset=str(broken))
    assert not app.exception, app.exception
    assert plain("pairs.npz") in app.sidebar.error[0].value
    assert app.title[0].value.endswith("?")


def test_the_frame_opens():
    app = AppTest.from_file(str(MAIN), default_timeout=60).run()
    assert not app.exception, app.exception
    assert app.title[0].value == "Does weighting columns by their semantic probability help here?"


def test_the_overview_says_what_the_report_says():
    app = page("overview", dataset="planted")
    words = " ".join(m.value for m in app.markdown)
    assert "The weighting helps" in words
    assert "unweighted" in words
    assert "simpler idea does" in words
    assert "Cross axes" in [s.value for s in app.subheader]


@pytest.mark.parametrize(
    ("wanted", "opened"), [("clean", "clean"), ("planted", "planted"), ("/etc/passwd", "shortcut")]
)
def test_a_link_opens_a_demo_and_nothing_else(wanted, opened):
    app = AppTest.from_string(PROGRAM.format(page="data"), default_timeout=60)
    app.query_params["dataset"] = wanted
    app.run()
    assert not app.exception, app.exception
    assert app.session_state["dataset"] == opened
    assert app.sidebar.radio[0].value == opened


def test_other_settings_mark_the_old_result_as_stale():
    app = page("overview")
    app.sidebar.selectbox[1].set_value("paper").run()
    assert not app.exception, app.exception
    assert any("Stale" in w.value for w in app.warning)
    assert [b.label for b in app.sidebar.button] == ["Compute"]


def test_a_column_in_the_session_is_the_column_shown():
    app = page("columns", column=17.0)
    assert "Column 17" in [s.value for s in app.subheader]
    app.button[1].click().run()
    assert "Column 18" in [s.value for s in app.subheader]


def test_another_seed_forgets_the_items_of_the_old_split():
    app = page("retrieval", query="text-5", selection=(("image", 2),))
    assert app.session_state["query"] == "text-5"
    app.sidebar.number_input(key="seed-choice-0").set_value(3).run()
    assert not app.exception, app.exception
    assert app.session_state["query"] is None
    assert app.session_state["selection"] == ()
