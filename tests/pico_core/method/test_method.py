"""The construction: its proposition, its rules, its result, and what must not change it."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pico_core.common.errors import SettingError
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.method.bases import fit_basis
from pico_core.method.config import ConstructionConfig, StudyConfig
from pico_core.method.construction import construct
from pico_core.method.feedback import candidate_shares, guard_weights, relative_gain
from pico_core.method.history import ModalityPrototypes, StopReason, StylePrototypes
from pico_core.method.probabilities import (
    combine_modalities,
    pseudo_semantic_probabilities,
    style_similarity,
    weights_from,
)
from pico_core.method.prototypes import ColumnPoints, cluster_columns, style_prototypes
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.scoring import score_pairs
from tests.reporters import stop_at

SMALL = PlantedConfig(n_images=80, n_columns=24, n_patches=3, n_words=3, n_concepts=20, concepts_per_image=2)
QUICK = ConstructionConfig(n_prototypes=3, n_iterations=4, n_anchors=32)


@pytest.fixture(scope="module")
def splits():
    return planted_pairs(SMALL, seed=0).pairs.split(seed=0, fit=0.5, feedback=0.25)


def run(splits, config=QUICK, seed=0, **extra):
    return construct(
        splits.fit,
        feedback=retrieval_feedback(splits.feedback),
        config=config,
        generator=torch.Generator().manual_seed(seed),
        **extra,
    )


@settings(deadline=None, max_examples=60)
@given(gains=st.lists(st.floats(-0.9, 3.0), min_size=1, max_size=20), tau=st.floats(0.01, 1.0))
def test_proposition_higher_gain_never_has_lower_weight(gains, tau):
    config = ConstructionConfig(tau=tau)
    values = torch.tensor(gains)
    shares = candidate_shares(values, config=config, generator=torch.Generator())
    torch.testing.assert_close(shares.sum(), torch.tensor(1.0))
    order = values.argsort()
    assert bool((shares[order].diff() >= 0).all())


@settings(deadline=None, max_examples=60)
@given(steps=st.permutations(range(12)), tau=st.floats(0.05, 1.0))
def test_proposition_higher_gain_has_strictly_higher_weight_in_any_order(steps, tau):
    """Gains a hundredth apart: far enough for float32 to tell their weights apart, near enough for none to vanish."""
    gains = torch.tensor(steps) / 100
    shares = candidate_shares(gains, config=ConstructionConfig(tau=tau), generator=torch.Generator())
    assert bool((shares[gains.argsort()].diff() > 0).all())


def test_the_moving_average_breaks_the_proposition():
    shares = candidate_shares(
        torch.tensor([0.9, 0.1, 0.1]), config=ConstructionConfig(rule="ema"), generator=torch.Generator()
    )
    assert shares[2] > shares[0]


def test_the_recursion_of_the_paper_equals_the_softmax_average():
    gains, tau = torch.tensor([0.3, -0.2, 0.1]), 0.2
    candidates = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    phi = (gains / tau).exp()
    running, total = candidates[0], phi[0]
    for share, candidate in zip(phi[1:], candidates[1:], strict=True):
        running, total = (total * running + share * candidate) / (total + share), total + share
    shares = candidate_shares(gains, config=ConstructionConfig(tau=tau), generator=torch.Generator())
    torch.testing.assert_close(shares @ candidates, running)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("uniform", [0.25, 0.25, 0.25, 0.25]),
        ("best", [0.0, 1.0, 0.0, 0.0]),
        ("last", [0.0, 0.0, 0.0, 1.0]),
        ("accept", [0.0, 0.5, 0.5, 0.0]),
        ("ema", [0.125, 0.125, 0.25, 0.5]),
    ],
)
def test_other_rules(rule, expected):
    shares = candidate_shares(
        torch.tensor([-0.1, 0.4, 0.2, -0.3]), config=ConstructionConfig(rule=rule), generator=torch.Generator()
    )
    torch.testing.assert_close(shares, torch.tensor(expected))


def test_accept_without_any_gain_keeps_the_newest():
    shares = candidate_shares(
        torch.tensor([-0.1, -0.4]), config=ConstructionConfig(rule="accept"), generator=torch.Generator()
    )
    assert shares.tolist() == [0.0, 1.0]


def test_shuffled_has_the_same_weights_in_another_order():
    gains = torch.linspace(0, 1, 12)
    generator = torch.Generator().manual_seed(0)
    plain = candidate_shares(gains, config=ConstructionConfig(), generator=generator)
    mixed = candidate_shares(gains, config=ConstructionConfig(rule="shuffled"), generator=generator)
    torch.testing.assert_close(mixed.sort().values, plain.sort().values)
    assert not torch.equal(mixed, plain)


def test_a_gain_relative_to_nothing_is_refused():
    with pytest.raises(ValueError, match="a relative gain does not exist"):
        relative_gain(10.0, 0.0)


def test_same_seed_same_history_bit_for_bit(splits):
    first, second = run(splits), run(splits)
    for one, other in zip(first.history.iterations, second.history.iterations, strict=True):
        assert one.gain == other.gain
        assert torch.equal(one.probabilities, other.probabilities)
        assert torch.equal(one.prototypes.image.centres, other.prototypes.image.centres)
    assert torch.equal(first.weights, second.weights)
    assert not torch.equal(first.probabilities, run(splits, seed=1).probabilities)


def test_the_result_is_the_best_by_feedback_and_its_parts_agree(splits):
    result = run(splits)
    best = result.history.iterations[result.best_iteration]
    assert best.gain == max(step.gain for step in result.history.iterations)
    assert torch.equal(result.probabilities, best.probabilities)
    product = combine_modalities(result.image_similarity, result.text_similarity)
    torch.testing.assert_close(product, result.probabilities)
    assert result.weights.mean().item() == pytest.approx(1.0, abs=1e-5)
    assert bool(((result.probabilities >= 0) & (result.probabilities <= 1)).all())
    assert result.stop_reason is StopReason.COMPLETED


def test_gains_are_measured_against_the_unweighted_score(splits):
    result = run(splits)
    feedback = retrieval_feedback(splits.feedback)
    reference = feedback(torch.ones(24)).double().mean().item()
    step = result.history.iterations[2]
    expected = feedback(weights_from(step.candidate_probabilities)).double().mean().item() / reference - 1
    assert result.reference == pytest.approx(reference)
    assert step.candidate_gain == pytest.approx(expected)


def test_the_averaged_prototypes_are_the_weighted_candidates(splits):
    steps = run(splits).history.iterations
    shares = steps[-1].candidate_shares
    expected = sum(w * s.candidate.text.centres for w, s in zip(shares, steps, strict=True))
    torch.testing.assert_close(steps[-1].prototypes.text.centres, expected)


def test_style_pulls_the_candidates_centres(splits):
    """At its end K-means has put every centre at the mean of its columns, weighted by q̂ ** gamma, not by p̂."""
    result = run(splits)
    for step in result.history.iterations:
        weight = (1 - step.pseudo_semantic) ** QUICK.gamma
        for found, points in ((step.candidate.image, result.image_columns), (step.candidate.text, result.text_columns)):
            members = torch.nn.functional.one_hot(found.labels, QUICK.n_prototypes).float() * weight[:, None]
            torch.testing.assert_close(found.centres, members.T @ points / members.sum(dim=0)[:, None])
            distances = (points - found.centres[found.labels]).square().sum(dim=1)
            assert found.inertia == pytest.approx(float((weight * distances).sum()), rel=1e-4)


@pytest.mark.parametrize("representation", ["item", "token", "quantile"])
@pytest.mark.parametrize("similarity", ["cosine", "signed_cosine", "distance", "cluster"])
def test_every_alternative_gives_probabilities(splits, representation, similarity):
    config = dataclasses.replace(QUICK, representation=representation, similarity=similarity, n_iterations=2)
    found = run(splits, config).probabilities
    assert bool(torch.isfinite(found).all())
    assert bool(((found >= 0) & (found <= 1)).all())
    assert float(found.std()) > 0


@pytest.mark.parametrize("combination", ["product", "mean", "minimum", "geometric"])
def test_combinations_are_finite_at_the_ends_and_ordered(combination):
    similarity = torch.tensor([0.0, 0.5, 1.0])
    found = combine_modalities(similarity, similarity, combination=combination)
    assert bool(torch.isfinite(found).all())
    assert found.tolist() == sorted(found.tolist(), reverse=True)


@pytest.mark.parametrize("name", ["given", "pca", "cross"])
def test_an_orthogonal_basis_leaves_the_unweighted_score_alone(splits, name):
    rotated = fit_basis(splits.fit, name).apply(splits.test)
    torch.testing.assert_close(score_pairs(rotated), score_pairs(splits.test), rtol=1e-4, atol=1e-5)


def test_axes_are_orthonormal_and_cross_is_an_eigenbasis(splits):
    basis = fit_basis(splits.fit, "cross")
    torch.testing.assert_close(basis.matrix @ basis.matrix.T, torch.eye(24), rtol=1e-4, atol=1e-5)
    images, texts = splits.fit.image_means, splits.fit.text_means
    cross = images[splits.fit.text_image].T @ texts / len(texts)
    rotated = basis.matrix @ ((cross + cross.T) / 2) @ basis.matrix.T
    torch.testing.assert_close(rotated, rotated.diag().diag(), rtol=0, atol=1e-5)


def test_principal_axes_are_those_of_both_modalities_together(splits):
    basis = fit_basis(splits.fit, "pca")
    pooled = torch.cat([splits.fit.image_means, splits.fit.text_means])
    rotated = basis.matrix @ pooled.T.cov(correction=0) @ basis.matrix.T
    torch.testing.assert_close(rotated, rotated.diag().diag(), rtol=0, atol=1e-6)
    assert bool((rotated.diag().diff() <= 1e-7).all())


def test_a_warm_start_keeps_the_names_of_prototypes(splits):
    config = dataclasses.replace(QUICK, n_prototypes=4)
    result = run(splits, config)
    points = ColumnPoints(result.image_columns, result.text_columns)
    first = result.history.iterations[0].candidate
    turned = StylePrototypes(*(replace_centres(side, side.centres.flip(0)) for side in (first.image, first.text)))
    style = 1 - result.history.iterations[0].pseudo_semantic
    again = cluster_columns(points, style, start=turned, config=config, generator=torch.Generator().manual_seed(9))
    torch.testing.assert_close(again.image.centres, first.image.centres.flip(0))
    assert torch.equal(again.text.labels, 3 - first.text.labels)


def replace_centres(side, centres):
    return dataclasses.replace(side, centres=centres)


def test_labels_of_an_average_are_the_nearest_of_its_centres(splits):
    for step in run(splits).history.iterations:
        made = step.prototypes.image
        points = run(splits).image_columns
        nearest = [min(range(3), key=lambda k: float((p - made.centres[k]).square().sum())) for p in points]
        assert made.labels.tolist() == nearest


def test_a_column_of_another_basis_names_given_columns(splits):
    basis = fit_basis(splits.fit, "pca")
    strongest = basis.strongest(0)[0]
    assert abs(strongest.value) == pytest.approx(basis.matrix[0].abs().max().item())
    assert str(strongest.column) in basis.title(0)


def test_repeating_every_pair_leaves_p_hat_alone(splits):
    fit = splits.fit
    twice = dataclasses.replace(
        fit,
        image_tokens=torch.cat([fit.image_tokens] * 2),
        image_mask=torch.cat([fit.image_mask] * 2),
        text_tokens=torch.cat([fit.text_tokens] * 2),
        text_mask=torch.cat([fit.text_mask] * 2),
        text_image=torch.cat([fit.text_image, fit.text_image + fit.n_images]),
    )
    torch.testing.assert_close(pseudo_semantic_probabilities(twice), pseudo_semantic_probabilities(fit))


def test_columns_without_weight_pull_no_centre():
    pairs = planted_pairs(SMALL, seed=2).pairs
    config = dataclasses.replace(QUICK, n_prototypes=1, gamma=1.0)
    probabilities = torch.ones(24)
    probabilities[:2] = 0.0  # only two columns count
    prototypes = style_prototypes(pairs, probabilities, config=config)
    similarity = style_similarity(
        construct_points(pairs, config), prototypes.image, pseudo_style=1 - probabilities, similarity="distance"
    )
    assert similarity[:2].mean() > similarity[2:].mean()


def construct_points(pairs, config):
    from pico_core.method.prototypes import column_points

    return column_points(pairs, config=config, generator=torch.Generator().manual_seed(0)).image


def test_a_dead_column_pulls_no_centre():
    """Its p̂ is 0, so by q̂ alone it would be the heaviest of all."""
    points = torch.randn(12, 5, generator=torch.Generator().manual_seed(0))
    points = torch.cat([points / points.norm(dim=1, keepdim=True), torch.zeros(40, 5)])
    style = torch.cat([torch.full((12,), 0.5), torch.ones(40)])
    config = dataclasses.replace(QUICK, n_prototypes=3)
    made = cluster_columns(
        ColumnPoints(points, points), style, start=None, config=config, generator=torch.Generator().manual_seed(0)
    )
    assert bool((made.image.centres.norm(dim=1) > 0.2).all())


def test_gamma_zero_is_unweighted(splits):
    config = dataclasses.replace(QUICK, gamma=0.0)
    one = style_prototypes(splits.fit, torch.rand(24), config=config)
    other = style_prototypes(splits.fit, torch.rand(24), config=config)
    assert torch.equal(one.image.centres, other.image.centres)


def test_a_constant_column_has_no_pattern_and_no_nan(splits):
    tokens = splits.fit.image_tokens.clone()
    tokens[..., 5] = 0.25
    fit = dataclasses.replace(splits.fit, image_tokens=tokens)
    result = construct(fit, feedback=retrieval_feedback(splits.feedback), config=QUICK)
    assert bool(torch.isfinite(result.probabilities).all())
    assert result.image_similarity[5] == 0


def test_strength_zero_is_the_baseline():
    assert weights_from(torch.tensor([0.0, 0.3, 1.0]), strength=0.0).tolist() == [1.0, 1.0, 1.0]


def test_the_guard_refuses_a_gain_within_its_error():
    reference = torch.zeros(4)
    noisy = guard_weights(
        [torch.tensor([0.2, 0.8])],
        reference=reference,
        feedback=lambda _: torch.tensor([10.0, -9.0, 3.0, -2.0]),
        config=ConstructionConfig(),
    )
    sure = guard_weights(
        [torch.tensor([0.2, 0.8])],
        reference=reference,
        feedback=lambda _: torch.tensor([10.0, 9.0, 11.0, 10.0]),
        config=ConstructionConfig(strengths=(1.0,)),
    )
    assert not noisy.decision.accepted
    assert noisy.weights.tolist() == [1.0, 1.0]
    assert "kept equal weights" in noisy.decision.sentence
    assert sure.decision.accepted
    torch.testing.assert_close(sure.weights, torch.tensor([0.4, 1.6]))
    assert sure.decision.standard_error == pytest.approx(0.8165 / 2, abs=1e-3)


def test_stopping_early_is_recorded(splits):
    result = run(splits, reporter=stop_at(2))
    assert result.stop_reason is StopReason.CANCELLED
    assert len(result.history.iterations) == 2
    patient = run(splits, dataclasses.replace(QUICK, n_iterations=30, patience=1))
    assert patient.stop_reason is StopReason.PATIENCE
    still = run(splits, dataclasses.replace(QUICK, n_iterations=30, tol=10.0))
    assert still.stop_reason is StopReason.CONVERGED
    assert len(still.history.iterations) == 2


def test_inputs_are_not_changed(splits):
    before = splits.fit.image_tokens.clone(), splits.feedback.text_tokens.clone()
    run(splits)
    assert torch.equal(splits.fit.image_tokens, before[0])
    assert torch.equal(splits.feedback.text_tokens, before[1])


def test_more_prototypes_than_columns_is_refused(splits):
    with pytest.raises(SettingError, match="n_prototypes is 25, but there are only 24 distinct columns"):
        run(splits, dataclasses.replace(QUICK, n_prototypes=25))


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"gamma": "-1"}, "gamma is -1.0; expected a finite number, 0 or more"),
        ({"rule": "magic"}, "rule is 'magic'; choose one of softmax"),
        ({"basis": "fourier"}, "basis is 'fourier'; choose one of given"),
        ({"colour": "red"}, "there is no setting 'colour'"),
        ({"n_iterations": "2.5"}, "n_iterations is '2.5'; expected a value like 16"),
        ({"tau": "0"}, "tau is 0.0; expected 0.0001 or more"),
        ({"strengths": ""}, "strengths is ''"),
        ({"strengths": "1000"}, "at most 6"),
        ({"tau": "inf"}, "and finite"),
        ({"gamma": "nan"}, "a finite number"),
        ({"sigma": "1e-20"}, "0.0001 or more"),
        ({"seed": "99999999999999999999"}, "seed is 1.*; expected 0 to"),
        ({"fit": "0.9", "feedback": "0.2"}, "expected less than 1"),
    ],
)
def test_settings_that_cannot_be_are_refused_by_name(settings_, message):
    with pytest.raises(SettingError, match=message):
        StudyConfig().with_settings(settings_)


def test_settings_survive_json():
    config = StudyConfig().with_settings({"basis": "cross", "strengths": "0.5,1", "seed": "3"})
    assert StudyConfig.from_dict(config.to_dict()) == config


def test_prototype_record_has_one_label_per_column(splits):
    prototypes = style_prototypes(splits.fit, pseudo_semantic_probabilities(splits.fit), config=QUICK)
    assert isinstance(prototypes.image, ModalityPrototypes)
    assert prototypes.image.labels.shape == (24,)
    assert int(prototypes.text.labels.max()) < 3
