"""A basis from a module of its own is found everywhere that bases are named, without touching another file."""

import importlib.util
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from pico_app.answers import compare
from pico_app.choices.sides import ChosenScheme, Sides, from_address
from pico_app.documents.run_report import Made, run_report_html
from pico_core import cli
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import results, run_experiment
from pico_core.formats.native import save_pairs
from pico_core.method.bases import BASES
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.studies.runs import load_run, save_run
from pico_core.studies.study import run_study, study_splits
from tests.pico_app.pages.test_pages import axes_offered, page

MODULE = """
import torch
from pico_core.method.basis import BasisSpec

MIRRORED = BasisSpec(
    name="mirrored",
    title="mirrored axes",
    sentence="Axes that are the columns, the last one first.",
    axes=lambda pairs, options: torch.eye(pairs.n_columns).flip(0),
)
"""
TOML = """
name = "toy"
sentence = "Is it found?"
seeds = 1
variants = ["unweighted"]
[settings]
n_iterations = 1
n_prototypes = 2
n_anchors = 8
[[datasets]]
data = "data"
settings = { basis = "mirrored" }
[sweep]
basis = ["given", "mirrored"]
"""


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory):
    file = tmp_path_factory.mktemp("toy") / "mirrored.py"
    file.write_text(MODULE)
    found = importlib.util.spec_from_file_location("mirrored", file)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    with BASES.extended(module.MIRRORED):
        yield module.MIRRORED
    assert "mirrored" not in BASES


@pytest.fixture(scope="module")
def toy_study(mirrored, planted):
    method = ConstructionConfig(n_prototypes=2, n_iterations=1, n_anchors=8)
    return run_study(planted.pairs, StudyConfig(basis="mirrored", construction=method))


def test_settings_and_commands_know_it(mirrored, planted, tmp_path):
    assert StudyConfig().with_settings({"basis": "mirrored"}).basis == "mirrored"
    save_pairs(planted.pairs, tmp_path / "data")
    refused = CliRunner().invoke(
        cli.app, ["construct", str(tmp_path / "data"), "--out", str(tmp_path / "run"), "--set", "basis=nothing"]
    )
    assert "labels, mirrored" in str(refused.exception)


def test_a_run_and_its_report_have_its_words(mirrored, toy_study, planted, tmp_path):
    study = load_run(save_run(toy_study, tmp_path / "run"), planted.pairs)
    assert study.columns["title"][0] == "mirrored axis 0 (given columns 23, 0, 1)"
    html = run_report_html(study, pairs=None, written=Made(datetime(2026, 1, 2, tzinfo=UTC)))
    assert f"{mirrored.label}. {mirrored.sentence}" in html


def test_an_experiment_runs_in_it(mirrored, planted, tmp_path):
    save_pairs(planted.pairs, tmp_path / "data")
    (tmp_path / "toy.toml").write_text(TOML)
    run_experiment(read_experiment(tmp_path / "toy.toml"), tmp_path / "cells")
    table = results(tmp_path / "cells")
    assert set(table["basis"]) == {"given", "mirrored"}
    assert "basis=mirrored" in table["variant"].to_list()


def test_the_sidebar_and_the_overview_offer_it(mirrored):
    assert "mirrored axes" in axes_offered(page("data", dataset="planted"))
    app = page("overview", dataset="planted", config=StudyConfig(basis="mirrored"))
    assert not app.exception, app.exception
    app.sidebar.selectbox(key="basis-choice-0").set_value("given").run()
    assert [button.label for button in app.sidebar.button if button.key == "compute"] == []


def test_the_retrieval_page_lays_it_beside_other_scorings(mirrored, toy_study, planted, monkeypatch):
    assert from_address("axes-mirrored", Sides().right) == ChosenScheme("axes", name="mirrored")
    assert from_address("axes-probe", Sides().right) == ChosenScheme("axes", name="labels"), "as 1.0.0 wrote it"
    monkeypatch.setattr(compare, "sets_here", lambda _space, _kept: [])
    monkeypatch.setattr(compare, "sibling", lambda _space, basis: toy_study if basis == "mirrored" else None)
    open_study = run_study(planted.pairs, StudyConfig(construction=toy_study.config.construction))
    space = type("Space", (), {"study": open_study, "splits": study_splits(planted.pairs, open_study.config)})()
    options = compare.side_options(space, Sides().right)
    assert "Weighted in mirrored axes" in [compare.option_name(option) for option in options]
