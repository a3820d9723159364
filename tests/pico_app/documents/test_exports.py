"""What leaves the machine (exports, reports, links, records) names no folder of it, no user, and no secret."""

import contextlib
import io
import sys
from dataclasses import replace

import polars as pl
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

from pico_app import answers
from pico_app.answers import compare, datasets
from pico_app.answers.compare import Comparison, side
from pico_app.answers.documents import PageSection, comparison_page, lists_table, study_report, table_bytes
from pico_app.choices.query import Query
from pico_app.choices.sides import ChosenScheme
from pico_app.commands.report import report
from pico_app.words.captions import Caption
from pico_core import cli
from pico_core.formats.native import save_pairs
from pico_core.method.config import ConstructionConfig, StudyConfig
from tests.pico_app.answers.test_services import workspace_on

MARK = "only-on-this-machine"
SECRET = "s3cr3t-t0ken"
QUICK = ("--set", "n_iterations=2", "--set", "n_prototypes=2", "--set", "n_anchors=8")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder whose path, a user whose name, and a secret that would be seen in what is exported."""
    folder = tmp_path_factory.mktemp("machine") / MARK
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in ("USER", "LOGNAME", "USERNAME", "HOME", "HF_TOKEN", "HOSTNAME"):
            patch.setenv(name, SECRET if name == "HF_TOKEN" else MARK)
        patch.chdir(folder)
        yield folder


def command(*arguments):
    """Run a command line in this process."""
    quiet = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with pytest.MonkeyPatch.context() as patch, quiet[0], quiet[1]:
        patch.setattr(sys, "argv", ["pico-lens", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            cli.main()
    assert (end.value.code or 0) == 0, arguments


@pytest.fixture(scope="module")
def data(home, planted):
    """A dataset whose pictures lie in that folder, as those that are encoded here do."""
    pictures = [str(home / f"{number}.png") for number in range(planted.pairs.n_images)]
    images = planted.pairs.images.with_columns(pl.Series("path", pictures))
    save_pairs(replace(planted.pairs, images=images, name="planted"), home / "data")
    return home / "data"


def everything(content: bytes, name: str) -> str:
    """All that can be read in a file: of parquet the values and the metadata, which are squeezed there."""
    if not name.endswith(".parquet"):
        return content.decode("latin-1")
    return f"{pl.read_parquet(content).to_dicts()} {pq.read_schema(io.BytesIO(content)).metadata}"


def assert_keeps_quiet(content: bytes | str, name: str):
    said = everything(content, name) if isinstance(content, bytes) else content
    for word in (MARK, SECRET):
        assert word not in said, f"{name} tells {word}"


def test_the_check_sees_what_it_looks_for(home, data):
    told = (data / "images.parquet").read_bytes()
    with pytest.raises(AssertionError, match="tells only-on-this-machine"):
        assert_keeps_quiet(told, "images.parquet")


def test_runs_and_what_the_command_line_makes_of_them(home, data):
    command("construct", data, "--out", home / "run", *QUICK)
    for kind in ("csv", "parquet", "npz", "safetensors", "json"):
        command("export", home / "run", "--format", kind, "--out", home / f"weights.{kind}")
    command("retrieve", data, "--run", home / "run", "--direction", "text-to-image", "--out", home / "hits.parquet")
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        report(home / "run", home / "report.html", data)
    made = [*(home / "run").iterdir(), *home.glob("weights.*"), home / "hits.parquet", home / "report.html"]
    assert len(made) >= 13
    for file in made:
        assert_keeps_quiet(file.read_bytes(), file.name)


def test_experiments_and_trainings(home, data):
    (home / "one.toml").write_text(
        'name = "one"\nsentence = "Who tells?"\nseeds = [0]\nvariants = ["p_hat"]\n'
        '[settings]\nn_iterations = 2\nn_prototypes = 2\nn_anchors = 8\n[[datasets]]\ndata = "data"\n'
    )
    command("experiment", home / "one.toml", "--out", home / "grid")
    settings = ("--set", "n_epochs=2", "--set", "batch_size=16", "--seeds", 1, "--variants", "pico", *QUICK)
    command("train", data, "--out", home / "trainings", *settings)
    made = [entry for name in ("grid", "trainings") for entry in (home / name).rglob("*") if entry.is_file()]
    assert len(made) >= 8
    for file in made:
        assert_keeps_quiet(file.read_bytes(), file.name)


def test_pages_and_tables_of_the_app(home, data, monkeypatch):
    method = ConstructionConfig(n_prototypes=2, n_iterations=2, n_anchors=8)
    monkeypatch.setenv("PICO_FOLDERS", str(home))
    dataset = datasets.open_dataset(str(data))
    study = answers.studies.run_study(dataset.pairs, StudyConfig(construction=method))
    space = workspace_on(dataset.pairs, study)
    found = Comparison(side(space, ChosenScheme("scheme", "unweighted")), side(space, ChosenScheme("scheme", "pico")))
    asked = Query("text", 0)
    both = compare.lists_of(space, found, asked, top_k=5)
    section = PageSection("why", "Why", words="words", caption=Caption("read", "beware"))
    assert_keeps_quiet(comparison_page(space, found, asked, both, [section]), "comparison.html")
    assert_keeps_quiet(study_report(space), "report.html")
    for kind in ("csv", "parquet"):
        assert_keeps_quiet(table_bytes(lists_table(space, asked, both), kind), f"lists.{kind}")


def test_links_name_no_place(home, data):
    script = """
import streamlit as st
from pico_app.state import comparison as comparison_state
from pico_app.state import experiments as experiments_state
from pico_app.choices.query import Query
from pico_app.state import queries as queries_state
from pico_app.state import study as study_state
from pico_app.choices.sides import ChosenScheme
study_state.open_dataset(PATH)
experiments_state.experiment_path.set(PATH)
experiments_state.training_path.set(PATH)
experiments_state.result_source.set("file")
comparison_state.set_side("left", ChosenScheme("run", path=PATH))
queries_state.set_weights("digest", PATH)
[choice.mirror() for choice in experiments_state.IN_LINKS]
comparison_state.sides.mirror()
st.text(str(study_state.query_link(Query("text", 0))))
"""
    app = AppTest.from_string(script.replace("PATH", repr(str(data)))).run()
    assert not app.exception
    assert app.query_params["results"] == "file"
    assert_keeps_quiet(f"{dict(app.query_params)} {app.text[0].value}", "address")
