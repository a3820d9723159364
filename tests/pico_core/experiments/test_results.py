"""What an experiment says: decided on known tables, results read from disk, files that make them again."""

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime

import polars as pl
import pytest

from pico_core.common.errors import RunError, SettingError
from pico_core.common.reporter import SILENT, Cancelled
from pico_core.experiments import grid as running
from pico_core.experiments.config import read_experiment
from pico_core.experiments.datasets import OpenDataset
from pico_core.experiments.order import feedback_orders, recorded_runs
from pico_core.experiments.reading import reached, read_outcome, read_trained
from pico_core.experiments.small import small_experiment
from pico_core.experiments.summary import summarise
from pico_core.experiments.sweeps import sweeps_on
from pico_core.experiments.tables import BESIDE
from pico_core.experiments.training_summary import training_summaries
from pico_core.experiments.verdicts import answer_on, cost_on, leads_on, split_leads
from pico_core.experiments.writing import experiment_toml
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.retrieval.records import Verdict
from tests.grids import HELPS, Line, grid, swapped, trainings
from tests.reporters import pressed_at, stop_at


def answer(lines, **more):
    return answer_on(summarise(grid(lines, **more)), "toy")


# What is decided


def test_a_method_that_helps_has_to_beat_the_best_that_is_not_detectably_behind():
    found = answer(HELPS)
    assert (found.method.variant, found.rival.variant, found.n_simpler) == ("pico", "correlation", 3)
    # The mean of one is below, and its splits do not agree: then the other one is no proof of a lead over all.
    unsure = answer(swapped(HELPS, Line("correlation", (30.0, 31.2, 32.1)), Line("p_hat", (-30.0, 29.0, 60.0))))
    assert unsure.rival.variant == "p_hat"


def test_leads_are_sorted_by_their_intervals():
    leads = leads_on(summarise(grid(HELPS)), "toy")
    assert {one.variant for one in leads.behind} == {"unweighted", "p_hat", "permuted", "whitening"}
    assert {one.variant for one in leads.level} >= {"uniform", "shuffled", "correlation"}
    assert leads.ahead == ()


def test_leads_in_single_splits_are_counted_and_costs_compared():
    table = grid(HELPS)
    leads = split_leads(table, "correlation")
    assert (leads.n_splits, leads.n_ahead, leads.n_level) == (3, 1, 0)
    assert leads.mean == pytest.approx(-0.3)
    assert split_leads(table, "oracle_truth") is None
    cost = cost_on(summarise(table))
    assert (cost.method.variant, cost.simpler.variant, cost.times) == ("pico", "correlation", pytest.approx(25.0))
    assert cost_on(summarise(grid(HELPS[:2]))) is None


def test_a_sweep_marks_the_datasets_own_value():
    table = grid(HELPS)
    (gamma,) = sweeps_on(table, summarise(table), "toy").sweeps
    assert [(one.value, one.is_own, one.own_lead) for one in gamma.values] == [
        ("1", False, Verdict.HELPS),
        ("4", True, Verdict.NONE),
    ]
    other = grid(HELPS, config=StudyConfig(construction=ConstructionConfig(gamma=1.0)))
    assert [one.is_own for one in sweeps_on(other, summarise(other), "toy").sweeps[0].values] == [True, False]
    single = grid(HELPS, seeds=1)
    assert {one.own_lead for one in sweeps_on(single, summarise(single), "toy").sweeps[0].values} == {None}


# Higher gain, higher weight


def test_every_construction_is_counted_once_and_wrong_pairs_are_found():
    runs = recorded_runs(grid(HELPS))
    # pico, its guarded version and gamma=4 are one construction, and gamma=1 another: two for each of three seeds.
    assert sum(run.rule == "softmax" for run in runs) == 6
    softmax, shuffled, uniform = feedback_orders(runs)
    assert (softmax.rule, softmax.n_pairs, softmax.n_wrong) == ("softmax", 18, 0)
    assert (shuffled.rule, shuffled.n_pairs, shuffled.n_wrong) == ("shuffled", 9, 9)
    assert (uniform.n_wrong, uniform.n_level) == (0, 9)


