"""The Experiments page on tables of known numbers: empty, built in, half done, hostile; every instrument."""

import re
import time
from types import SimpleNamespace

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from pico_app.answers import datasets, experiments
from pico_app.pages.experiments.page import INSTRUMENTS
from pico_core.common.reporter import Cancelled
from pico_core.experiments.config import built_in_files
from pico_core.experiments.grid import run_experiment
from pico_core.experiments.reading import read_outcome
from pico_core.experiments.small import small_experiment
from pico_core.experiments.training_list import find_training_list, read_training_list
from pico_core.method.config import ConstructionConfig, StudyConfig
from tests.grids import HELPS, HURTS, Line, grid, trainings
from tests.pico_app.opening import page_with_sidebar
from tests.pico_app.pages.test_pages import page
from tests.pico_app.reading import HOSTILE, answer, prose
from tests.reporters import stop_at
from tests.screen import EXPERIMENTS

TITLE = EXPERIMENTS


@pytest.fixture
def built_in(tmp_path, monkeypatch):
    """A built-in result of two datasets, with its file of settings."""
    place = tmp_path / "built-in" / "demo.parquet"
    place.parent.mkdir()
    pl.concat([grid(HELPS), grid(HURTS, dataset="other, cross")]).write_parquet(place)
    place.with_suffix(".toml").write_text('name = "tiny"\n')
    monkeypatch.setattr(experiments, "BUILT_IN_RESULT", place)
    return place


def opened(**session):
    app = page("experiments", **{"dataset": "planted", **session})
    assert not app.exception, app.exception
    assert app.title[0].value == TITLE
    return app


def words(app):
    return " ".join(part.value for kind in (app.markdown, app.caption, app.warning, app.info) for part in kind)


def test_a_missing_built_in_result_is_an_honest_empty_page_with_the_command(monkeypatch, tmp_path):
    monkeypatch.setattr(experiments, "BUILT_IN_RESULT", tmp_path / "demo.parquet")
    app = opened()
    assert answer(app) == "The built-in result is not here: it was not made yet."
    assert app.code[0].value == "pico-lens experiment demo --out demo-experiment"
    assert not app.get("plotly_chart")
    assert not app.error


def test_trainings_alone_are_shown_where_there_is_no_experiment(monkeypatch, tmp_path):
    monkeypatch.setattr(experiments, "BUILT_IN_RESULT", tmp_path / "demo.parquet")
    trainings(tmp_path)
    app = opened()
    assert answer(app).startswith("In training on “toy” PICO in the loop makes no detectable difference: +6.0")
    assert len(app.get("plotly_chart")) == 2


def test_the_results_that_come_with_the_program_are_read_together():
    found = experiments.built_in_results()
    assert found is not None
    made = [name for name, file in built_in_files("datasets").items() if file.with_suffix(".parquet").is_file()]
    assert sorted([found.outcome.name, *(one.outcome.name for one in found.beside)]) == made
    lists = [read_training_list(find_training_list(name)) for name in ("training", "encoder")]
    names = [one.name for listed in lists for one in listed.comparisons]
    assert [one.dataset for one in found.training] == names
    assert len(opened(**{"instrument-experiments": "training"}).get("plotly_chart")) > 0


def test_the_built_in_result_answers_for_the_dataset_that_is_chosen(built_in):
    app = opened()
    assert answer(app).startswith("On “toy” the weights help: +41.0 [")
    assert "does as well" in answer(app)
    assert any(text.startswith("The same weights on other columns") for text in prose(app))
    app.radio(key=_radio(app)).set_value(1).run()
    assert not app.exception, app.exception
    assert answer(app).startswith("On “other, cross” the weights hurt: -21.0 [")
    assert app.session_state["experiment-set"] == "other, cross"


def _radio(app):
    return next(one.key for one in app.main.radio if one.key.startswith("experiments-set"))


