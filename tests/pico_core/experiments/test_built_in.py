"""The committed results: whole, reproducible, with the property of the feedback and every control beside them."""

import dataclasses

import polars as pl
import pytest

from pico_core.experiments.config import BUILT_IN, find_experiment, read_experiment
from pico_core.experiments.grid import results, run_experiment
from pico_core.experiments.markdown import markdown_table
from pico_core.experiments.order import feedback_orders, recorded_runs
from pico_core.experiments.rows import CELL
from pico_core.experiments.summary import summarise
from pico_core.experiments.tables import check_table, read_table
from pico_core.retrieval.schemes.catalogue import SCHEMES
from tests.places import ROOT

ANSWER = ROOT / "docs" / "answer.md"
SHORT = {  # what the README calls a row of the table
    "PICO, no guard": "PICO (best by feedback, no guard)",
    "the same, gains in random order": "Feedback: gains in random order",
    "matched column correlation": "Correlation over matched pairs as weights",
    "weights learned one by one": "Learned weights, one per column",
    "whitening": "Whitening, shrunk",
}
NAMES = ("demo", "choices")
CHEAP = ("unweighted", "pico", "p_hat", "permuted", "ends_only", "correlation", "whitening")


@pytest.fixture(scope="module", params=NAMES)
def built_in(request):
    return read_experiment(find_experiment(request.param)), read_table(BUILT_IN / f"{request.param}.parquet")


def test_every_cell_of_the_file_is_in_the_table_and_no_other(built_in):
    config, table = built_in
    planned = [
        (dataset.name, variant.name, seed)
        for seed in config.seeds
        for dataset in config.datasets
        for variant in config.variants_on(dataset)
    ]
    assert table.select(CELL).rows() == planned
    assert table["difference"].to_list() == pytest.approx(
        (table["rsum"] - table["baseline"]).to_list(), nan_ok=True, abs=1e-6
    )


def test_in_every_recorded_run_higher_gain_has_higher_weight(built_in):
    promised, *others = feedback_orders(recorded_runs(built_in[1]))
    assert promised.rule == "softmax"
    assert promised.n_runs >= 50
    assert promised.n_wrong == 0
    assert sum(one.n_wrong for one in others if one.rule in ("ema", "shuffled", "last")) > 0  # it can be otherwise


def test_shuffled_feedback_stands_beside_every_result_of_feedback(built_in):
    _, table = built_in
    used = table.filter(pl.col("family").is_in(["method", "feedback", "setting"])).select("dataset", "seed").unique()
    beside = table.filter((pl.col("variant") == "shuffled") & pl.col("rsum").is_not_null()).select("dataset", "seed")
    assert used.join(beside, on=["dataset", "seed"], how="anti").is_empty()


def test_cells_computed_anew_are_those_of_the_table(tmp_path):
    config = read_experiment(find_experiment("demo"))
    few = dataclasses.replace(
        config,
        datasets=tuple(one for one in config.datasets if one.data == "planted"),
        variants=tuple(SCHEMES[name] for name in CHEAP),
        sweep=(),
        seeds=(0,),
    )
    run_experiment(few, tmp_path / "again")
    table = read_table(BUILT_IN / "demo.parquet")
    wanted = table.join(results(tmp_path / "again").select(CELL), on=CELL, how="semi")
    found = check_table(results(tmp_path / "again"), wanted)
    assert found.agrees, found.sentence
    assert found.n_cells == len(CHEAP)


def test_the_answer_in_the_documents_is_that_of_the_tables(built_in):
    assert markdown_table(summarise(built_in[1])) in ANSWER.read_text(encoding="utf-8")


def test_the_numbers_of_the_readme_are_those_of_the_table():
    lines = markdown_table(summarise(read_table(BUILT_IN / "demo.parquet"))).splitlines()
    told = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    for short, label in SHORT.items():
        wanted = next(line for line in lines if line.startswith(f"| {label} |"))
        assert f"| {short} |{wanted.removeprefix(f'| {label} |')}" in told