# Read from disk


@pytest.fixture
def small(planted):
    config = StudyConfig(construction=ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=16))
    made = small_experiment("planted", config, families=["oracle"], n_seeds=1, name="tiny")
    return made, [OpenDataset(made.datasets[0], planted.pairs, planted.semantic_share)]


def test_an_open_dataset_runs_fills_a_folder_and_goes_on(small, planted, tmp_path):
    config, opened = small
    with pytest.raises(KeyboardInterrupt):
        running.run_experiment(config, tmp_path / "grid", opened=opened, reporter=pressed_at(3, SILENT))
    half = read_outcome(tmp_path / "grid")
    assert (half.reached.done, half.reached.total, half.reached.state) == (3, 5, "going")
    assert half.reached.seconds_left > 0
    assert half.datasets == ("tiny",)
    assert set(half.table["digest"]) == {planted.pairs.digest}, "the open data, not the demo of that name"
    old = time.time() - 3600
    for file in (tmp_path / "grid" / "cells").iterdir():
        os.utime(file, (old, old))
    about = json.loads((tmp_path / "grid" / "experiment.json").read_text())
    (tmp_path / "grid" / "experiment.json").write_text(
        json.dumps(about | {"started": datetime.fromtimestamp(old - 60, UTC).isoformat()})
    )
    stopped = reached(tmp_path / "grid")
    assert stopped.state == "stopped"
    assert (stopped.done, stopped.total) == (3, 5)
    run = running.run_experiment(config, tmp_path / "grid", opened=opened)
    assert (run.kept, run.computed) == (3, 2)
    whole = read_outcome(tmp_path / "grid")
    assert (whole.reached.state, whole.reached.total) == ("finished", 5)
    assert read_outcome(tmp_path / "grid" / "results.parquet").table.equals(whole.table)


def test_a_file_that_is_written_from_an_experiment_or_its_record_reads_back_the_same(small, tmp_path):
    config, opened = small
    with pytest.raises(Cancelled):
        running.run_experiment(config, tmp_path / "grid", opened=opened, reporter=stop_at(1))
    changed = StudyConfig(basis="cross").with_settings({"gamma": "2", "strengths": "0.5,1"})
    swept = small_experiment("clean", changed, families=["setting", "control"], n_seeds=3, name='a "name" \\ ü\n')
    (tmp_path / "data").mkdir()
    placed = small_experiment("own", changed, families=["transform"], n_seeds=2, path=tmp_path / "data")
    placed = replace(placed, seeds=(3, 1))
    for number, (made, text) in enumerate(
        [
            (config, experiment_toml(config)),
            (config, read_outcome(tmp_path / "grid").toml),
            (swept, experiment_toml(swept)),
            (placed, experiment_toml(placed)),
        ]
    ):
        file = tmp_path / f"{number}.toml"
        file.write_text(text, encoding="utf-8")
        back = read_experiment(file)
        data = replace(made.datasets[0], data=back.datasets[0].data, name=made.datasets[0].name.strip())
        sweep = bool(made.sweep) or back.datasets[0].sweep
        assert back == replace(made, datasets=(replace(data, sweep=sweep),))
    beside = tmp_path / "table.parquet"
    grid(HELPS).write_parquet(beside)
    assert read_outcome(beside).toml == ""
    beside.with_suffix(".toml").write_text("name = 'x'")
    assert read_outcome(beside).toml == "name = 'x'"


def test_what_is_no_result_is_refused_in_a_sentence(tmp_path):
    (tmp_path / "words.parquet").write_text("no table")
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "other.parquet")
    for path, words in (
        (tmp_path / "missing", "missing: nothing there; name the folder"),
        (tmp_path, "no experiment.json"),
        (tmp_path / "words.parquet", "words.parquet: cannot be read"),
        (tmp_path / "other.parquet", "other columns"),
    ):
        with pytest.raises(RunError, match=words):
            read_outcome(path)