@pytest.mark.parametrize("part", INSTRUMENTS.names)
def test_every_instrument_draws_and_tells_its_figures_in_words(built_in, part):
    trainings(built_in.parent)
    app = opened(**{"instrument-experiments": part})
    charts = app.get("plotly_chart")
    expected = {"leads": 2, "settings": 2, "feedback": 3, "seeds": 2, "training": 3, "cost": 2, "table": 1}
    assert len(charts) == expected[part]
    for chart in charts:
        assert len(chart.proto.alt) > 40
        assert not re.search(r"[<*\\]|None", chart.proto.alt), chart.proto.alt
    assert len({chart.proto.alt for chart in charts}) == len(charts)
    said = {
        "leads": "Of 8 others, 4 are behind the weights",
        "settings": "gamma = 1 does detectably worse",
        "feedback": "In all 9 recorded runs of rule softmax no pair is in the wrong order",
        "seeds": "PICO is ahead of “Correlation over matched pairs as weights” in 1 of 3 splits",
        "training": "In training on “toy”",
        "cost": "25 times as long as",
    }
    assert said.get(part, "") in " ".join(prose(app))
    if part == "table":
        assert len(app.dataframe[0].value) == len(HELPS)
        assert [code.value for code in app.code] == ["pico-lens experiment demo --out DEMO", 'name = "tiny"']
        app.selectbox(key="experiments-family").set_value("transform").run()
        assert app.dataframe[0].value["label"].tolist() == ["Whitening, shrunk"]


def test_another_built_in_experiment_adds_its_settings_and_its_runs(built_in):
    lines = [*HELPS[:2], Line("gamma=8", (1.0, 2.0, 3.0)), Line("tau=0.2", (39.0, 41.5, 41.0))]
    grid(lines).write_parquet(built_in.with_name("choices.parquet"))
    built_in.with_name("choices.toml").write_text('name = "choices"')
    app = opened(**{"instrument-experiments": "settings"})
    assert "Of 2 other values" in " ".join(prose(app)), "gamma of the first, tau of the second"
    app = opened(**{"instrument-experiments": "feedback"})
    assert "In all 15 recorded runs of rule softmax" in " ".join(prose(app))
    app = opened(**{"instrument-experiments": "table"})
    assert app.code[0].value.splitlines()[1] == "pico-lens experiment tiny --out TINY"


def test_where_no_setting_was_changed_the_datasets_are_named_where_some_were(built_in):
    plain = [line for line in HELPS if "=" not in line.variant]
    pl.concat([grid(plain, dataset="first"), grid(HELPS, dataset="second")]).write_parquet(built_in)
    app = opened(**{"instrument-experiments": "settings"})
    said = " ".join(prose(app))
    assert "No setting was changed on this dataset." in said
    assert "One at a time they were changed on “second”; choose such a dataset above." in said


def test_without_trainings_their_instrument_says_how_to_make_them(built_in):
    app = opened(**{"instrument-experiments": "training"})
    assert app.code[0].value == "pico-lens train shortcut --out my-trainings"
    assert len(app.get("plotly_chart")) == 1


def test_the_chosen_row_is_told_and_stands_beside_the_method(built_in):
    app = opened(**{"experiment-row": "whitening", "instrument-experiments": "seeds"})
    (line,) = [block.proto.body for block in app.get("html") if "Whitening, shrunk" in block.proto.body]
    assert "beyond the paper" in line
    assert "Su et al., arXiv 2103.15316, 2021" in line
    assert "shrinkage 0.1" in line.lower()
    assert app.selectbox(key="experiments-beside").value == "whitening"
    app.selectbox(key="experiments-beside").set_value("p_hat").run()
    assert not app.exception, app.exception
    assert app.session_state["experiment-row"] == "p_hat"
    assert "PICO is ahead of “p̂ as weights” in 3 of 3 splits" in " ".join(prose(app))


