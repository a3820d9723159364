"""A scheme that a module brings stands everywhere at once: experiment, messages, report, figure, page."""

import importlib

import pytest
import torch

from pico_app.answers import compare, datasets, studies
from pico_app.choices.sides import Sides, from_address
from pico_app.figures.overview import Panel, differences
from pico_core.common.errors import SettingError
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import results, run_experiment
from pico_core.formats.native import save_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.studies.study import run_study

TOY = """
import torch
from pico_core.retrieval.schemes.scheme import Fitted, Scheme

def first_column(context):
    weights = torch.ones(context.fit.n_columns)
    weights[0] = 3.0
    return Fitted(weights=weights / weights.mean())

TOY = Scheme("toy", "Toy weights", "the first column counts thrice", "control", "a test", first_column,
             simpler_idea="a toy", in_report="Toy weights", on_side="Toy weights")
"""
ASKED = 'name = "n"\nsentence = "s"\nseeds = 1\nvariants = ["{}"]\n[[datasets]]\ndata = "data"\n'


@pytest.fixture
def toy(tmp_path, monkeypatch):
    (tmp_path / "toy_scheme.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    member = importlib.import_module("toy_scheme").TOY
    with SCHEMES.extended(member):
        yield member


def test_an_experiment_compares_it(toy, tmp_path, planted):
    save_pairs(planted.pairs, tmp_path / "data")
    (tmp_path / "one.toml").write_text(ASKED.format("toy"))
    run_experiment(read_experiment(tmp_path / "one.toml"), tmp_path / "run")
    table = results(tmp_path / "run")
    assert table["variant"].to_list() == ["unweighted", "toy"]
    assert table["rsum"].null_count() == 0
    (tmp_path / "one.toml").write_text(ASKED.format("pica"))
    with pytest.raises(SettingError, match=r"no scheme 'pica'.*, toy"):
        read_experiment(tmp_path / "one.toml")


def test_a_report_scores_it_and_the_figure_shows_it(toy, planted):
    method = ConstructionConfig(n_prototypes=3, n_iterations=1, n_anchors=16)
    report = run_study(planted.pairs, StudyConfig(construction=method)).report
    assert report.controls[-1].name == "toy"
    ticks = differences([Panel("given", report)]).layout.yaxis.ticktext
    assert ticks.index("Toy weights") > ticks.index("p̂ as weights")


def test_the_retrieval_page_offers_it(toy):
    dataset = datasets.open_dataset("shortcut")
    space = studies.workspace(dataset, studies.find_study(dataset, StudyConfig()), strength=1.0)
    choice = from_address("toy", Sides().left)
    names = [compare.option_name(one) for one in compare.side_options(space, choice)]
    assert names.count("Toy weights") == 1
    side = compare.side(space, choice)
    assert side.label == "Toy weights"
    assert torch.equal(side.weights[1:], side.weights[1:2].expand(len(side.weights) - 1))


def test_without_its_module_it_is_gone():
    assert "toy" not in SCHEMES
    assert from_address("toy", Sides().left) == Sides().left