@pytest.mark.parametrize(
    ("spoilt", "words"),
    [
        ({"n_train": pl.lit(0)}, "a split without images"),
        ({"rsum": pl.lit(float("nan"))}, "a number that is none"),
        ({"low": pl.lit(None, dtype=pl.Float64)}, "a result without its interval"),
        ({"seed": pl.lit(0)}, "the same cell twice"),
        ({"label": pl.lit(None, dtype=pl.String)}, "a cell without a name"),
        ({"seconds": pl.lit(float("inf"))}, "a time that is no number"),
        ({"gains": pl.lit([1.0])}, "gains without their weights"),
        ({"settings": pl.lit("[1]")}, "settings that this version does not know"),
        ({"settings": pl.lit('{"gamma": "many"}')}, "settings that this version does not know"),
    ],
)
def test_a_table_with_rows_that_no_experiment_writes_is_refused(tmp_path, spoilt, words):
    table = grid(HELPS)
    path = tmp_path / "spoilt.parquet"
    table.with_columns(**{name: value.cast(table.schema[name]) for name, value in spoilt.items()}).write_parquet(path)
    with pytest.raises(RunError, match=words):
        read_outcome(path)


def test_a_small_experiment_needs_families_and_seeds():
    for families, seeds in (((), 1), (("reference",), 1), (("oracle",), 0), (("oracle",), 6)):
        with pytest.raises(SettingError):
            small_experiment("planted", StudyConfig(), families=families, n_seeds=seeds)
    swept = small_experiment("planted", StudyConfig(), families=["setting"], n_seeds=1)
    assert {change.setting for change in swept.sweep} == {"gamma", "n_prototypes", "combination"}
    assert {"pico", "shuffled", "unweighted"} <= {one.name for one in swept.variants}


# Trainings


def gathered(tables):
    return training_summaries(tables.table, tables.curves)


@pytest.mark.parametrize(
    "names", [("training.parquet", "training_curves.parquet"), ("table.parquet", "curves.parquet")]
)
def test_trainings_are_read_gathered_and_told(tmp_path, names):
    assert read_trained(tmp_path) is None
    trainings(tmp_path, names=names)
    (found,) = gathered(read_trained(tmp_path))
    assert [(row.variant, row.n_seeds, row.difference) for row in found.rows] == [
        ("none", 2, 0.0),
        ("pico", 2, 6.0),
        ("p_hat", 2, 1.5),
    ]
    assert found.lead("p_hat").value == 4.5
    assert found.plain == 400
    assert [curve.best for curve in found.curves] == [1] * 6
    assert {curve.label for curve in found.curves} == {"Trained with P = 1", "PICO in the loop", "p̂ in the loop"}
    assert "PICO in the loop makes no detectable difference: +6.0 [" in found.sentence
    assert "A control cannot be told apart from it: p̂ in the loop (PICO minus it: +4.5 [" in found.sentence


def test_trainings_of_heads_and_of_the_encoder_are_read_together(tmp_path):
    trainings(tmp_path)
    own = read_trained(tmp_path)
    for name, renamed in zip(*BESIDE, strict=True):
        frame = pl.read_parquet(tmp_path / name)
        new = [pl.lit("encoder").alias(column) for column in ("experiment", "dataset") if column in frame.columns]
        frame.with_columns(new).write_parquet(tmp_path / renamed)
    first, second = gathered(read_trained(tmp_path))
    assert (first.dataset, second.dataset) == ("toy", "encoder")
    assert first == gathered(own)[0]
    assert second.curves == first.curves


def test_damaged_trainings_are_refused(tmp_path):
    trainings(tmp_path)
    table = pl.read_parquet(tmp_path / "training.parquet")
    table.with_columns(rsum=pl.lit(float("nan"))).write_parquet(tmp_path / "training.parquet")
    with pytest.raises(RunError, match="a number that is none"):
        read_trained(tmp_path)
    table.drop("rsum").write_parquet(tmp_path / "training.parquet")
    with pytest.raises(RunError, match="has other columns than a table of cells, and no rsum"):
        read_trained(tmp_path)
