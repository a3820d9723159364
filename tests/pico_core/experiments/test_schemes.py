"""Every variant is what its label says, and nothing that it is made of has seen the test split."""

import dataclasses

import pytest
import torch

from pico_core.data.labels import style_label_weights
from pico_core.experiments.bench import SHRINKAGES, Workbench
from pico_core.experiments.cells import RECIPES, compute_cell, plan_cell
from pico_core.experiments.config import DatasetChoice
from pico_core.experiments.datasets import OpenDataset
from pico_core.kernels.metrics import query_ranks
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.probabilities import pseudo_semantic_probabilities
from pico_core.retrieval.metrics import image_rsum
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.method import N_PERMUTATIONS
from pico_core.retrieval.schemes.scheme import NotApplicable
from pico_core.retrieval.schemes.simple import column_correlation
from pico_core.retrieval.scoring import score_pairs
from pico_core.retrieval.uncertainty import bootstrap_counts, mismatched_null
from pico_core.studies.study import run_study

SMALL = ConstructionConfig(n_prototypes=3, n_iterations=3, n_anchors=16)


def bench_of(pairs, truth=None, basis="cross"):
    config = StudyConfig(seed=2, basis=basis, construction=SMALL)
    return Workbench(OpenDataset(DatasetChoice("d", "d", None, config), pairs, truth), config)


@pytest.fixture(scope="module")
def bench(planted):
    return bench_of(planted.pairs, planted.semantic_share)


@pytest.fixture(scope="module")
def given(planted):
    return bench_of(planted.pairs, planted.semantic_share, basis="given")


def ranked(pairs, weights=None):
    return query_ranks(score_pairs(pairs, weights), pairs.text_image)


def scheme(bench, name):
    return SCHEMES[name].fit(bench)


def test_the_method_is_that_of_a_study(bench, planted):
    study = run_study(planted.pairs, bench.config)
    assert torch.equal(scheme(bench, "pico").weights, study.construction.unguarded_weights)
    assert torch.equal(scheme(bench, "pico_guarded").weights, study.construction.weights)
    found = image_rsum(ranked(bench.splits().test, scheme(bench, "pico").weights), bench.splits().test.text_image)
    assert float(found.double().mean()) == pytest.approx(study.report.unguarded.metrics.rsum.value, abs=1e-3)


def test_the_ends_are_the_axes_of_the_common_mean_and_of_the_gap_and_spare_the_others(bench):
    whole, ends, rest = (scheme(bench, name).weights for name in ("pico", "ends_only", "ends_spared"))
    fit = bench.splits().fit
    image, text = fit.image_means.mean(dim=0), fit.text_means.mean(dim=0)
    chosen = {int(((image + text) / 2).square().argmax()), int((image - text).square().argmax())}
    others = [column for column in range(fit.n_columns) if column not in chosen]
    assert len(ends[others].unique()) == 1
    assert len(rest[list(chosen)].unique()) == 1
    # One level for what is left alone: the mean of the others by their share of the products of matched pairs.
    level, total = 0.0, 0.0
    for column in others:
        products = [abs(float(fit.image_means[i, column] * fit.text_means[j, column]))
                    for j, i in enumerate(fit.text_image.tolist())]  # fmt: skip
        level, total = level + sum(products) * float(whole[column]), total + sum(products)
    for column in chosen:
        assert float(ends[column] / ends[others[0]]) == pytest.approx(float(whole[column]) * total / level, rel=1e-4)
    torch.testing.assert_close(rest[others] / rest[min(chosen)], whole[others] * total / level, rtol=1e-4, atol=1e-6)
    assert float(ends.mean()) == pytest.approx(1.0, abs=1e-5)
    assert float(rest.mean()) == pytest.approx(1.0, abs=1e-5)


def test_a_swept_shrinkage_has_axes_of_its_own(bench):
    turned = dataclasses.replace(bench.config, shrinkage=1.0)
    assert not torch.equal(bench.splits(turned).fit.image_tokens, bench.splits().fit.image_tokens)
    assert bench.splits() is bench.splits(bench.config)


