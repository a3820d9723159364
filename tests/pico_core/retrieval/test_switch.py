"""The column switch against tokens that were changed by hand, and against full rankings."""

from dataclasses import replace

import pytest
import torch

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.formats import open_pairs
from pico_core.kernels.metrics import query_ranks
from pico_core.retrieval.comparing.paired import pair_ranks
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.metrics import paired_difference
from pico_core.retrieval.query_sample import ranks_of, sample_images, scoring_flops
from pico_core.retrieval.rank_counts import rank_plan
from pico_core.retrieval.records import Estimate, Verdict
from pico_core.retrieval.scoring import WeightedPairs, score_pairs
from pico_core.retrieval.switching.effect import control_band, random_columns, switch_effect
from pico_core.retrieval.switching.setting import changes_nothing, column_means, query_move, switched
from pico_core.retrieval.uncertainty import widened
from tests.reporters import Calls


@pytest.fixture(scope="module")
def parts():
    """Token data with padding and uneven captions: 30 images to fit on, 30 to ask."""
    generator = torch.Generator().manual_seed(5)
    owner = torch.cat([torch.arange(60), torch.randint(60, (45,), generator=generator)])
    content = torch.randn(60, 1, 12, generator=generator) + 0.4
    images = content + torch.randn(60, 4, 12, generator=generator)
    texts = content[owner] + torch.randn(105, 3, 12, generator=generator)
    image_mask = torch.rand(60, 4, generator=generator) < 0.8
    text_mask = torch.rand(105, 3, generator=generator) < 0.7
    image_mask[:, 0] = text_mask[:, 1] = True
    pairs = PairedEmbeddings.from_arrays(
        images.double(), texts.double(), image_mask=image_mask, text_mask=text_mask, text_image=owner
    )
    return replace(pairs.select(range(30)), part="fit"), replace(pairs.select(range(30, 60)), part="test")


@pytest.fixture(scope="module")
def uneven():
    weights = 0.25 + torch.rand(12, generator=torch.Generator().manual_seed(2))
    return weights / weights.mean()


def full(pairs, weights):
    return query_ranks(score_pairs(pairs, weights), pairs.text_image)


def same_ranks(left, right):
    for one, other in zip(left, right, strict=True):
        assert one.tolist() == other.tolist()


def effect_of(base, columns, setting, *, means=None, images=None):
    asked = torch.arange(base.pairs.n_images) if images is None else images
    after = switched(base, columns, setting, means=means)
    before, then = (ranks_of(one.pairs, one.weights, images=asked) for one in (base, after))
    return switch_effect(pair_ranks(base.pairs, before, then, images=asked))


def tokens_with(pairs, columns, image_value, text_value):
    """The same pairs with some columns of every token set, one token after the other; None leaves them."""
    images, texts = pairs.image_tokens.clone(), pairs.text_tokens.clone()
    for tokens, mask, value in ((images, pairs.image_mask, image_value), (texts, pairs.text_mask, text_value)):
        for item, token in mask.nonzero().tolist():
            for column in columns:
                if value is not None:
                    tokens[item, token, column] = value[column]
    return replace(pairs, image_tokens=images, text_tokens=texts)


def mean_by_hand(tokens, mask):
    rows = [tokens[item, token] for item, token in mask.nonzero().tolist()]
    return sum(rows) / len(rows)


def test_off_is_a_column_of_zeros_in_the_data(parts, uneven):
    _, test = parts
    for weights in (torch.ones(12), uneven):
        after = switched(WeightedPairs(test, weights), [3, 7], "off")
        zero = torch.zeros(12, dtype=torch.float64)
        expected = full(tokens_with(test, [3, 7], zero, zero), weights)
        same_ranks(ranks_of(after.pairs, after.weights, images=torch.arange(30)), expected)


def test_means_are_those_of_the_real_tokens_of_the_fit_split(parts):
    fit, _ = parts
    means = column_means(fit)
    torch.testing.assert_close(means.image, mean_by_hand(fit.image_tokens, fit.image_mask).float())
    torch.testing.assert_close(means.text, mean_by_hand(fit.text_tokens, fit.text_mask).float())


