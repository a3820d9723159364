"""What an experiment says: sentences from known tables, results read from disk, files that make them again."""

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
from pico_core.experiments.verdicts import answer_on, cost_sentence, leads_on, split_sentence
from pico_core.experiments.writing import experiment_toml
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.retrieval.schemes.catalogue import SCHEMES
from tests.grids import HELPS, HURTS, Line, grid, trainings
from tests.reporters import pressed_at, stop_at


def answer(lines, **more):
    return answer_on(summarise(grid(lines, **more)), "toy")


def swapped(lines, *others):
    """Lines with some variants given other changes."""
    new = {one.variant: one for one in others}
    return [new.get(one.variant, one) for one in lines]


# Sentences


def test_a_method_that_helps_stands_beside_the_simpler_idea_that_does_as_well():
    said = answer(HELPS)
    assert said.sentence.startswith("On “toy” the weights help: +41.0 [+")
    assert (
        "over 3 seeds; but a simpler idea, the matched column correlation, does as well (the weights minus it: -"
        in (said.sentence)
    )
    assert said.n_simpler == 3
    assert said.controls.startswith("The same weights on other columns (mean of 8) change rSum by -1.0 [")
    assert "random order the method cannot be told apart (the weights minus it: -0.2 [" in said.controls


def test_a_single_draw_of_permuted_weights_is_not_called_a_mean():
    older = swapped(HELPS, Line("permuted", (-3.0, -1.0, 1.0), label="The weights of PICO, permuted"))
    assert answer(older).controls.startswith("The same weights on other columns change rSum by -1.0 [")


def test_a_simpler_idea_may_be_behind_or_ahead():
    behind = answer(swapped(HELPS, Line("correlation", (30.0, 31.2, 32.1))))
    assert "no simpler idea does as well: the best of 3, the matched column correlation, is behind" in behind.sentence
    ahead = answer(swapped(HELPS, Line("correlation", (60.0, 61.2, 62.1))))
    assert (
        "but a simpler idea, the matched column correlation, does better (the weights minus it: -20" in ahead.sentence
    )
    # The mean of one is below, and its splits do not agree: then the other one is no proof of a lead over all.
    unsure = answer(swapped(HELPS, Line("correlation", (30.0, 31.2, 32.1)), Line("p_hat", (-30.0, 29.0, 60.0))))
    assert "p̂ as weights, does as well" in unsure.sentence


def test_where_nothing_helps_it_is_said_plainly():
    assert answer(HURTS).sentence.startswith("On “toy” the weights hurt: -21.0 [")
    assert answer(HURTS).sentence.endswith("and none of the 1 simpler ideas can be shown to help.")
    none = answer(swapped(HURTS, Line("pico", (-1.0, 0.5, 1.0))))
    assert "no difference can be detected: +0.2" in none.sentence
    assert none.sentence.endswith("nor can any of the 1 simpler ideas be shown to help.")
    other = answer(swapped(HURTS, Line("p_hat", (20.0, 21.0, 22.0))))
    assert "but a simpler idea, p̂ as weights, helps: +21.0 [" in other.sentence


def test_an_interval_that_adjusting_overrules_is_told_as_such():
    lines = [Line("unweighted", (0.0,)), Line("pico", (5.0, 8.0, 11.0))]
    lines += [Line(name, (-5.0, 1.0, 5.0)) for name in SCHEMES.names if name not in ("unweighted", "pico")]
    said = answer(lines)
    assert said.method.low > 0
    assert said.method.p_adjusted > 0.05
    words = "no difference holds once the number of comparisons is adjusted for"
    assert f"{words} (p = {said.method.p_adjusted:.2g})" in said.sentence


def test_one_seed_claims_no_comparison_between_variants():
    said = answer(HELPS, seeds=1)
    assert "with one seed, so of one split only; one split cannot tell it from a simpler idea" in said.sentence
    assert "was tried in one split only" in said.controls
    assert leads_on(summarise(grid(HELPS, seeds=1)), "toy").sentence.startswith("A lead over another variant needs")


def test_an_unfinished_table_says_what_is_missing():
    assert answer([Line("unweighted", (0.0,))]).sentence == "On “toy” the method has no result yet."
    failed = answer([Line("unweighted", (0.0,)), Line("pico", (), note="too few images")])
    assert failed.sentence == "On “toy” the method has no result yet (too few images)."
    alone = answer(HELPS[:2])
    assert alone.sentence.endswith("no simpler idea was computed beside it.")
    assert alone.controls == ""


def test_leads_are_counted_and_simpler_ideas_named():
    leads = leads_on(summarise(grid(HELPS)), "toy")
    assert {one.variant for one in leads.behind} == {"unweighted", "p_hat", "permuted", "whitening"}
    assert {one.variant for one in leads.level} >= {"uniform", "shuffled", "correlation"}
    assert leads.ahead == ()
    assert "Of 8 others, 4 are behind the weights, 4 cannot be told apart from them, 0 are ahead" in leads.sentence
    assert leads.sentence.endswith("1 of the 3 simpler ideas is not behind: the matched column correlation.")


def test_splits_and_costs_in_a_sentence():
    table = grid(HELPS)
    said = split_sentence(table, "correlation", "the correlation")
    assert said == "PICO is ahead of “the correlation” in 1 of 3 splits; the mean lead is -0.3 points."
    assert "no split yet" in split_sentence(table, "oracle_truth", "the truth")
    assert "The method takes 0.2 s a split, 25 times as long as" in cost_sentence(summarise(table))
    assert "not both here yet" in cost_sentence(summarise(grid(HELPS[:2])))


def test_a_sweep_marks_the_datasets_own_value_and_counts_the_others():
    table = grid(HELPS)
    found = sweeps_on(table, summarise(table), "toy")
    (gamma,) = found.sweeps
    assert [(one.value, one.is_own) for one in gamma.values] == [("1", False), ("4", True)]
    assert found.sentence == (
        "Of 1 other values, no value does better, and gamma = 1 does detectably worse than the dataset's own value."
    )
    other = grid(HELPS, config=StudyConfig(construction=ConstructionConfig(gamma=1.0)))
    assert [one.is_own for one in sweeps_on(other, summarise(other), "toy").sweeps[0].values] == [True, False]
    single = grid(HELPS, seeds=1)
    assert sweeps_on(single, summarise(single), "toy").sentence.startswith("One seed cannot tell")


# Higher gain, higher weight


def test_every_construction_is_counted_once_and_wrong_pairs_are_found():
    runs = recorded_runs(grid(HELPS))
    # pico, its guarded version and gamma=4 are one construction, and gamma=1 another: two for each of three seeds.
    assert sum(run.rule == "softmax" for run in runs) == 6
    softmax, shuffled, uniform = feedback_orders(runs)
    assert (softmax.rule, softmax.n_pairs, softmax.n_wrong) == ("softmax", 18, 0)
    assert softmax.sentence.startswith("In all 6 recorded runs of rule softmax no pair is in the wrong order")
    assert (shuffled.rule, shuffled.n_pairs, shuffled.n_wrong) == ("shuffled", 9, 9)
    assert "9 of 9 pairs of candidates are in the wrong order" in shuffled.sentence
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
    assert "3 of 5 cells, and none has come for a while" in stopped.sentence
    run = running.run_experiment(config, tmp_path / "grid", opened=opened)
    assert (run.kept, run.computed) == (3, 2)
    whole = read_outcome(tmp_path / "grid")
    assert whole.reached.sentence == "All 5 cells are there"
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