@pytest.mark.parametrize("rule", ["uniform", "ema", "best", "last", "accept", "shuffled"])
def test_a_feedback_rule_is_a_construction_by_that_rule(bench, rule):
    made = construct(
        bench.splits().fit,
        feedback=bench.feedback(),
        config=dataclasses.replace(SMALL, rule=rule),
        generator=torch.Generator().manual_seed(2),
    )
    assert torch.equal(scheme(bench, rule).weights, made.unguarded_weights)


def test_once_has_one_candidate_of_all_pairs(bench):
    made = scheme(bench, "once").construction
    (step,) = made.history.iterations
    expected = pseudo_semantic_probabilities(bench.splits().fit)
    torch.testing.assert_close(step.pseudo_semantic, expected)


def test_permuted_weights_have_the_same_histogram_and_are_drawn_several_times(bench):
    own, permuted = scheme(bench, "pico").weights, scheme(bench, "permuted")
    assert len(permuted.draws) == N_PERMUTATIONS
    assert f"mean of {N_PERMUTATIONS}" in SCHEMES["permuted"].label
    for draw in permuted.draws:
        assert torch.equal(draw.sort().values, own.sort().values)
    assert len({tuple(draw.tolist()) for draw in (own, *permuted.draws)}) == N_PERMUTATIONS + 1
    again = scheme(bench, "permuted")
    assert all(torch.equal(one, other) for one, other in zip(permuted.draws, again.draws, strict=True))


def test_the_cell_of_permuted_weights_is_the_mean_over_the_draws_image_by_image(bench):
    test = bench.splits().test
    row = compute_cell(bench, plan_cell("d", "0", SCHEMES["permuted"], bench.config), experiment="e")
    drawn = [image_rsum(ranked(test, w), test.text_image).double() for w in scheme(bench, "permuted").draws]
    every = torch.stack(drawn).mean(dim=0)
    plain = image_rsum(ranked(test), test.text_image).double()
    assert row.rsum == pytest.approx(float(every.mean()), abs=1e-4)
    assert row.difference == pytest.approx(float((every - plain).mean()), abs=1e-4)
    assert row.low <= row.difference <= row.high
    # With as many texts per image rSum is a plain mean over images, so the interval can be resampled by hand.
    assert len(torch.bincount(test.text_image).unique()) == 1
    counts = bootstrap_counts(test.n_images, n_draws=1000, seed=0).double()
    draws = counts @ (every - plain) / test.n_images
    low, high = torch.quantile(draws, torch.tensor([0.025, 0.975], dtype=torch.float64)).tolist()
    assert (row.low, row.high) == pytest.approx((low, high), abs=1e-3)


def test_only_the_cells_of_permuted_weights_are_named_by_how_often_they_are_drawn(bench, monkeypatch):
    def keys():
        return {name: plan_cell("d", "0", SCHEMES[name], bench.config).key for name in ("pico", "permuted")}

    before = keys()
    monkeypatch.setitem(RECIPES, "permuted", "mean of 9")
    after = keys()
    assert before["pico"] == after["pico"]
    assert before["permuted"] != after["permuted"]


def best_by_hand(bench, scores, strengths=(0.25, 0.5, 1.0)):
    """Weights by the definition, at the strength of highest feedback."""
    tried = [scores.clamp_min(1e-6) ** s for s in strengths]
    tried = [weights / weights.mean() for weights in tried]
    held = bench.splits().feedback
    return max(tried, key=lambda w: float(image_rsum(ranked(held, w), held.text_image).double().mean()))