@pytest.mark.parametrize("setting", ["mean", "image_mean", "text_mean"])
def test_a_mean_is_that_mean_in_the_data(parts, uneven, setting):
    fit, test = parts
    image = mean_by_hand(fit.image_tokens, fit.image_mask) if setting != "text_mean" else None
    text = mean_by_hand(fit.text_tokens, fit.text_mask) if setting != "image_mean" else None
    expected = full(tokens_with(test, [0, 5, 9], image, text), uneven)
    after = switched(WeightedPairs(test, uneven), [0, 5, 9], setting, means=column_means(fit))
    same_ranks(ranks_of(after.pairs, after.weights, images=torch.arange(30)), expected)


def test_a_mean_of_both_sides_ranks_as_off_and_one_sided_means_do_not(parts, uneven):
    fit, test = parts
    base, means = WeightedPairs(test, uneven), column_means(fit)
    off = switched(base, [0, 5], "off")
    assert torch.equal(switched(base, [0, 5], "mean", means=means).weights, off.weights)
    for setting in ("image_mean", "text_mean"):
        one = switched(base, [0, 5], setting, means=means)
        assert full(one.pairs, one.weights).image_to_text.tolist() != full(test, off.weights).image_to_text.tolist()


def test_padding_stays_zero_and_the_data_stay_as_they_were(parts):
    fit, test = parts
    before = test.image_tokens.clone()
    after = switched(WeightedPairs(test, torch.ones(12)), [2], "image_mean", means=column_means(fit))
    assert not bool(after.pairs.image_tokens[~test.image_mask].any())
    torch.testing.assert_close(test.image_tokens, before, rtol=0, atol=0)


def test_weight_one_changes_nothing_unweighted_and_undoes_a_weight(parts, uneven):
    _, test = parts
    plain, weighted = WeightedPairs(test, torch.ones(12)), WeightedPairs(test, uneven)
    assert changes_nothing(plain, [1, 2], "one")
    assert not changes_nothing(weighted, [1, 2], "one")
    assert not changes_nothing(plain, [1, 2], "off")
    effect = effect_of(plain, [1, 2], "one")
    assert effect.rsum.change == Estimate(0.0, 0.0, 0.0)
    assert effect.paired.unmoved
    same_ranks(effect_of(weighted, range(12), "one").paired.right, full(test, torch.ones(12)))


def test_other_weights_keep_their_values_and_scaling_them_moves_no_rank(parts, uneven):
    _, test = parts
    after = switched(WeightedPairs(test, uneven), [4], "off").weights
    assert after[4] == 0
    assert torch.equal(after[5:], uneven[5:])
    same_ranks(full(test, after), full(test, after * 12 / after.sum()))


def test_what_cannot_be_switched_is_refused(parts):
    _, test = parts
    base = WeightedPairs(test, torch.ones(12))
    with pytest.raises(DataError, match="no column 12; columns run from 0 to 11"):
        switched(base, [3, 12], "off")
    with pytest.raises(DataError, match="needs the column means"):
        switched(base, [3], "text_mean")
    for setting in ("off", "mean", "image_mean"):
        with pytest.raises(DataError, match="nothing would be left to rank by"):
            switched(base, range(12), setting, means=column_means(test))


def test_ranks_of_a_sample_are_those_of_the_full_table(parts, uneven):
    _, test = parts
    asked = torch.tensor([0, 4, 17, 29])
    everything, some = full(test, uneven), ranks_of(test, uneven, images=asked)
    texts = [i for i, owner in enumerate(test.text_image.tolist()) if owner in (0, 4, 17, 29)]
    assert rank_plan(test, asked).texts.tolist() == texts
    assert [asked[i].item() for i in rank_plan(test, asked).owners] == test.text_image[texts].tolist()
    assert some.image_to_text.tolist() == everything.image_to_text[asked].tolist()
    assert some.text_to_image.tolist() == everything.text_to_image[texts].tolist()
    assert some.image_tied.tolist() == everything.image_tied[asked].tolist()
    assert some.text_tied.tolist() == everything.text_tied[texts].tolist()
    same_ranks(ranks_of(test, uneven, images=torch.arange(30)), everything)


def test_progress_rises_to_one_and_can_end_the_work(parts):
    _, test = parts
    for asked in (torch.arange(30), torch.tensor([1, 2])):
        told = []
        ranks_of(test, torch.ones(12), images=asked, reporter=Calls(share=told.append))
        assert told == sorted(told)
        assert told[-1] == 1
    with pytest.raises(KeyboardInterrupt):
        ranks_of(test, torch.ones(12), images=torch.arange(30), reporter=Calls(share=_stop))


