"""A grid is done cell by cell, whatever interrupts it, and its rows say what was measured."""

import json
import math
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import polars as pl
import pytest
import torch

from pico_core.common.errors import RunError
from pico_core.common.reporter import Cancelled
from pico_core.experiments.bench import Workbench
from pico_core.experiments.cells import compute_cell, plan_cell
from pico_core.experiments.config import read_experiment
from pico_core.experiments.datasets import open_dataset
from pico_core.experiments.grid import ABOUT, CELLS, RESULTS, read_about, results, run_experiment
from pico_core.experiments.rows import SCORED_SCHEMA
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.method import setting_scheme
from pico_core.retrieval.schemes.scheme import Change
from tests.reporters import Calls, stop_at, told

QUICK = """
name = "quick"
sentence = "Does it go on?"
seeds = 2
variants = ["p_hat", "correlation", "mean_removal", "gap_removal"]
settings = { n_iterations = 1, n_prototypes = 2, n_anchors = 16 }
[[datasets]]
data = "data"
"""
KILLED = """
import sys, time
from pico_core.experiments.config import read_experiment
from pico_core.experiments.grid import run_experiment
from pico_core.common.reporter import Reporter

class Show(Reporter):
    def step(self, done, total, *, name="", record=None):
        print(done, flush=True)
        if done == 3:
            time.sleep(600)  # before the fourth cell

run_experiment(read_experiment(sys.argv[1]), sys.argv[2], reporter=Show())
"""


@pytest.fixture
def quick(written):
    return written(QUICK, "quick.toml")


def cells_in(folder):
    return {path.name: path.stat().st_mtime_ns for path in (folder / CELLS).glob("*.parquet")}


