"""What 1.0.0 wrote under old names of bases is read, and what it had finished is not done again."""

import hashlib
import json

import polars as pl
import pytest

from pico_core.common.errors import SettingError
from pico_core.experiments.cells import plan_cell
from pico_core.experiments.config import read_experiment
from pico_core.experiments.heads import ComparisonConfig
from pico_core.experiments.rows import current_rows
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.retrieval.schemes.method import setting_scheme
from pico_core.retrieval.schemes.scheme import Change
from pico_core.retrieval.switching.column_sets import ColumnSet, axes_name
from pico_core.studies.runs import load_run, save_run
from pico_core.studies.study import run_study

TOML = """
name = "old"
sentence = "s"
seeds = 1
variants = ["p_hat"]
[[datasets]]
data = "data"
settings = { basis = "probe" }
[sweep]
basis = ["given", "probe"]
"""


@pytest.mark.parametrize("name", ["probe", "labels"])
def test_a_cell_keeps_the_key_that_the_first_version_gave_it(name):
    scheme = setting_scheme(Change("basis", name))
    assert (scheme.name, scheme.label) == ("basis=labels", "PICO, basis = labels")
    cell = plan_cell("d", "0123", scheme, StudyConfig(seed=2))
    settings = StudyConfig(seed=2).to_dict() | {"basis": "probe"}
    written = json.dumps([1, "0123", "basis=probe", settings, ""], sort_keys=True)
    assert cell.key == hashlib.sha256(written.encode()).hexdigest()[:24]
    assert cell.config.basis == "labels"


def test_an_experiment_names_a_basis_by_its_old_name(place, tmp_path):
    file = place / "old_names.toml"
    file.write_text(TOML)
    config = read_experiment(file)
    assert config.datasets[0].config.basis == "labels"
    assert [change.value for change in config.sweep] == ["given", "labels"]
    file.write_text(TOML.replace('"given", "probe"', '"labels", "probe"'))
    with pytest.raises(SettingError, match="each value once"):
        read_experiment(file)


def test_rows_of_old_tables_stand_under_the_names_of_today():
    old = pl.DataFrame({"variant": ["basis=probe"], "label": ["PICO, basis = probe"], "basis": ["probe"]})
    assert current_rows(old).select(old.columns).rows() == [("basis=labels", "PICO, basis = labels", "labels")]


def test_trainings_of_the_first_version_go_on_in_their_folder():
    assert ComparisonConfig(basis="labels").to_dict()["basis"] == "probe"
    assert ComparisonConfig(basis="probe") == ComparisonConfig(basis="labels")


def test_a_column_set_counts_the_axes_that_it_counted():
    old = ColumnSet("two", (1, 3), "probe axes of seed 0, fit share 0.45", "0123456789abcdef", 4)
    assert ColumnSet.from_json(old.to_json().encode()).axes == axes_name(StudyConfig(basis="labels"))


def test_a_run_of_the_first_version_opens_in_label_axes(planted, tmp_path):
    method = ConstructionConfig(n_prototypes=2, n_iterations=1, n_anchors=8)
    study = run_study(planted.pairs, StudyConfig(basis="labels", construction=method))
    folder = save_run(study, tmp_path / "run")
    about = json.loads((folder / "run.json").read_text())
    assert about["config"]["basis"] == "labels"
    about["config"]["basis"] = "probe"
    (folder / "run.json").write_text(json.dumps(about))
    columns = pl.read_parquet(folder / "weights.parquet")
    columns.with_columns(pl.col("title").str.replace("labels", "probe")).write_parquet(folder / "weights.parquet")
    opened = load_run(folder, planted.pairs)
    assert opened.config == study.config
    assert opened.basis.name == "labels"
    assert opened.columns["title"].to_list() == study.columns["title"].to_list()
