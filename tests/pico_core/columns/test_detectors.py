"""Whom to trust, which columns to list, and how settled their order is."""

import math
from dataclasses import replace

import polars as pl
import pytest
import torch

from pico_core.columns import stability as again
from pico_core.columns.detectors import DETECTORS, Trust, Yardstick, detector_values, judge, planted_yardstick
from pico_core.columns.stability import Stability, stability
from pico_core.columns.summary import filtered_columns, rank_agreement
from pico_core.demo.catalogue import Demo
from pico_core.demo.runs import load_stability, save_stability
from pico_core.retrieval.records import Estimate
from pico_core.studies.study import study_splits
from tests.reporters import Calls

SURE, LOW, UNSURE, WRONG = (
    Estimate(0.8, 0.6, 0.9),
    Estimate(0.4, 0.2, 0.5),
    Estimate(0.3, -0.1, 0.95),
    Estimate(-0.5, -0.7, -0.2),
)

UNKNOWN = Estimate(math.nan, -1.0, 1.0)


def trust(*rho):
    return Trust("the truth", (*rho, *[UNKNOWN] * (len(DETECTORS) - len(rho))), 40)


@pytest.fixture(scope="module")
def table(study):
    """The real table of a study of planted columns, in the basis of a study that ran."""
    return study.columns


def test_every_detector_is_a_column_of_the_table_and_similarities_are_turned_round(table):
    for detector in DETECTORS:
        values = detector_values(table, detector).tolist()
        drawn = table[detector.name].to_list()
        turned = "similarity" in detector.name
        assert detector.rises_with_style == turned
        assert values == pytest.approx([1 - v for v in drawn] if turned else drawn)


def test_a_yardstick_that_is_style_agrees_with_every_detector_that_is_right():
    style = torch.rand(30, generator=torch.Generator().manual_seed(0))
    rows = {d.name: (style if d.rises_with_style else 1 - style).tolist() for d in DETECTORS}
    rows["correlation"] = style.tolist()  # the wrong way round
    found = judge(pl.DataFrame(rows), [Yardstick("truth", "the truth", style), Yardstick("not", "not", 1 - style)])
    assert [round(rho.value) for rho in found[0].rho] == [1, 1, 1, -1, 1, 1]
    assert [round(rho.value) for rho in found[1].rho] == [-1, -1, -1, 1, -1, -1]
    assert (found[0].yardstick, found[0].n_columns, found[1].yardstick) == ("the truth", 30, "not")
    assert (found[0].against, found[1].best) == ((3,), 3)


def test_planted_truth_is_a_yardstick_of_style_where_it_is_known(table, planted):
    assert planted_yardstick(table) is None
    share = planted.semantic_share
    found = planted_yardstick(table.with_columns(pl.Series("semantic_share", share.tolist())))
    torch.testing.assert_close(found.style, 1 - share)
    assert found.title == "the planted truth"


def test_the_truth_of_planted_columns_trusts_what_really_follows_it(planted):
    from pico_core.method.config import ConstructionConfig, StudyConfig
    from pico_core.studies.study import run_study

    method = ConstructionConfig(n_prototypes=3, n_iterations=2, n_anchors=32)
    made = run_study(planted.pairs, StudyConfig(construction=method), truth=planted.semantic_share)
    found = judge(made.columns, [planted_yardstick(made.columns)])[0]
    for detector, rho in zip(DETECTORS, found.rho, strict=True):
        measured = torch.tensor(made.columns[detector.name].to_list(), dtype=torch.float64)
        style = measured if detector.rises_with_style else -measured
        assert rho == rank_agreement(style, 1 - planted.semantic_share.double()).rho
    assert found.best is not None
    assert found.rho[found.best].value == max(rho.value for rho in found.rho)
    assert found.rho[found.best].value > 0.4


def test_the_best_is_the_highest_that_lies_surely_above_zero():
    found = trust(UNSURE, LOW, SURE, WRONG, Estimate(-0.2, -0.5, 0.1))
    assert (found.best, found.as_good, found.against) == (2, (), (3,))
    # The highest number of all is no use if its interval holds 0.
    assert trust(Estimate(0.9, -0.1, 1.0), LOW).best == 1