def _stop(_share):
    raise KeyboardInterrupt


def test_the_sample_is_as_large_as_the_budget_and_is_drawn_again_alike(parts):
    _, test = parts
    cost = scoring_flops(test)
    assert cost == 2 * 12 * int(test.image_mask.sum()) * int(test.text_mask.sum())
    assert len(sample_images(test, flops=cost)) == 30
    some = sample_images(test, flops=cost * 0.8, seed=3)
    assert len(some) == 12  # twice its share of the table
    assert some.tolist() == sorted(set(some.tolist())) == sample_images(test, flops=cost * 0.8, seed=3).tolist()
    assert some.tolist() != sample_images(test, flops=cost * 0.8, seed=4).tolist()
    assert len(sample_images(test, flops=1.0)) == 8


def test_the_exact_effect_is_the_difference_of_the_report(parts, uneven):
    _, test = parts
    effect = effect_of(WeightedPairs(test, torch.ones(12)), [3], "off")
    report = retrieval_report(test, weights=switched(WeightedPairs(test, torch.ones(12)), [3], "off").weights)
    assert effect.paired.exact
    assert effect.rsum.change == report.difference
    assert effect.rsum.left == report.baseline.metrics.rsum
    assert effect.rsum.right == report.weighted.metrics.rsum
    assert effect.rows[4].name == "t2i_r5"
    assert effect.rows[4].right == report.weighted.metrics.t2i_r5
    assert sum(row.change.value for row in effect.rows[:6]) == pytest.approx(effect.rsum.change.value, abs=1e-4)
    for row in effect.rows:
        assert row.right.value - row.left.value == pytest.approx(row.change.value, abs=1e-4)
        assert row.change.low <= row.change.value <= row.change.high


def test_a_sampled_interval_is_wider_than_the_bootstrap_of_the_same_images(parts):
    _, test = parts
    asked = torch.arange(0, 30, 3)
    effect = effect_of(WeightedPairs(test, torch.ones(12)), [3], "off", images=asked)
    plain = paired_difference(effect.paired.right, effect.paired.left, effect.paired.owner)
    assert not effect.paired.exact
    assert effect.rsum.change.value == plain.value
    ratio = (effect.rsum.change.high - effect.rsum.change.low) / (plain.high - plain.low)
    assert ratio == pytest.approx(2.262157 / 1.959964 * (10 / 9) ** 0.5, rel=0.005)


def test_the_widening_follows_student_and_fades():
    from scipy.stats import t

    for n in (8, 24, 400):
        wide = widened(Estimate(1.0, 0.0, 3.0), n)
        by = t.ppf(0.975, n - 1) / 1.959964 * (n / (n - 1)) ** 0.5
        assert 1 - wide.low == pytest.approx(by, rel=0.01)
        assert wide.high - 1 == pytest.approx(2 * by, rel=0.01)


def test_won_and_lost_are_counted_one_by_one_and_listed_by_ratio(parts):
    _, test = parts
    asked = torch.tensor([2, 3, 5, 8, 13, 21, 22, 23])
    effect = effect_of(WeightedPairs(test, torch.ones(12)), [0, 1, 2], "off", images=asked)
    before, after = full(test, torch.ones(12)), full(test, torch.tensor([0.0] * 3 + [1.0] * 9))
    images = [(int(i), int(before.image_to_text[i]), int(after.image_to_text[i])) for i in asked]
    texts = [(int(j), int(before.text_to_image[j]), int(after.text_to_image[j])) for j in rank_plan(test, asked).texts]
    for kind, rows in (("image", images), ("text", texts)):
        for gains in (True, False):
            right = [row for row in rows if (row[2] < row[1] if gains else row[2] > row[1])]
            assert effect.paired.count(gains=gains, kind=kind) == len(right)
            listed = effect.paired.moves(kind, gains=gains, top=100)
            assert sorted((m.index, m.before, m.after) for m in listed) == sorted(right)
            ratios = [max(m.before / m.after, m.after / m.before) for m in listed]
            assert ratios == sorted(ratios, reverse=True)
            assert all(m.kind == kind for m in listed)
    count = effect.paired.count
    assert count(gains=True) == count(gains=True, kind="image") + count(gains=True, kind="text")