@pytest.mark.parametrize(
    ("name", "scores"),
    [
        ("p_hat", pseudo_semantic_probabilities),
        (
            "p_chance_corrected",
            lambda fit: (pseudo_semantic_probabilities(fit) - mismatched_null(fit).mean).clamp_min(0),
        ),
        ("correlation", lambda fit: column_correlation(fit).clamp_min(0)),
        ("oracle_labels", style_label_weights),
    ],
)
def test_scores_become_weights_at_the_strength_that_feedback_likes(bench, name, scores):
    torch.testing.assert_close(scheme(bench, name).weights, best_by_hand(bench, scores(bench.splits().fit)))


def test_the_last_average_has_as_many_tries_as_p_hat(bench):
    last = bench.built(bench.config).construction.history.iterations[-1].probabilities
    torch.testing.assert_close(scheme(bench, "pico_last").weights, best_by_hand(bench, last))


def test_the_truth_is_known_in_the_given_columns_only(bench, given, planted):
    torch.testing.assert_close(scheme(given, "oracle_truth").weights, best_by_hand(given, planted.semantic_share))
    with pytest.raises(NotApplicable, match="given columns"):
        scheme(bench, "oracle_truth")
    bare = dataclasses.replace(
        planted.pairs, images=planted.pairs.images.drop("style"), texts=planted.pairs.texts.drop("style")
    )
    with pytest.raises(NotApplicable, match="no planted truth"):
        scheme(bench_of(bare), "oracle_truth")
    with pytest.raises(NotApplicable, match="no style labels"):
        scheme(bench_of(bare), "oracle_labels")


@pytest.mark.parametrize("name", ["whitening", "cca"])
def test_the_shrinkage_is_the_best_of_feedback(bench, name):
    found = scheme(bench, name)
    assert found.note in [f"shrinkage {value:g}" for value in SHRINKAGES]
    held = bench.splits().feedback

    def score(transform):
        return float(image_rsum(ranked(transform(held)), held.text_image).double().mean())

    from pico_core.retrieval.schemes import repairs

    repair = {"whitening": repairs.whitening, "cca": repairs.canonical_correlations}[name]
    every = [score(repair(bench.splits().fit, shrinkage=value)) for value in SHRINKAGES]
    assert score(found.transform) == max(every)


def test_a_learned_vector_is_positive_of_mean_1_and_does_better_on_what_it_learned_from(bench):
    weights = scheme(bench, "learned").weights
    assert bool((weights > 0).all())
    assert float(weights.mean()) == pytest.approx(1, abs=1e-5)
    assert torch.equal(scheme(bench, "learned").weights, weights)
    fit = bench.splits().fit
    rsum = [float(image_rsum(ranked(fit, w), fit.text_image).mean()) for w in (weights, None)]
    assert rsum[0] > rsum[1] + 10


def test_no_variant_has_seen_the_test_split(bench, planted):
    """Other images in test, the same elsewhere: the same weights, and the same change of the same items."""
    ids = set(bench.parts.test.ids)
    hidden = [i for i, name in enumerate(planted.pairs.ids) if name in ids]
    garbage = planted.pairs.image_tokens.clone()
    garbage[hidden] = garbage[hidden].flip(-1)
    blind = bench_of(dataclasses.replace(planted.pairs, image_tokens=garbage), planted.semantic_share)
    assert not torch.equal(blind.splits().test.image_tokens, bench.splits().test.image_tokens)
    held = bench.splits().test
    for variant in SCHEMES:
        if variant.name == "oracle_truth":
            continue
        before, after = variant.fit(bench), variant.fit(blind)
        assert (before.weights is None) == (after.weights is None)
        assert before.weights is None or torch.equal(before.weights, after.weights), variant.name
        if before.transform is not None:
            assert torch.equal(before.transform(held).image_tokens, after.transform(held).image_tokens), variant.name


def test_feedback_is_asked_once_about_the_same_weights(bench):
    weights = torch.linspace(0.5, 1.5, 24)
    first = bench.feedback()(weights)
    assert bench.feedback()(weights.clone()) is first
    assert torch.equal(first, image_rsum(ranked(bench.splits().feedback, weights), bench.splits().feedback.text_image))
    assert bench.feedback()(weights * 2) is not first
