"""The presets of the Method page: each lesson comes out, and its numbers are its study's."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr
from torch.testing import assert_close

from pico_core.common.errors import SettingError
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.demo.lessons import LESSONS, excess, gain_noise, rank_correlation, teach, truth_correlation
from pico_core.kernels.signs import mismatched_agreement, sign_shares
from pico_core.method.probabilities import weights_from
from pico_core.retrieval.evaluation import retrieval_feedback

NAMES = [lesson.name for lesson in LESSONS]


@pytest.fixture(scope="module")
def taught():
    clear = teach(LESSONS[0])
    return {lesson.name: clear if lesson is LESSONS[0] else teach(lesson, beside=clear) for lesson in LESSONS}


@pytest.mark.parametrize("name", NAMES)
def test_the_lesson_comes_out_and_states_its_numbers_with_intervals(taught, name):
    takeaway = taught[name].takeaway
    assert takeaway.holds
    assert takeaway.numbers
    for number in takeaway.numbers:
        assert number.low <= number.value <= number.high


def test_a_lesson_that_does_not_come_out_says_so(taught):
    from dataclasses import replace

    from pico_core.demo.lessons import TAKEAWAYS

    clear, none = taught["clear"], taught["none"]
    swapped = replace(none, study=clear.study)
    assert not TAKEAWAYS["none"](swapped, None).holds
    assert not TAKEAWAYS["coupled"](clear, clear).holds
    assert not TAKEAWAYS["many"](clear, clear).holds
    rogue = replace(clear, lesson=taught["rogue"].lesson)
    assert not TAKEAWAYS["rogue"](rogue, None).holds


def test_six_names_that_an_address_can_hold():
    assert NAMES == ["clear", "coupled", "none", "rogue", "tiny", "many"]
    assert all(name.isidentifier() and name != "data" for name in NAMES)


def test_the_offset_makes_products_positive_whoever_is_paired(taught):
    one = taught["rogue"]
    table = one.study.columns
    rogue, others = table.tail(3), table.head(table.height - 3)
    assert rogue["p_hat"].min() > others["p_hat"].max()
    assert rogue["null_mean"].min() > others["null_mean"].max()


def test_rogue_columns_are_the_last_and_the_default_is_as_before():
    small = PlantedConfig(n_images=30, n_columns=8)
    plain = planted_pairs(small, seed=2)
    from dataclasses import replace

    rogue = planted_pairs(replace(small, n_rogue=2, offset=50.0), seed=2)
    assert torch.equal(plain.semantic_share, rogue.semantic_share)
    assert bool((rogue.pairs.image_tokens[..., 6:] > 0.5).all())
    assert bool((rogue.pairs.text_tokens[rogue.pairs.text_mask][:, 6:] > 0.5).all())
    assert bool((rogue.pairs.image_tokens[..., :6].abs() < 0.2).all())
    assert planted_pairs(replace(small, n_rogue=0, offset=50.0), seed=2).pairs.digest == plain.pairs.digest
    with pytest.raises(SettingError, match="n_rogue is 9"):
        PlantedConfig(n_columns=8, n_rogue=9)


def test_rank_correlation_agrees_with_scipy():
    generator = torch.Generator().manual_seed(0)
    draws, other = torch.rand(5, 30, generator=generator), torch.rand(30, generator=generator)
    expected = torch.tensor([spearmanr(row, other).statistic for row in draws.numpy()], dtype=torch.float32)
    assert_close(rank_correlation(draws, other), expected, atol=1e-5, rtol=0)


def test_the_truth_correlation_is_that_of_the_probabilities_shown(taught):
    one = taught["clear"]
    expected = spearmanr(one.study.construction.probabilities, one.data.semantic_share).statistic
    assert truth_correlation(one).value == pytest.approx(expected, abs=1e-4)


def test_excess_is_agreement_beyond_mismatched_pairs(taught):
    one = taught["coupled"]
    fit = one.splits.fit
    images, texts = sign_shares(fit.image_tokens, fit.image_mask), sign_shares(fit.text_tokens, fit.text_mask)
    matched = mismatched_agreement(images, texts, fit.text_image, torch.arange(fit.n_images)[None])[0]
    generator = torch.Generator().manual_seed(11)
    shuffles = torch.stack([torch.randperm(fit.n_images, generator=generator) for _ in range(400)])
    strangers = mismatched_agreement(images, texts, fit.text_image, shuffles).mean(dim=0)
    columns = torch.tensor([0, 3, 8])
    assert excess(one, columns).value == pytest.approx(float((matched - strangers)[columns].mean()), abs=0.01)
    size = float((matched - strangers)[columns].abs().mean())
    assert excess(one, columns, absolute=True).value == pytest.approx(size, abs=0.01)


def test_gain_noise_is_the_standard_error_over_feedback_images(taught):
    one = taught["tiny"]
    performance = retrieval_feedback(one.splits.feedback)
    plain = performance(torch.ones(32)).double().numpy()
    errors = []
    for step in one.study.construction.history.iterations:
        change = performance(weights_from(step.candidate_probabilities)).double().numpy() - plain
        errors.append(np.std(change, ddof=1) / np.sqrt(len(change)) / plain.mean())
    found = gain_noise(one)
    assert found.value == pytest.approx(sorted(errors)[(len(errors) - 1) // 2], rel=1e-6)
    assert (found.low, found.high) == pytest.approx((min(errors), max(errors)), rel=1e-6)