def test_a_link_reopens_dataset_row_and_instrument_and_nonsense_falls_back(built_in):
    def visited(**address):
        app = page_with_sidebar("experiments", **address).run()
        assert not app.exception, app.exception
        return app

    app = visited(part="cost", grid="other, cross", variant="p_hat")
    assert answer(app).startswith("On “other, cross”")
    assert app.segmented_control(key="experiments-instrument").value == "cost"
    held = {name: app.query_params[name] for name in ("part", "grid", "variant")}
    assert held == {"part": "cost", "grid": "other, cross", "variant": "p_hat"}
    app = visited(part="sure", grid="<b>", variant="../..", results="everything")
    assert answer(app).startswith("On “toy”")
    assert app.segmented_control(key="experiments-instrument").value == "leads"
    assert app.segmented_control(key="experiments-source").value == "demo"
    app = visited(results="file")
    assert answer(app) == "Name the folder of an experiment, or its table."
    assert app.query_params["results"] == "file"


def test_the_part_of_this_page_is_not_that_of_the_columns_page():
    program = """
import streamlit as st
from pico_app import frame
from pico_app.state import instruments, links
links.follow_address("{0}", frame.instruments())
st.text(instruments.opened_instrument("{0}", frame.PAGES["{0}"].instruments))
"""
    for here, wanted in (("experiments", "seeds"), ("columns", "sure")):
        app = AppTest.from_string(program.format(here))
        app.query_params["part"] = wanted
        app.run()
        assert app.text[0].value == wanted
        assert app.query_params["part"] == wanted


@pytest.fixture
def half_done(planted, tmp_path):
    """A folder with two of five cells."""
    from pico_core.experiments.datasets import OpenDataset

    config = StudyConfig(construction=ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=16))
    made = small_experiment("planted", config, families=["oracle"], n_seeds=1)
    with pytest.raises(Cancelled):
        run_experiment(
            made, tmp_path / "half", opened=[OpenDataset(made.datasets[0], planted.pairs)], reporter=stop_at(2)
        )
    return tmp_path / "half"


def test_a_running_folder_is_watched(half_done):
    app = opened(**{"result-source": "file", "experiment-path": str(half_done)})
    assert answer(app).startswith("On “planted”")
    assert "with one seed" in answer(app)
    (bar,) = app.get("progress")
    assert bar.proto.text.replace("\\", "").startswith("2 of 5 cells")
    assert bar.proto.value == 40


def test_names_of_somebodys_own_results_stay_out_of_links(tmp_path):
    pl.concat([grid(HELPS), grid(HURTS, dataset="secret")]).write_parquet(tmp_path / "results.parquet")
    app = opened(**{"result-source": "file", "experiment-path": str(tmp_path / "results.parquet")})
    app.radio(key=_radio(app)).set_value(1).run()
    assert answer(app).startswith("On “secret”")
    assert not {"grid", "variant"} & set(app.query_params)
    assert "secret" not in str(app.query_params.values())


def test_an_experiment_without_a_cell_says_so(half_done):
    for cell in (half_done / "cells").iterdir():
        cell.unlink()
    app = opened(**{"result-source": "file", "experiment-path": str(half_done)})
    assert answer(app) == "This experiment has no finished cell yet; the figure fills as they come."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("{tmp}/missing", "nothing there; name the folder of an experiment"),
        ("{tmp}", "no experiment.json"),
        ("{tmp}/words.parquet", "cannot be read"),
        ("x" * 900, "cannot be read"),
        ("~nobody-at-all/x", "cannot be read"),
        ("a\0b", "cannot be read"),
        ("{tmp}/[a](javascript:x)<b>", "nothing there"),
    ],
)
def test_a_path_that_holds_no_result_gives_a_sentence(tmp_path, typed, said):
    (tmp_path / "words.parquet").write_text("no table")
    app = opened(**{"result-source": "file", "experiment-path": typed.format(tmp=tmp_path)})
    assert answer(app) == "There are no results to show here."
    (warning,) = app.warning
    assert said in warning.value.replace("\\", "")
    assert "](javascript" not in warning.value
    assert "<b>" not in warning.value


