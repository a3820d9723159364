"""Every page runs on the demo without an exception, answers its question, and says what is missing."""

from dataclasses import replace
from functools import partial

import pytest
from streamlit.testing.v1 import AppTest

from pico_app.answers import datasets, studies
from pico_app.words.markup import plain
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from pico_core.method.config import StudyConfig
from pico_core.studies.study import run_study
from tests.pico_app.opening import opened_once, page_with_sidebar
from tests.pico_app.reading import answer
from tests.places import ROOT
from tests.screen import OVERVIEW

MAIN = ROOT / "app" / "main.py"
PAGES = ("overview", "method", "columns", "prototypes", "subspaces", "retrieval", "experiments", "data")
DEMOS = ("shortcut", "clean", "planted")


def page(name: str, **session: object) -> AppTest:
    app = page_with_sidebar(name)
    for key, value in session.items():
        app.session_state[key] = value
    return app.run()


@pytest.mark.parametrize("demo", DEMOS)
@pytest.mark.parametrize("name", PAGES)
def test_a_page_on_a_demo_asks_and_answers(name, demo):
    app = opened_once(name, demo)
    assert not app.exception, app.exception
    assert app.title[0].value.endswith("?")
    assert not app.error
    assert app.sidebar.success[0].value.startswith("Fresh")


def test_the_data_page_says_what_it_samples(planted, tmp_path, monkeypatch):
    save_pairs(planted.pairs, tmp_path / "large")
    monkeypatch.setattr(datasets, "open_pairs", partial(open_pairs, stream_from=0))
    monkeypatch.setattr(datasets, "SAMPLED_IMAGES", 50)
    app = page("data", dataset=str(tmp_path / "large"))
    assert not app.exception, app.exception
    assert "sampled 50 of 80 images" in answer(app)
    assert any("These are sampled 50 of 80 images" in one.value for one in app.markdown)


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
    assert app.title[0].value == OVERVIEW


def test_the_overview_says_what_the_report_says():
    app = opened_once("overview")
    words = " ".join(m.value for m in app.markdown)
    assert "The weighting helps" in words
    assert "unweighted" in words
    assert "simpler idea does" in words
    assert "Cross axes" in [s.value for s in app.subheader]


@pytest.mark.parametrize(
    ("wanted", "opened"), [("clean", "clean"), ("planted", "planted"), ("/etc/passwd", "shortcut")]
)
def test_a_link_opens_a_demo_and_nothing_else(wanted, opened):
    app = page_with_sidebar("data", dataset=wanted).run()
    assert not app.exception, app.exception
    assert app.session_state["dataset"] == opened
    assert app.sidebar.radio[0].value == opened


def test_other_settings_mark_the_old_result_as_stale():
    app = page("overview")
    app.sidebar.selectbox[1].set_value("paper").run()
    assert not app.exception, app.exception
    assert any("Stale" in w.value for w in app.warning)
    assert [b.label for b in app.sidebar.button] == ["Compute"]


def small_dataset(folder, *, styled):
    """Planted pairs as one's own dataset, with or without labels of style."""
    pairs = planted_pairs(PlantedConfig(n_images=40, n_columns=12, n_patches=2, n_words=3), seed=0).pairs
    if not styled:
        pairs = replace(pairs, images=pairs.images.drop("style"), texts=pairs.texts.drop("style"))
    return str(save_pairs(pairs, folder))


def axes_offered(app):
    return [name.split(" (")[0] for name in app.sidebar.selectbox(key="basis-choice-0").options]


def test_label_axes_are_offered_where_labels_speak_of_style_and_nowhere_else(tmp_path):
    styled = page("data", dataset=small_dataset(tmp_path / "styled", styled=True))
    assert axes_offered(styled)[-2:] == ["independent axes", "label axes"]
    app = page("data", dataset=small_dataset(tmp_path / "bare", styled=False), config=StudyConfig(basis="labels"))
    assert not app.exception, app.exception
    assert "independent axes" in axes_offered(app)
    assert not [name for name in axes_offered(app) if "label" in name]
    assert app.session_state["config"] == StudyConfig()


def test_going_to_data_without_style_labels_leaves_label_axes(tmp_path):
    bare = small_dataset(tmp_path / "bare", styled=False)
    app = page("data", dataset="planted")
    app.sidebar.selectbox(key="basis-choice-0").set_value("labels").run()
    assert app.session_state["config"].basis == "labels"
    app.session_state["dataset"] = bare
    app.run()
    assert not app.exception, app.exception
    assert app.session_state["config"].basis == "given"
    assert app.sidebar.selectbox(key="basis-choice-0").value == "given"


@pytest.mark.parametrize(("basis", "title"), [("ica", "Independent axes"), ("labels", "Label axes")])
def test_new_axes_of_a_demo_are_computed_on_request(basis, title, monkeypatch):
    app = page_with_sidebar("overview", basis=basis)
    app.session_state["dataset"] = "planted"
    app.run()
    assert not app.exception, app.exception
    assert app.sidebar.warning[0].value.startswith("Stale")
    dataset, config = datasets.open_dataset("planted"), StudyConfig(basis=basis)
    study = run_study(dataset.pairs, config, truth=dataset.truth)
    studies.finished.put(studies.study_key(dataset, config), study)
    app.run()
    assert not app.exception, app.exception
    assert app.sidebar.success[0].value.startswith("Fresh")
    assert title in [s.value for s in app.subheader]
    assert study.report.sentence in answer(app)


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


def test_a_wrong_path_is_corrected_at_once_and_the_empty_page_leads_back(monkeypatch, tmp_path):
    monkeypatch.setenv("PICO_FOLDERS", str(tmp_path))
    app = page("columns")
    app.sidebar.radio[0].set_value("My own").run()
    for name in ("wrong", "wrong-again"):  # the second was lost once: the field was made anew while it was typed
        app.sidebar.text_input[0].set_value(str(tmp_path / name)).run()
        assert not app.exception, app.exception
        assert app.session_state["dataset"] == str(tmp_path / name)
        said = app.sidebar.error[0].value.replace("\\", "")
        assert said.startswith(f"This dataset cannot be opened: {name}: there is no such file")
        assert "check the path. The Data page" in said
    app.button(key="open-demo").click().run()
    assert not app.exception, app.exception
    assert app.session_state["dataset"] == "shortcut"
    assert app.sidebar.success[0].value.startswith("Fresh")