def test_as_good_is_whose_interval_reaches_the_best():
    near, exactly = Estimate(0.7, 0.5, 0.85), Estimate(0.5, 0.1, 0.8)
    found = trust(SURE, near, exactly, LOW, UNSURE)
    assert (found.best, found.as_good) == (0, (1, 2))


def test_none_is_trusted_where_none_is_surely_above_zero():
    found = trust(UNSURE, WRONG)
    assert (found.best, found.as_good, found.against) == (None, (), (1,))


KINDS = ("below", "above", "level")


@pytest.fixture
def listed():
    """Fourteen columns, two of them equally low at the tenth place."""
    probability = [0.9, 0.1, 0.8, 0.2, 0.3, 0.31, 0.32, 0.33, 0.34, 0.35, 0.5, 0.36, 0.36, 0.7]
    return pl.DataFrame(
        {
            "column": range(14),
            "p_hat": [0.6, 0.4, 0.5, *[0.45] * 5, *[0.55] * 6],
            "null_mean": [0.5] * 14,
            "differs": [True, True, False, *[True] * 3, *[False] * 4, *[True] * 4],
            "probability": probability,
            "probability_low": [p - 0.05 for p in probability],
            "probability_high": [p + 0.0625 for p in probability],
        }
    )


def test_columns_of_every_kind_are_found_and_their_numbers_add_up(listed):
    kept = {kind: filtered_columns(listed, kind)["column"].to_list() for kind in KINDS}
    assert kept["below"] == [1, 3, 4, 5]
    assert kept["above"] == [0, 10, 11, 12, 13]
    assert kept["level"] == [2, 6, 7, 8, 9]
    assert filtered_columns(listed, "all")["column"].to_list() == list(range(14))
    # Of two equals at the tenth place the first is kept.
    assert filtered_columns(listed, "lowest")["column"].to_list() == [1, 3, 4, 5, 6, 7, 8, 9, 11, 12]
    tied = listed.with_columns(pl.Series("probability", [0.1] * 14))
    assert filtered_columns(tied, "lowest")["column"].to_list() == list(range(10))


def test_intervals_are_told_as_text_and_are_missing_where_there_is_none(listed):
    found = filtered_columns(listed, "below")
    assert found["interval"].to_list()[:2] == ["[0.050, 0.163]", "[0.150, 0.263]"]
    nothing = pl.Series([None] * 14, dtype=pl.Float64)
    bare = filtered_columns(listed.with_columns(probability_low=nothing, probability_high=nothing), "all")
    assert (bare["interval"].dtype, bare["interval"].null_count()) == (pl.String, 14)


@pytest.fixture(scope="module")
def splits(planted, study):
    return study_splits(planted.pairs, study.config, study.basis)


def repeated(splits, study, **choices):
    return stability(splits.fit, splits.feedback, study.construction, **{"n_seeds": 1, "n_halves": 1} | choices)


def test_the_same_seed_gives_the_same_answer(splits, study):
    one = repeated(splits, study, seed=3)
    assert one == repeated(splits, study, seed=3)
    other = repeated(splits, study, seed=3, n_seeds=2)
    assert (len(other.seeds), other.seeds[0]) == (2, one.seeds[0])
    assert other.seeds[0] != other.seeds[1]
    for rho in (*one.seeds, *one.halves):
        assert -1 <= rho <= 1
    assert one.resampled.low <= one.resampled.value <= one.resampled.high


@pytest.fixture
def constructed(monkeypatch):
    """Every construction that is asked for: images, and seed of its generator."""
    asked, real = [], again.construct

    def construct(images, **choices):
        asked.append((images.ids, choices["generator"].initial_seed()))
        return real(images, **choices)

    monkeypatch.setattr(again, "construct", construct)
    return asked


def test_other_seeds_keep_the_images_and_halves_share_none(splits, study, constructed):
    found = repeated(splits, study, seed=3, n_seeds=2, n_halves=2)
    assert (len(found.seeds), len(found.halves)) == (2, 2)
    everything = splits.fit.ids
    assert constructed[:2] == [(everything, 4), (everything, 5)]
    halves = [ids for ids, _ in constructed[2:]]
    assert [seed for _, seed in constructed[2:]] == [3] * 4
    for one, two in (halves[:2], halves[2:]):
        assert not set(one) & set(two)
        assert sorted(one + two) == sorted(everything)
        assert abs(len(one) - len(two)) <= 1
    assert set(halves[0]) not in (set(halves[2]), set(halves[3]))


