"""`pico-lens report`: a run as one page, from the command line that finds it by its entry point."""

import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import EntryPoint

import pytest

from pico_core.cli import plugins
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.formats.native import save_pairs
from pico_core.studies.runs import save_run
from pico_core.studies.study import run_study
from tests.places import ROOT


def registered() -> list[EntryPoint]:
    """What the project's own file names, whether this checkout is installed or another one."""
    named = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    return [EntryPoint(name, value, plugins.GROUP) for name, value in named[plugins.GROUP].items()]


@pytest.fixture(autouse=True)
def _installed(monkeypatch):
    monkeypatch.setattr(plugins, "entry_points", lambda group: registered())


def test_a_run_becomes_a_page(pico, data, run, study, tmp_path):
    target = tmp_path / "report.html"
    found = pico("report", run, "--out", target, "--data", data, "--json")
    assert found.code == 0, found.err
    page = target.read_text(encoding="utf-8")
    assert found.json["file"] == str(target)
    assert found.json["digest"] == study.digest
    assert found.json["verdict"] == study.report.verdict.value
    assert found.json["megabytes"] == round(target.stat().st_size / 1e6, 1) < 8
    assert page.startswith("<!doctype html>")
    assert "fit" in page
    assert "simpler idea" in page
    assert list(tmp_path.iterdir()) == [target], "no draft is left behind"


def test_sizes_name_the_sample_that_gave_feedback(pico, data, planted, study, tmp_path):
    sampled = run_study(planted.pairs, replace(study.config, feedback_images=5))
    save_run(sampled, tmp_path / "run")
    assert pico("report", tmp_path / "run", "--out", tmp_path / "report.html", "--data", data).code == 0
    sizes = f"36 fit, 5 feedback, 32 test; feedback sampled 5 of 12 images of its split) with {planted.pairs.n_texts} "
    assert sizes in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_without_the_dataset_the_page_says_what_it_lacks(pico, run, tmp_path):
    target = tmp_path / "report.HTML"
    shown = pico("report", run, "--out", target)
    assert shown.code == 0
    assert "verdict" in shown.out
    assert "write this report with --data" in target.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report") / "other"
    save_pairs(planted_pairs(PlantedConfig(n_images=20, n_columns=24), seed=1).pairs, folder)
    return folder


def test_mistakes_are_sentences_and_what_was_there_stays(pico, data, run, other, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("mine", encoding="utf-8")
    for arguments, words in (
        ((tmp_path / "nowhere", "--out", target), "run.json is missing"),
        ((run, "--out", target, "--data", other), "this run belongs to"),
        ((run, "--out", target, "--data", tmp_path / "nowhere"), "nowhere"),
        ((run, "--out", tmp_path / "report.pdf"), "ends in .html"),
        ((run, "--out", tmp_path / "no" / "folder" / "report.html"), "cannot be written"),
    ):
        found = pico("report", *arguments)
        assert (found.code, found.out) == (2, ""), arguments
        assert found.err.replace("\n", " ").startswith("pico-lens: ")
        assert words in found.err
        assert target.read_text(encoding="utf-8") == "mine"
    assert list(tmp_path.iterdir()) == [target]


POINTS = [(point.name, point.value, point.group) for point in registered()]
PROBE = f"""
import json, sys
from importlib.metadata import EntryPoint
from pico_core.cli import app, plugins
plugins.entry_points = lambda group: [EntryPoint(*point) for point in {POINTS}]
import typer
names = sorted(typer.main.get_command(plugins.with_plugins(app)).commands)
print(json.dumps([names, [name for name in ("plotly", "streamlit", "pico_app.documents") if name in sys.modules]]))
"""


def test_the_command_is_known_before_anything_that_draws_is_loaded():
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, cwd=ROOT, check=True)
    names, loaded = json.loads(done.stdout)
    assert "report" in names
    assert loaded == []
