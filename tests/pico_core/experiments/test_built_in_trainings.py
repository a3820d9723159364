"""The built-in trainings are those of their list, every control beside them, and one of them comes out again."""

import polars as pl
import pytest

from pico_core.experiments.config import BUILT_IN
from pico_core.experiments.datasets import open_choice
from pico_core.experiments.markdown import training_markdown
from pico_core.experiments.rows import CURVES, LEAD, TRAINED, TRAINED_SCHEMA
from pico_core.experiments.scenes import SceneComparison
from pico_core.experiments.tables import BESIDE, LISTED
from pico_core.experiments.training_list import find_training_list, read_training_list
from pico_core.experiments.training_summary import training_summaries
from pico_core.experiments.trainings import subjects_of
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.training.alignment import align
from tests.places import ROOT

TOLERANCE = 1.0  # points of rSum, as of experiments: other libraries round sums otherwise, and close ranks then swap


FILES = {"training": (LISTED[0], LISTED[1]), "encoder": BESIDE[1]}


@pytest.fixture(scope="module", params=FILES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def listed(name):
    return read_training_list(find_training_list(name))


@pytest.fixture(scope="module")
def table(name):
    return pl.read_parquet(BUILT_IN / FILES[name][0])


@pytest.fixture(scope="module")
def curves(name):
    return pl.read_parquet(BUILT_IN / FILES[name][1])


def n_test(one, subject, seed):
    """Test images; of scenes what was asked for, as rendering them takes long."""
    if isinstance(one.config, SceneComparison):
        return one.config.scenes.n_test
    return len(set(subject.trial(seed).text_image.tolist()))


def test_every_comparison_has_every_variant_and_seed_of_its_list(listed, table):
    assert table.schema == TRAINED_SCHEMA
    assert set(table["experiment"]) == {listed.name}
    rows = table.filter(family=TRAINED).select("dataset", "basis", "n_images", "seed", "variant").rows()
    subjects = subjects_of(listed)
    assert rows == [
        (one.name, subject.compared.basis, n_test(one, subject, seed), seed, variant)
        for one, subject in zip(listed.comparisons, subjects, strict=True)
        for seed in one.config.seeds
        for variant in ("frozen", *one.config.ordered)
    ]
    for one, subject in zip(listed.comparisons, subjects, strict=True):
        own, trial = table.filter(dataset=one.name), subject.trial(one.config.seeds[0])
        assert set(own["digest"]) == {subject.digest}
        assert set(own["n_train"]) == {trial.n_train}
        assert set(own["fresh"]) == {subject.fresh}


def test_pico_stands_beside_every_control_in_every_comparison(listed, table):
    for one in listed.comparisons:
        leads = table.filter(dataset=one.name, family=LEAD)
        assert {"shuffled", "permuted", "after", "learned"} <= set(one.config.ordered)
        for seed in one.config.seeds:
            own = table.filter(dataset=one.name, family=TRAINED, seed=seed)
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
    trained = table.filter((pl.col("family") == TRAINED) & (pl.col("variant") != "frozen"))
    subjects = zip(listed.comparisons, subjects_of(listed), strict=True)
    n_epochs = {one.name: subject.compared.n_epochs for one, subject in subjects}
    parts = curves.partition_by("dataset", "seed", "variant", maintain_order=True)
    assert len(parts) == trained.height
    for part, row in zip(parts, trained.iter_rows(named=True), strict=True):
        assert part.row(0)[:3] == (row["dataset"], row["variant"], row["seed"])
        assert part["epoch"].to_list() == list(range(n_epochs[row["dataset"]] + 1))
        best = row["best_epoch"]
        assert row["note"].startswith(f"best epoch {best} of ")
        feedback = part["feedback_rsum"].to_list()
        assert feedback.index(max(feedback)) == best


def test_the_files_stay_small(name):
    assert sum((BUILT_IN / file).stat().st_size for file in FILES[name]) < 90_000


def test_the_first_epoch_of_the_encoder_is_that_of_every_variant():
    curves = pl.read_parquet(BUILT_IN / FILES["encoder"][1]).filter(pl.col("epoch") <= 1)
    first = curves.drop("variant").unique()
    assert first.height == 2 * first.select("dataset", "seed").unique().height
    assert curves.height > 3 * first.height


def test_the_encoder_learns_with_equal_weights_in_every_comparison():
    table = pl.read_parquet(BUILT_IN / FILES["encoder"][0]).filter(family=TRAINED)
    untrained, plain = (table.filter(variant=variant)["rsum"] for variant in ("frozen", "none"))
    assert (plain > 2.5 * untrained).all()
    assert (untrained < 30).all()  # about chance: the encoder starts from random weights


def test_the_test_scenes_of_the_encoder_are_shifted_and_those_that_choose_the_epoch_are_not():
    for one in read_training_list(find_training_list("encoder")).comparisons:
        training, feedback, test = (one.config.config_of(part) for part in ("training", "feedback", "test"))
        assert (training.tie, feedback.tie, test.tie) == (0.95, 0.95, 0.0)
        assert training.styles == feedback.styles
        assert set(test.styles).isdisjoint(training.styles) == bool(one.config.held_out)


def test_one_training_of_heads_comes_out_again():
    listed, table = read_training_list(find_training_list("training")), pl.read_parquet(BUILT_IN / LISTED[0])
    one = next(one for one in listed.comparisons if one.name == "given, few pairs")
    pairs = open_choice(one.data, one.path)
    parts = one.config.splits(pairs, 0)
    made = align(parts.fit, parts.feedback, measure=retrieval_feedback, config=one.config.of("none", 0))
    test = made.heads.through(parts.test)
    found = float(retrieval_feedback(test)(made.weights).double().mean())
    told = table.filter(dataset=one.name, family=TRAINED, seed=0, variant="none")["rsum"].item()
    assert found == pytest.approx(told, abs=TOLERANCE)
    assert abs(table.filter(dataset=one.name, family=TRAINED, seed=0, variant="frozen")["rsum"].item() - told) > 2


def test_the_answer_in_the_documents_is_that_of_the_table(table):
    told = (ROOT / "docs" / "answer.md").read_text(encoding="utf-8")
    assert training_markdown(training_summaries(table)) in told