def test_agreement_is_the_rank_correlation_of_the_probabilities(splits, study, monkeypatch):
    made = study.construction
    rising = torch.linspace(0, 1, len(made.probabilities))
    base = replace(made, probabilities=rising)
    answers = iter([1 - rising, torch.full_like(rising, 0.5), rising, rising**3])
    monkeypatch.setattr(again, "construct", lambda *_, **__: replace(made, probabilities=next(answers)))
    monkeypatch.setattr(again, "construction_draws", lambda *_, **__: None)
    found = stability(splits.fit, splits.feedback, base, n_seeds=2, n_halves=1)
    # An order that does not exist agrees with nothing.
    assert found == Stability((-1.0, 0.0), (1.0,), None)


def test_resamples_are_told_by_their_median_and_middle(splits, study, monkeypatch):
    made = study.construction
    rising = torch.linspace(0, 1, len(made.probabilities))
    shuffled = torch.stack([rising, rising, 1 - rising])
    draws = type("Draws", (), {"probabilities": shuffled})()
    monkeypatch.setattr(again, "construction_draws", lambda *_, **__: draws)
    base = replace(made, probabilities=rising)
    found = stability(splits.fit, splits.feedback, base, n_seeds=0, n_halves=0).resampled
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(-0.9)  # 2.5 % of the way from -1 to the median


def test_progress_rises_to_one_and_what_it_raises_ends_the_work(splits, study, constructed):
    told = []
    repeated(splits, study, seed=3, reporter=Calls(share=told.append))
    steps = 3 * study.config.construction.n_iterations
    assert len(told) >= steps
    assert told == sorted(told)
    assert 0.0 < told[0] <= 1 / steps
    ends = [share for share in told if min(abs(3 * share - whole) for whole in (1, 2, 3)) < 1e-6]
    assert sorted({round(3 * share) for share in ends}) == [1, 2, 3]
    assert told[-1] == 1.0

    def stop(share):
        if share > 0.5:
            raise InterruptedError

    constructed.clear()
    with pytest.raises(InterruptedError):
        repeated(splits, study, seed=3, reporter=Calls(share=stop))
    assert len(constructed) == 2


def test_few_images_are_not_halved(splits, study, constructed, monkeypatch):
    monkeypatch.setattr(again, "construction_draws", lambda *_, **__: None)
    few, told = splits.fit.select(range(again.FEWEST_IMAGES - 1)), []
    found = stability(
        few, splits.feedback, study.construction, n_seeds=1, n_halves=2, reporter=Calls(share=told.append)
    )
    assert (len(constructed), found.halves, told[-1]) == (1, (), 1.0)
    enough = splits.fit.select(range(again.FEWEST_IMAGES))
    assert len(stability(enough, splits.feedback, study.construction, n_seeds=1, n_halves=1).halves) == 1


def test_what_is_kept_beside_a_demo_is_read_back_for_its_own_run_only(planted, study, tmp_path, monkeypatch):
    demo, known = Demo("small", "Small", "", tmp_path), Stability((0.1, 0.2), (0.3,), Estimate(0.5, 0.25, 0.75))
    assert load_stability(study, demo) is None
    asked = []

    def answer(fit, feedback, construction, *, seed):
        asked.append((fit.ids, feedback.ids, construction is study.construction, seed))
        return known

    monkeypatch.setattr("pico_core.demo.runs.stability", answer)
    save_stability(planted.pairs, study, demo)
    parts = planted.pairs.split(seed=3)
    assert asked == [(parts.fit.ids, parts.feedback.ids, True, 3)]
    assert [path.name for path in tmp_path.iterdir()] == ["stability-cross.json"]
    assert load_stability(study, demo) == known
    assert load_stability(replace(study, digest="0" * 16), demo) is None
    assert load_stability(replace(study, config=replace(study.config, seed=4)), demo) is None
    monkeypatch.setattr("pico_core.demo.runs.stability", lambda *_, **__: replace(known, resampled=None))
    save_stability(planted.pairs, study, demo)
    assert load_stability(study, demo).resampled is None