@pytest.mark.parametrize("part", INSTRUMENTS.names)
def test_hostile_names_and_labels_stay_words(tmp_path, part):
    name = f"[x](javascript:1) {HOSTILE}"
    lines = [
        *HELPS[:2],
        Line("p_hat", (1.0, 2.0, 3.0), label=HOSTILE, note=HOSTILE),
        Line("<b>", (2.0, 1.0), label=HOSTILE, family=HOSTILE),
    ]
    path = tmp_path / "results.parquet"
    pl.concat([grid(lines, dataset=name), grid(HURTS)]).write_parquet(path)
    app = opened(**{"result-source": "file", "experiment-path": str(path), "instrument-experiments": part})
    assert HOSTILE in answer(app)
    for block in app.get("html"):
        assert "<script" not in block.proto.body
        assert "<img" not in block.proto.body
    for text in app.markdown:
        assert "<script" not in text.value
    assert "](javascript" not in next(one for one in app.main.radio if one.key == _radio(app)).options[0]


def test_a_small_run_over_the_open_data_fills_the_page_and_goes_on(monkeypatch, tmp_path):
    monkeypatch.setattr(experiments, "_folder", lambda: SimpleNamespace(name=str(tmp_path)))
    config = StudyConfig(construction=ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=16))
    app = opened(dataset="planted", config=config, **{"result-source": "own"})
    assert answer(app).startswith("Nothing was run on the open data yet")
    app.number_input(key="experiments-seeds").set_value(1)
    ran(app, ["oracle"])
    assert not app.error
    assert answer(app).startswith("On “planted”")
    assert "It is finished" in words(app)
    (folder,) = tmp_path.iterdir()
    names = {"unweighted", "pico", "shuffled", "oracle_labels", "oracle_truth"}
    assert set(read_outcome(folder).table["variant"]) == names
    assert 'data = "planted"' in read_outcome(folder).toml
    cells = {file: file.stat().st_mtime_ns for file in (folder / "cells").iterdir()}
    ran(app, ["oracle", "transform"], cancel=True)
    assert "Run goes on where it was" in words(app) or "It is finished" in words(app)
    ran(app, ["oracle"])
    assert set(read_outcome(folder).table["variant"]) == names, "what is asked for is shown"
    assert all(file.stat().st_mtime_ns == moment for file, moment in cells.items()), "and not computed again"
    assert list(tmp_path.iterdir()) == [folder]


def ran(app, families, *, cancel=False):
    """Run some families and wait until it has ended."""
    app.pills(key="experiments-families").set_value(families).run()
    app.button(key="experiments-run").click().run()
    if cancel:
        app.button(key="cancel-experiment").click().run()
    until = time.monotonic() + 60
    while app.button(key="experiments-run").disabled:
        assert time.monotonic() < until
        time.sleep(0.3)
        app.run()
    assert not app.exception, app.exception


def test_the_open_study_is_looked_at_first_and_again_when_another_is_opened(built_in):
    names = ("shortcut, given", "shortcut, cross", "planted, given")
    pl.concat([grid(HELPS, dataset=name) for name in names]).write_parquet(built_in)
    app = opened()
    assert answer(app).startswith("On “planted, given”")
    app.radio(key=_radio(app)).set_value(1).run()
    assert answer(app).startswith("On “shortcut, cross”")
    said = {
        experiments.nearest(names, datasets.open_dataset("shortcut"), StudyConfig().with_settings({"basis": basis}))
        for basis in ("given", "cross", "pca")
    }
    assert said == {"shortcut, given", "shortcut, cross"}
    assert experiments.nearest(("toy", "other"), datasets.open_dataset("shortcut"), StudyConfig()) == "toy"
    assert experiments.nearest(("toy", "other"), None, StudyConfig()) == "toy"
