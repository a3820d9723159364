"""What the steps of the Method page stand on: exponents, orders of arrival, choices, strengths, printed digits."""

import math
from itertools import pairwise

import pytest
import torch

from pico_core.common.errors import DataError, SettingError
from pico_core.method.config import ConstructionConfig
from pico_core.method.history import ModalityPrototypes, StylePrototypes
from pico_core.method.probabilities import weights_from
from pico_core.method.prototypes import ColumnPoints, instance_weights
from pico_core.retrieval.explain import Tokens
from pico_core.retrieval.rankings import relevant_items
from pico_core.retrieval.scoring import retrieval_index, score_pairs
from pico_core.studies.study import study_splits
from pico_core.teaching.choices import all_choices, height_over_plane, printed_probability, prototype_cosines
from pico_core.teaching.digits import agreeing
from pico_core.teaching.gammas import gamma_sweep, printed_style, sweep_of
from pico_core.teaching.orders import feedback_orders, heaviest_shares, many_orders, shuffled_order
from pico_core.teaching.strengths import rank_along_strength, score_halves, weight_parts


@pytest.fixture(scope="module")
def sweep(study):
    return sweep_of(study.construction)


def test_every_exponent_starts_from_the_same_prototypes_and_the_study_is_among_them(study, sweep):
    assert study.construction.config.gamma in sweep.gammas
    assert list(sweep.gammas) == sorted(set(sweep.gammas))
    assert sweep.moved(4.0, since=4.0) == (0, 0)
    assert sweep.shift(4.0, since=4.0) == (0.0, 0.0)
    assert sweep.shift(16.0, since=0.0)[0] > 0
    labels = sweep.steps[sweep.index_of(16.0)].prototypes.image.labels, sweep.steps[0].prototypes.image.labels
    assert sweep.moved(16.0, since=0.0)[0] == sum(one != other for one, other in zip(*labels, strict=True))
    with pytest.raises(SettingError, match="gamma 5 was not computed"):
        sweep.index_of(5.0)


@pytest.mark.parametrize("gamma", [0.0, 1.0, 4.0])
def test_a_centre_is_the_weighted_mean_of_its_columns_and_terms_sum_to_the_objective(study, sweep, gamma):
    step, style = sweep.steps[sweep.index_of(gamma)], 1 - study.construction.pseudo_semantic
    for modality, points in (("image", study.construction.image_columns), ("text", study.construction.text_columns)):
        side, total = step.of(modality), 0.0
        for k, centre in enumerate(side.centres):
            own = (side.labels == k).nonzero()[:, 0]
            pull = style[own].double() ** gamma
            torch.testing.assert_close(centre, (pull @ points[own].double() / pull.sum()).float(), rtol=1e-3, atol=1e-3)
        for column in range(len(points)):
            apart = [float((points[column].double() - centre.double()).square().sum()) for centre in side.centres]
            term = sweep.term(gamma, column, modality)
            assert term.squared_distance == pytest.approx(min(apart), abs=1e-5)
            assert term.term == pytest.approx(float(style[column]) ** gamma * min(apart), abs=1e-5)
            total += term.term
        assert side.inertia == pytest.approx(total, rel=1e-3)


def test_equal_weights_pull_as_all_columns_and_a_strong_exponent_as_few(study, sweep):
    pulls = [step.n_effective for step in sweep.steps]
    assert pulls[0] == pytest.approx(len(study.construction.probabilities))
    assert all(after < before for before, after in pairwise(pulls))


def test_a_large_exponent_draws_the_centre_to_the_column_of_highest_pseudo_style():
    points = torch.tensor([[1.0, 0.0], [0.8, 0.6], [-1.0, 0.0], [-0.8, 0.6], [0.0, 0.0]])
    start = StylePrototypes(*(ModalityPrototypes(points[[0, 2]], torch.tensor([0, 0, 1, 1, 0]), 0.0) for _ in "vt"))
    found = gamma_sweep(
        ColumnPoints(points, points),
        torch.tensor([0.9, 0.1, 0.5, 0.5, 1.0]),
        start=start,
        gammas=(16.0, 0.0),
        config=ConstructionConfig(n_prototypes=2),
    )
    assert found.gammas == (0.0, 16.0)
    strong = found.steps[1].prototypes.image.centres
    torch.testing.assert_close(strong[0], points[0])
    torch.testing.assert_close(strong[1], points[[2, 3]].mean(dim=0))
    weights = found.steps[0].image_weights
    assert weights.tolist() == [1, 1, 1, 1, 0]
    assert found.steps[0].n_effective == pytest.approx(4.0)
    strongest = torch.tensor([0.9, 0.1, 0.5, 0.5]).double() ** 16
    naive = float(strongest.sum() ** 2 / (strongest**2).sum())
    assert found.steps[1].n_effective == pytest.approx(naive, rel=1e-5)
    turned = StylePrototypes(*(ModalityPrototypes(points[[2, 0]], torch.tensor([1, 1, 0, 0, 1]), 0.0) for _ in "vt"))
    again = gamma_sweep(
        found.points, torch.ones(5), start=turned, gammas=(0.0,), config=ConstructionConfig(n_prototypes=2)
    )
    assert again.steps[0].prototypes.image.labels[:4].tolist() == [1, 1, 0, 0]  # numbers are those of the start
    assert found.steps[0].prototypes.image.labels[:4].tolist() == [0, 0, 1, 1]
    # A column that never varies has the highest q̂ and pulls nothing.
    assert found.term(16.0, 4, "image").weight == 0
    assert float(instance_weights(torch.zeros(2, 2), torch.ones(2), gamma=1.0).sum()) == 2