def test_a_killed_run_goes_on_without_repeating_a_finished_cell(quick, place, tmp_path):
    command = [sys.executable, "-c", KILLED, str(place / "quick.toml"), str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if line.strip() == "3":
                break
        process.kill()
    finished = cells_in(tmp_path / "run")
    assert len(finished) == 3
    assert results(tmp_path / "run").height == 3, "what is there can be read, though nobody ended the run"
    seen = []
    done = run_experiment(quick, tmp_path / "run", reporter=Calls(record=seen.append))
    assert (done.total, done.kept, done.computed) == (10, 3, 7)
    assert seen[0] is None, "before the first cell it is told how many are there"
    assert len(seen[1:]) == len({(row.variant, row.seed) for row in seen[1:]}) == 7
    after = cells_in(tmp_path / "run")
    assert {name: after[name] for name in finished} == finished
    whole = tmp_path / "whole"
    run_experiment(quick, whole)
    same = pl.exclude("seconds")
    assert results(whole).select(same).equals(results(tmp_path / "run").select(same))


def test_an_exception_and_a_stop_lose_nothing(quick, tmp_path):
    def burst(row):
        if row is not None:
            raise RuntimeError(row.variant)

    with pytest.raises(RuntimeError, match="unweighted"):
        run_experiment(quick, tmp_path / "run", reporter=Calls(record=burst))
    assert pl.read_parquet(tmp_path / "run" / RESULTS).height == 1
    steps = []
    with pytest.raises(Cancelled):
        run_experiment(quick, tmp_path / "run", reporter=stop_at(3, steps))
    assert steps == [1, 2, 3]
    assert pl.read_parquet(tmp_path / "run" / RESULTS)["variant"].to_list() == ["unweighted", "p_hat", "correlation"]


def test_a_damaged_cell_is_computed_again_and_a_finished_grid_computes_nothing(quick, tmp_path):
    first = run_experiment(quick, tmp_path)
    before = results(tmp_path)
    victims = sorted((tmp_path / CELLS).glob("*.parquet"))
    victims[0].write_bytes(victims[0].read_bytes()[:100])
    victims[1].write_bytes(b"")
    pl.DataFrame({"a": [1]}).write_parquet(victims[2])
    assert results(tmp_path).height == first.total - 3
    assert run_experiment(quick, tmp_path).computed == 3
    assert results(tmp_path).drop("seconds").equals(before.drop("seconds"))
    assert run_experiment(quick, tmp_path).computed == 0


def test_what_decides_a_number_makes_a_new_cell_and_a_new_name_does_not(quick, written, place, tmp_path):
    run_experiment(quick, tmp_path)
    told = QUICK.replace('"quick"', '"other"').replace('data = "data"', 'data = "data"\nname = "mine"')
    renamed = run_experiment(written(told), tmp_path)
    assert (renamed.kept, renamed.computed) == (10, 0)
    assert set(results(tmp_path)["dataset"]) == {"mine"}
    assert set(results(tmp_path)["experiment"]) == {"other"}
    assert run_experiment(written(told + "settings = { strengths = [0.5] }\n"), tmp_path).computed == 10
    truth = place / "data" / "truth.parquet"
    kept = truth.read_bytes()
    oracle = written(QUICK.replace('["p_hat", "correlation", "mean_removal", "gap_removal"]', '["oracle_truth"]'))
    run_experiment(oracle, tmp_path)
    try:
        pl.read_parquet(truth).with_columns(pl.col("semantic_share") / 2).write_parquet(truth)
        assert run_experiment(oracle, tmp_path).computed == 2, "another truth, the oracle anew and nothing else"
    finally:
        truth.write_bytes(kept)


def test_a_folder_of_something_else_is_refused(quick, tmp_path):
    (tmp_path / "diary.txt").write_text("mine")
    with pytest.raises(RunError, match=r"diary\.txt"):
        run_experiment(quick, tmp_path)
    with pytest.raises(RunError, match="is a file"):
        run_experiment(quick, tmp_path / "diary.txt")
    with pytest.raises(RunError, match=ABOUT):
        results(tmp_path)


def test_progress_is_told_before_every_cell(quick, tmp_path):
    steps, shares = [], []
    reporter = told(steps)
    reporter.share = shares.append
    run_experiment(quick, tmp_path, reporter=reporter)
    assert [done for _, done, _ in steps] == list(range(11))
    assert shares == [done / 10 for done in range(11)]
    assert [stage for stage, *_ in steps[:2]] == ["", "data, seed 0: Unweighted (P = 1)"]


def test_the_table_has_every_cell_with_its_columns(table, place):
    config = read_experiment(place / "small.toml")
    assert table.schema == SCORED_SCHEMA
    expected = [
        (dataset.name, variant.name, seed)
        for seed in config.seeds
        for dataset in config.datasets
        for variant in config.variants_on(dataset)
    ]
    assert table.select("dataset", "variant", "seed").rows() == expected
    assert {"gamma=1", "gamma=4", "basis=pca", *SCHEMES.names} == set(table["variant"])


def test_the_reference_defines_the_difference_0(table):
    for row in table.filter(variant="unweighted").iter_rows(named=True):
        assert (row["difference"], row["low"], row["high"]) == (0.0, 0.0, 0.0)
        assert row["rsum"] == row["baseline"]
    held = table.filter(pl.col("rsum").is_not_null())
    assert held.select((pl.col("rsum") - pl.col("baseline") - pl.col("difference")).abs().max()).item() < 1e-9
    assert held.filter(
        (pl.col("low") > pl.col("difference") + 1e-3) | (pl.col("high") < pl.col("difference") - 1e-3)
    ).is_empty()
    # One split, one baseline: also under a swept basis, and in both datasets, which are the same data turned.
    assert table.group_by("seed").agg(pl.col("baseline").round(3).n_unique())["baseline"].to_list() == [1, 1]


def test_what_does_not_apply_has_no_numbers_and_a_reason(table):
    row = table.filter(dataset="data, cross", variant="oracle_truth", seed=0).row(0, named=True)
    assert (row["rsum"], row["difference"], row["low"], row["high"], row["strength"]) == (None,) * 5
    assert row["note"] == "the truth is planted in the given columns"
    assert table.filter(dataset="data", variant="oracle_truth")["rsum"].null_count() == 0


def test_higher_gain_gets_higher_weight_in_every_recorded_softmax_row(table):
    """The paper's proposition, on the records themselves."""
    checked = 0
    for row in table.filter(pl.col("gains").is_not_null()).iter_rows(named=True):
        settings = json.loads(row["settings"])["construction"]
        assert len(row["gains"]) == len(row["feedback_weights"])
        assert math.fsum(row["feedback_weights"]) == pytest.approx(1, abs=1e-5)
        if settings["rule"] != "softmax":
            continue
        pairs = list(zip(row["gains"], row["feedback_weights"], strict=True))
        for gain, weight in pairs:
            for other, less in pairs:
                if gain > other + 1e-6:
                    assert weight > less, row["variant"]
                    checked += 1
    assert checked > 20


def test_feedback_in_random_order_stands_beside_every_feedback_result(table):
    of_feedback = table.filter(pl.col("family").is_in(["method", "feedback", "setting"]))
    for dataset, seed in of_feedback.select("dataset", "seed").unique().iter_rows():
        shuffled = table.filter(dataset=dataset, seed=seed, variant="shuffled")
        assert shuffled["rsum"].null_count() == 0
        assert shuffled.height == 1
    shares = table.filter(pl.col("variant") == "shuffled")["feedback_weights"].to_list()
    straight = table.filter(pl.col("variant") == "pico")["feedback_weights"].to_list()
    assert shares != straight


def test_settings_change_one_thing(table):
    row = table.filter(dataset="data", variant="gamma=1", seed=3).row(0, named=True)
    base = table.filter(dataset="data", variant="pico", seed=3).row(0, named=True)
    changed, own = json.loads(row["settings"]), json.loads(base["settings"])
    assert changed["construction"] == own["construction"] | {"gamma": 1.0}
    same = table.filter(dataset="data", variant="gamma=4", seed=3).row(0, named=True)
    assert (same["rsum"], same["gains"]) == (base["rsum"], base["gains"])
    assert table.filter(variant="basis=pca")["basis"].to_list() == ["pca", "pca"]


@pytest.fixture(scope="module")
def bench(place):
    """The workbench of the first dataset under seed 3."""
    choice = read_experiment(place / "small.toml").datasets[0]
    return Workbench(open_dataset(choice), replace(choice.config, seed=3))


@pytest.mark.parametrize("name", ["p_hat", "cca", "whitening", "basis=pca"])
def test_a_row_is_the_scoring_of_its_scheme_on_the_test_split(table, bench, name):
    variant = setting_scheme(Change("basis", "pca")) if "=" in name else SCHEMES[name]
    scheme = variant.fit(bench)
    test = bench.splits(scheme.config).test
    test = test if scheme.transform is None else scheme.transform(test)
    ones = torch.ones(24) if scheme.weights is None else scheme.weights
    rsum = retrieval_report(test, weights=ones).weighted.metrics.rsum.value
    row = table.filter(dataset="data", variant=name, seed=3).row(0, named=True)
    assert row["rsum"] == pytest.approx(rsum, abs=1e-3)
    assert row["rsum"] != row["baseline"]


def test_time_counts_the_construction_that_a_cell_uses_whichever_cell_made_it(bench):
    built = bench.built(bench.config)
    for name in ("pico", "pico_guarded", "permuted"):
        cell = plan_cell("data", "0", SCHEMES[name], bench.config)
        assert compute_cell(bench, cell, experiment="e").seconds >= built.seconds
    before = bench.clock()
    cell = plan_cell("data", "0", SCHEMES["gap_removal"], bench.config)
    assert compute_cell(bench, cell, experiment="e").seconds <= bench.clock() - before


def test_the_record_says_what_was_run_and_names_no_place(finished, place):
    about = read_about(finished)
    assert about["sentence"] == "Does it run?"
    assert [len(about[name]) for name in ("datasets", "seeds", "sweep")] == [2, 2, 3]
    assert set(about["digests"]) == {"data", "data, cross"}
    assert any(text.startswith("torch ") for text in about["versions"])
    assert str(place) not in (finished / ABOUT).read_text()
    assert sorted(os.listdir(finished)) == sorted([CELLS, ABOUT, RESULTS])
    assert pl.read_parquet(finished / RESULTS).equals(results(finished))


def test_a_table_can_be_read_while_a_cell_is_being_written(finished, tmp_path):
    shutil.copytree(finished, tmp_path / "copy")
    (tmp_path / "copy" / CELLS / ".0.parquet.0a1b2c3d.part").write_bytes(b"half")
    assert results(tmp_path / "copy").equals(results(finished))


def test_an_impossible_setting_is_a_row_with_a_reason(written, tmp_path):
    config = written(QUICK.replace('"p_hat", ', "") + "[sweep]\nn_prototypes = [999]\n")
    run_experiment(config, tmp_path)
    row = results(tmp_path).filter(variant="n_prototypes=999").row(0, named=True)
    assert row["rsum"] is None
    assert "999" in row["note"]
