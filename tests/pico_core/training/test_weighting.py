"""Where P comes from: 1 in the first epoch, mean 1 after it, no gradient through it, controls as told."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from pico_core.common.errors import SettingError
from pico_core.method.probabilities import pseudo_semantic_probabilities, weights_from
from pico_core.retrieval.evaluation import retrieval_feedback
from pico_core.retrieval.schemes.catalogue import SCHEMES
from pico_core.retrieval.schemes.simple import column_correlation
from pico_core.training import alignment
from pico_core.training.alignment import HeadLearner
from pico_core.training.heads import AlignmentHeads
from pico_core.training.schemes import LOOP_SCHEMES, LoopScheme
from pico_core.training.weighting import Weigher, WeightVector, as_iteration


@pytest.fixture
def weigher(parts, small):
    def made(rule, **settings):
        config = replace(small, weighting=rule, **settings)
        learner = HeadLearner.over(parts.fit, parts.feedback, config)

        def weights(heads, *, epoch):
            learner.model = heads
            return Weigher(retrieval_feedback, config).weights(learner, epoch=epoch)

        return SimpleNamespace(weights=weights, learner=learner)

    return made


@pytest.mark.parametrize("rule", LOOP_SCHEMES.names)
def test_the_first_epoch_has_equal_weights_and_every_epoch_has_mean_1(train, rule):
    made = train(weighting=rule)
    assert torch.equal(made.epochs[0].weights, torch.ones(8))
    assert torch.equal(made.epochs[1].weights, torch.ones(8))
    torch.testing.assert_close(made.weights_by_epoch.mean(dim=1), torch.ones(4))
    if rule != "guarded":  # the guard may refuse
        assert torch.equal(made.epochs[2].weights, torch.ones(8)) == (rule == "none")
    assert len(made.prototypes.history.iterations) == (2 if rule not in ("none", "p_hat", "learned") else 0)


@pytest.mark.parametrize("rule", ["pico", "p_hat", "permuted"])
def test_no_gradient_flows_through_the_weights(weigher, parts, rule):
    heads = AlignmentHeads(8)
    asked = weigher(rule)
    weights = asked.weights(heads, epoch=2).weights
    assert not weights.requires_grad
    assert not heads.through(parts.fit).image_tokens.requires_grad


def test_a_step_sees_the_weights_as_constants(train, small, monkeypatch):
    seen = []
    kernel = alignment.late_interaction

    def watched(*tokens, weights, **masks):
        seen.append(weights)
        return kernel(*tokens, weights=weights, **masks)

    monkeypatch.setattr(alignment, "late_interaction", watched)
    train(weighting="pico")
    assert not any(weights.requires_grad for weights in seen)
    seen.clear()
    train(weighting="learned")
    first = len(alignment.epoch_batches(32, small.batch_size, seed=0, epoch=1))
    assert [weights.requires_grad for weights in seen] == [False] * first + [True] * 2 * first


def test_signs_alone_are_those_of_the_anchors_through_the_heads(weigher, parts):
    heads = AlignmentHeads(8)
    torch.nn.init.normal_(heads.image.straight.weight, generator=torch.Generator().manual_seed(1))
    expected = weights_from(pseudo_semantic_probabilities(heads.through(parts.fit)))
    assert torch.equal(weigher("p_hat").weights(heads, epoch=2).weights, expected)


def test_another_scheme_of_the_catalogue_is_one_line_in_the_loop(weigher, train, parts):
    assert {scheme.scheme for scheme in LOOP_SCHEMES} <= set(SCHEMES.names)
    with LOOP_SCHEMES.extended(LoopScheme("matched", "Correlation in the loop", "correlation", "correlation")):
        weights = weigher("matched").weights(AlignmentHeads(8), epoch=2).weights
        expected = weights_from(column_correlation(AlignmentHeads(8).through(parts.fit)).clamp_min(0.0))
        assert torch.equal(weights, expected)
        assert train(weighting="matched").epochs[2].gain is None
    with pytest.raises(SettingError, match="weighting is matched; expected one of none, pico"):
        train(weighting="matched")


def test_permuted_weights_are_those_of_pico_on_other_columns(weigher, parts):
    heads = AlignmentHeads(8)
    pico, two, three = (
        weigher(rule).weights(heads, epoch=epoch).weights
        for rule, epoch in (("pico", 2), ("permuted", 2), ("permuted", 3))
    )
    assert torch.equal(pico.sort().values, two.sort().values)
    assert not torch.equal(pico, two)
    assert not torch.equal(two, three)


def test_a_construction_inside_the_loop_is_bounded(weigher, parts):
    asked = weigher("pico", anchor_images=5, feedback_images=3)
    anchors, few = asked.learner.anchors(), asked.learner.asked()
    assert (anchors.n_images, few.n_images) == (5, 3)
    assert set(anchors.ids) <= set(parts.fit.ids)
    assert set(few.ids) <= set(parts.feedback.ids)


def test_prototypes_keep_their_numbers_from_epoch_to_epoch(weigher, parts):
    made = weigher("pico").weights(AlignmentHeads(8), epoch=2)
    first = as_iteration(made, None)
    turned = replace(
        first,
        prototypes=replace(
            first.prototypes,
            image=replace(
                first.prototypes.image,
                centres=first.prototypes.image.centres.flip(0),
                labels=1 - first.prototypes.image.labels,
            ),
        ),
    )
    again = as_iteration(made, turned)  # the same construction, after an epoch whose numbers were the other way round
    assert torch.equal(again.prototypes.image.centres, turned.prototypes.image.centres)
    assert torch.equal(again.prototypes.image.labels, turned.prototypes.image.labels)
    assert again.shift == 0.0
    assert again.candidate_shares.tolist() == [0.0, 1.0]


def test_the_trained_vector_is_positive_with_mean_1():
    vector = WeightVector(3)
    vector.free.data = torch.tensor([-5.0, 0.0, 5.0])
    found = vector().detach()
    assert float(found.min()) > 0
    assert float(found.mean()) == pytest.approx(1.0)


def test_weights_after_training_leave_the_training_alone(train):
    plain, after = train(weighting="none"), train(weighting="after")
    assert [epoch.loss for epoch in after.epochs] == [epoch.loss for epoch in plain.epochs]
    assert not torch.equal(after.epochs[3].weights, torch.ones(8))
    assert [epoch.feedback_rsum for epoch in after.epochs] != [epoch.feedback_rsum for epoch in plain.epochs]
