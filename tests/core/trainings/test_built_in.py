"""The built-in trainings are those of their list, every control beside them, and one of them comes out again."""

from pathlib import Path

import polars as pl
import pytest

from pico_core.analysis.evaluation import retrieval_feedback
from pico_core.experiments.config import BUILT_IN
from pico_core.experiments.datasets import open_pairs
from pico_core.experiments.listed_trainings import TRAINING_CURVES, TRAININGS
from pico_core.experiments.training_list import find_training_list, read_training_list
from pico_core.training.alignment import align
from pico_core.trainings.markdown import training_markdown
from pico_core.trainings.tables import CURVES, FAMILY, LEAD, SCHEMA

TOLERANCE = 1.0  # points of rSum, as of experiments: other libraries round sums otherwise, and close ranks then swap


@pytest.fixture(scope="module")
def listed():
    return read_training_list(find_training_list("training"))


@pytest.fixture(scope="module")
def table():
    return pl.read_parquet(BUILT_IN / TRAININGS)


@pytest.fixture(scope="module")
def curves():
    return pl.read_parquet(BUILT_IN / TRAINING_CURVES)


def test_every_comparison_has_every_variant_and_seed_of_its_list(listed, table):
    assert table.schema == SCHEMA
    assert set(table["experiment"]) == {listed.name}
    rows = table.filter(family=FAMILY).select("dataset", "basis", "seed", "variant").rows()
    assert rows == [
        (one.name, one.config.basis, seed, variant)
        for one in listed.comparisons
        for seed in one.config.seeds
        for variant in ("frozen", *one.config.ordered)
    ]
    for one in listed.comparisons:
        pairs = open_pairs(one.data, one.place)
        own = table.filter(dataset=one.name)
        assert set(own["digest"]) == {pairs.digest}
        parts = one.config.splits(pairs, one.config.seeds[0])
        assert set(own["n_train"]) == {parts.fit.n_images + parts.feedback.n_images}
        assert set(own["n_images"]) == {parts.test.n_images}


def test_pico_stands_beside_every_control_in_every_comparison(listed, table):
    for one in listed.comparisons:
        leads = table.filter(dataset=one.name, family=LEAD)
        assert {"shuffled", "permuted", "after", "learned"} <= set(one.config.ordered)
        for seed in one.config.seeds:
            own = table.filter(dataset=one.name, family=FAMILY, seed=seed)
            rsums = dict(own.select("variant", "rsum").iter_rows())
            assert own["baseline"].to_list() == [rsums["none"]] * own.height
            against = dict(leads.filter(seed=seed).select("variant", "baseline").iter_rows())
            assert against == {name: rsums[name] for name in one.config.ordered if name not in ("none", "pico")}
            assert set(leads.filter(seed=seed)["rsum"]) == {rsums["pico"]}


def test_differences_are_those_of_the_rsums(table):
    apart = (table["rsum"] - table["baseline"] - table["difference"]).abs()
    assert apart.max() < 1e-3
    assert ((table["low"] <= table["difference"] + 1e-3) & (table["difference"] <= table["high"] + 1e-3)).all()


def test_curves_hold_every_epoch_and_lead_to_the_epoch_that_was_tested(listed, table, curves):
    assert curves.schema == CURVES
    trained = table.filter((pl.col("family") == FAMILY) & (pl.col("variant") != "frozen"))
    n_epochs = {one.name: one.config.alignment.n_epochs for one in listed.comparisons}
    parts = curves.partition_by("dataset", "seed", "variant", maintain_order=True)
    assert len(parts) == trained.height
    for part, row in zip(parts, trained.iter_rows(named=True), strict=True):
        assert part.row(0)[:3] == (row["dataset"], row["variant"], row["seed"])
        assert part["epoch"].to_list() == list(range(n_epochs[row["dataset"]] + 1))
        best = row["best_epoch"]
        assert row["note"].startswith(f"best epoch {best} of ")
        feedback = part["feedback_rsum"].to_list()
        assert feedback.index(max(feedback)) == best


def test_the_files_stay_small():
    assert sum((BUILT_IN / name).stat().st_size for name in (TRAININGS, TRAINING_CURVES)) < 90_000


def test_one_training_comes_out_again(listed, table):
    one = next(one for one in listed.comparisons if one.name == "given, few pairs")
    pairs = open_pairs(one.data, one.place)
    parts = one.config.splits(pairs, 0)
    made = align(parts.fit, parts.feedback, measure=retrieval_feedback, config=one.config.of("none", 0))
    test = made.heads.through(parts.test)
    found = float(retrieval_feedback(test)(made.weights).double().mean())
    told = table.filter(dataset=one.name, family=FAMILY, seed=0, variant="none")["rsum"].item()
    assert found == pytest.approx(told, abs=TOLERANCE)
    assert abs(table.filter(dataset=one.name, family=FAMILY, seed=0, variant="frozen")["rsum"].item() - told) > 2


def test_the_answer_in_the_documents_is_that_of_the_table(table):
    told = (Path(__file__).resolve().parents[3] / "docs" / "answer.md").read_text(encoding="utf-8")
    assert training_markdown(table) in told