@pytest.mark.parametrize("seed", range(8))
def test_the_proposition_holds_in_any_order_and_the_weights_do_not_know_the_order(seed):
    generator = torch.Generator().manual_seed(seed)
    gains = torch.randn(12, generator=generator) * 0.1
    tau = float(torch.rand(1, generator=generator)) + 0.01
    for draw in range(5):
        arrival = feedback_orders(gains, tau=tau, order=shuffled_order(12, draw=draw))
        for arrived in (1, 5, 12):
            here = arrival.order[:arrived]
            closed = (gains[here].double() / tau).softmax(dim=0)
            torch.testing.assert_close(arrival.softmax[arrived - 1, here], closed, rtol=1e-9, atol=1e-12)
            assert arrival.check("softmax", arrived=arrived).holds
            torch.testing.assert_close(arrival.ema[arrived - 1].sum().item(), 1.0)
            absent = torch.ones(12, dtype=torch.bool).index_fill(0, here, False)
            assert float(arrival.softmax[arrived - 1, absent].sum() + arrival.ema[arrived - 1, absent].sum()) == 0


def test_a_moving_average_breaks_the_order_that_the_softmax_keeps():
    gains = torch.tensor([0.3, 0.2, 0.1, 0.0])
    rising, falling = torch.tensor([3, 2, 1, 0]), torch.tensor([0, 1, 2, 3])
    late = feedback_orders(gains, tau=0.05, ema_decay=0.4, order=rising)
    assert late.check("ema", arrived=4).holds  # the best came last
    early = feedback_orders(gains, tau=0.05, ema_decay=0.4, order=falling)
    assert early.check("ema", arrived=4).n_reversed == 6  # the best came first
    torch.testing.assert_close(early.softmax[-1], late.softmax[-1])
    torch.testing.assert_close(early.ema[1, :2], torch.tensor([0.4, 0.6], dtype=torch.float64))
    many = many_orders(gains, tau=0.05, ema_decay=0.4, n_orders=60)
    assert (many.n_pairs, many.softmax_most) == (6, 0)
    assert many.ema_low < many.ema_mean < many.ema_high
    assert 2 < many.ema_mean < 4  # a random order has half of the pairs wrong


def test_gains_of_any_size_and_gains_a_hair_apart_are_ordered():
    gains = torch.tensor([900.0, -900.0, 900.5])
    arrival = feedback_orders(gains, tau=0.9, order=torch.tensor([1, 2, 0]))
    assert bool(arrival.softmax.isfinite().all())
    assert float(arrival.softmax[-1, 2]) > float(arrival.softmax[-1, 0]) > 0
    close = torch.tensor([0.01, 0.01 * (1 + 2e-7)])
    assert feedback_orders(close, tau=0.05).check("softmax", arrived=2).holds
    with pytest.raises(DataError, match="each of 0 to 2 once"):
        feedback_orders(gains, tau=1.0, order=torch.tensor([0, 0, 1]))


@pytest.mark.parametrize(("scale", "tau"), [(0.1, 0.05), (3.0, 0.05), (0.002, 0.05)])
def test_printed_shares_can_be_checked_by_hand(scale, tau):
    gains = torch.rand(16, generator=torch.Generator().manual_seed(4)) * scale
    exact = (gains.double() / tau).softmax(dim=0)
    first, second = heaviest_shares(gains, tau=tau)
    assert first.number == int(gains.argmax())
    assert first.gain > second.gain
    for share in (first, second):
        assert share.weight == pytest.approx(float(exact[share.number]), rel=1e-6)
        size, total = map(float, share.printed_weight().parts)
        assert f"{size / total:.3g}" == f"{float(share.printed_weight().whole):.3g}"
        gain = [float(part) for part in share.printed(tau=tau).parts]
        assert math.exp((gain[0] - sum(gain[1:])) / tau) == pytest.approx(size, rel=6e-3)
    assert len(heaviest_shares(torch.tensor([0.2, 0.2]), tau=tau)) == 1


def test_the_choice_of_the_study_is_among_the_choices(study):
    made = study.construction
    found = {(one.similarity, one.combination): one for one in all_choices(made)}
    assert len(found) == 16
    own = found[made.config.similarity, made.config.combination]
    torch.testing.assert_close(own.probabilities, made.probabilities)
    torch.testing.assert_close(own.image_similarity, made.image_similarity)
    assert own.agreement.rho.value == pytest.approx(1.0)
    assert bool((found["cosine", "mean"].probabilities >= own.probabilities).all())