def test_one_query_is_exact(parts, uneven):
    _, test = parts
    base = WeightedPairs(test, uneven)
    after = switched(base, [1, 6], "off")
    before, then = full(test, uneven), full(test, after.weights)
    for index in (0, 11, 29):
        move = query_move(base, after, index, kind="image")
        assert (move.before, move.after) == (int(before.image_to_text[index]), int(then.image_to_text[index]))
        move = query_move(base, after, index, kind="text")
        assert (move.before, move.after) == (int(before.text_to_image[index]), int(then.text_to_image[index]))
    with pytest.raises(DataError, match="image 30 is not in the test split"):
        query_move(base, after, 30, kind="image")


def test_no_change_in_a_sample_is_not_called_none(parts):
    _, test = parts
    asked = torch.arange(8)
    ranks = ranks_of(test, torch.ones(12), images=asked)
    effect = switch_effect(pair_ranks(test, ranks, ranks, images=asked))
    assert effect.may_still_change == pytest.approx(1 - 0.05 ** (1 / 8))
    assert effect.paired.unmoved
    deep = ranks._replace(image_to_text=torch.full((8,), 20))
    deeper = deep._replace(image_to_text=torch.full((8,), 30))
    effect = switch_effect(pair_ranks(test, deep, deeper, images=asked))
    assert effect.paired.settled
    assert not effect.paired.unmoved
    higher = deep._replace(image_to_text=torch.full((8,), 10))
    assert not pair_ranks(test, deep, higher, images=asked).settled


def test_ties_that_a_switch_makes_are_counted():
    pairs = PairedEmbeddings.from_arrays(torch.eye(4), torch.eye(4))
    effect = effect_of(WeightedPairs(pairs, torch.ones(4)), [0, 1], "off")
    assert effect.paired.new_ties == 4  # images 0 and 1, and their texts, score 0 with everything
    assert effect.rsum.change.value == 0


def test_random_columns_are_as_many_and_others():
    draws = random_columns([1, 2, 3], 12, n_draws=20, seed=1)
    assert all(len(set(draw)) == 3 and not set(draw) & {1, 2, 3} for draw in draws)
    assert len(set(draws)) > 10
    assert draws == random_columns([1, 2, 3], 12, n_draws=20, seed=1)
    many = random_columns(range(8), 12, n_draws=5)  # four others are too few
    assert all(len(set(draw)) == 8 for draw in many)


def test_the_control_is_the_effect_of_those_columns(parts):
    _, test = parts
    base, asked = WeightedPairs(test, torch.ones(12)), torch.arange(30)
    before = ranks_of(test, base.weights, images=asked)
    told = []
    band = control_band(
        pair_ranks(test, before, before), base, [3, 4], "off", n_draws=3, reporter=Calls(share=told.append)
    )
    assert told == sorted(told)
    assert told[-1] == 1
    for drawn, changes in zip(random_columns([3, 4], 12, n_draws=3), band.changes, strict=True):
        expected = [row.change.value for row in effect_of(base, drawn, "off").rows]
        assert list(changes) == pytest.approx(expected, abs=1e-4)
    sums = [changes[-1] for changes in band.changes]
    assert band.ends(-1) == (min(sums), max(sums))


def test_without_planted_style_columns_retrieval_gets_better_and_without_meaning_worse():
    planted = planted_pairs(PlantedConfig(n_images=160, n_columns=24), seed=0)
    test = planted.pairs
    order = planted.semantic_share.argsort()
    base = WeightedPairs(test, torch.ones(24))
    style = effect_of(base, order[:4].tolist(), "off")
    meaning = effect_of(base, order[-4:].tolist(), "off")
    assert style.verdict is Verdict.HELPS
    assert meaning.verdict is Verdict.HURTS


@pytest.mark.real
def test_a_quick_answer_on_five_thousand_captions_is_that_of_the_full_table(real_data):
    pairs = open_pairs(real_data / "flickr8k_test1k" / "pairs.npz")
    asked = sample_images(pairs)
    assert 8 <= len(asked) < 30
    weights = switched(WeightedPairs(pairs, torch.ones(192)), [12], "off").weights
    some = ranks_of(pairs, weights, images=asked)
    rows = score_pairs(pairs.select(asked.tolist()), weights)  # an image against the texts of the sample only
    assert some.text_to_image.shape == (5 * len(asked),)
    fewer = query_ranks(rows, rank_plan(pairs, asked).owners)
    assert bool((some.image_to_text >= fewer.image_to_text).all())
    assert bool((some.text_to_image >= fewer.text_to_image).all())