def test_the_largest_cosine_is_the_similarity(study):
    made = study.construction
    for column in (0, 7):
        cosines = prototype_cosines(made, column)
        assert float(cosines.image.abs().max()) == pytest.approx(float(made.image_similarity[column]), abs=1e-6)
        assert float(cosines.text.abs().max()) == pytest.approx(float(made.text_similarity[column]), abs=1e-6)
        centre = made.prototypes.text.centres[1]
        naive = torch.nn.functional.cosine_similarity(made.text_columns[column], centre, dim=0)
        torch.testing.assert_close(cosines.text[1], naive)


def test_height_over_the_plane_is_the_combination_at_every_point():
    height = height_over_plane("product", n_points=5)
    assert float(height.levels[1, 3]) == pytest.approx((1 - 0.75) * (1 - 0.25))
    assert float(height_over_plane("minimum", n_points=5).levels[4, 0]) == 0


def test_ranks_along_strengths_are_those_of_the_whole_table(planted, study):
    test = study_splits(planted.pairs, study.config, study.basis).test
    p, strengths = study.construction.probabilities, (0.0, 0.5, 2.0)
    index = retrieval_index(test)
    for text in (0, 5, 11):
        curve = rank_along_strength(
            index,
            test.text_tokens[text][test.text_mask[text]],
            kind="text",
            relevant=relevant_items(test, text, kind="text"),
            probabilities=p,
            strengths=strengths,
            n_permutations=3,
        )
        for place, strength in enumerate(strengths):
            scores = score_pairs(test, weights_from(p, strength=strength))[:, text]
            right = scores[test.text_image[text]]
            assert int(curve.ranks[place]) == 1 + sum(float(score) > float(right) for score in scores)
        assert int(curve.control_low[0]) == int(curve.control_high[0]) == curve.rank_at(0.0)
        assert bool((curve.control_low <= curve.control_high).all())
        assert curve.rank_at(curve.best) == int(curve.ranks.min())
    assert curve.n_candidates == test.n_images


def test_permuted_weights_are_a_control_of_their_own(planted, study):
    test = study_splits(planted.pairs, study.config, study.basis).test
    p = study.construction.probabilities
    query = {"kind": "text", "relevant": relevant_items(test, 3, kind="text"), "strengths": (1.0,)}
    tokens, index = test.text_tokens[3][test.text_mask[3]], retrieval_index(test)
    one = p[torch.randperm(len(p), generator=torch.Generator().manual_seed(1))]
    alone = rank_along_strength(index, tokens, probabilities=one, n_permutations=0, **query)
    curve = rank_along_strength(index, tokens, probabilities=p, n_permutations=1, **query)
    assert int(curve.control_low[0]) == int(alone.ranks[0]) == int(curve.control_high[0])


def test_halves_and_weights_are_those_of_the_score(planted, study):
    fit = study_splits(planted.pairs, study.config, study.basis).fit
    weights = weights_from(study.construction.probabilities, strength=0.5)
    table = score_pairs(fit, weights)
    for text in (0, 4):
        image = int(fit.text_image[text])
        pair = Tokens(fit.image_tokens[image][fit.image_mask[image]], fit.text_tokens[text][fit.text_mask[text]])
        halves = score_halves(pair, weights=weights)
        assert halves.score == pytest.approx(float(table[image, text]), abs=1e-5)
        # Two lists of different lengths: the halves are not mirror images.
        naive = [max(float((weights * v.float() * t.float()).sum()) for t in pair.words) for v in pair.patches]
        assert halves.patches == pytest.approx(sum(naive) / len(naive), abs=1e-5)
    parts = weight_parts(study.construction.probabilities, 3, strength=0.5)
    assert parts.weight == float(weights[3])
    assert parts.probability**0.5 / parts.mean == pytest.approx(parts.weight, rel=1e-5)


def test_printed_arithmetic_comes_out_as_printed():
    generator = torch.Generator().manual_seed(0)
    for image, text in torch.rand(200, 2, generator=generator).double().tolist():
        exact = (1 - image) * (1 - text)
        printed = printed_probability(image, text, exact, combination="product")
        a, b = map(float, printed.parts)
        digits = len(printed.whole.partition(".")[2])
        assert f"{(1 - a) * (1 - b):.{digits}f}" == printed.whole
        assert float(printed.whole) == pytest.approx(exact, rel=6e-3)
        style = printed_style(image)
        assert f"{1 - float(style.parts[0]):.{style.digits}f}" == style.whole


def test_arithmetic_that_is_not_the_engines_is_refused():
    with pytest.raises(SettingError, match="do not give"):
        agreeing([0.5, 0.5], 0.3, combine=lambda a, b: a * b)
    assert agreeing([-0.0001, 0.0], 0.0, combine=lambda a, b: b).parts[1] == "0.000"
