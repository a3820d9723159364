"""Ranks and recall against an independent oracle that counts with Python lists."""

import pytest
import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.formats import open_pairs
from pico_core.kernels.metrics import query_ranks, recall_at, reciprocal
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.metrics import image_rsum, paired_difference


def oracle_ranks(scores, owner):
    """For every query: 1 + how many candidates are strictly better than its best relevant one."""
    rows, columns = len(scores), len(scores[0])
    images = []
    for i in range(rows):
        best = max(scores[i][j] for j in range(columns) if owner[j] == i)
        images.append(1 + sum(scores[i][j] > best for j in range(columns)))
    texts = [1 + sum(scores[i][j] > scores[owner[j]][j] for i in range(rows)) for j in range(columns)]
    return images, texts


@pytest.mark.parametrize("seed", range(5))
def test_ranks_equal_the_oracle_on_ties_negatives_and_several_captions(seed):
    generator = torch.Generator().manual_seed(seed)
    # whole numbers from -3 to 2: plenty of ties, plenty of negatives
    scores = torch.randint(-3, 3, (6, 13), generator=generator).float()
    owner = torch.cat([torch.arange(6), torch.randint(6, (7,), generator=generator)])
    ranks = query_ranks(scores, owner)
    images, texts = oracle_ranks(scores.tolist(), owner.tolist())
    assert ranks.image_to_text.tolist() == images
    assert ranks.text_to_image.tolist() == texts


def test_adding_a_constant_changes_no_rank():
    scores = torch.randn(5, 5, generator=torch.Generator().manual_seed(0))
    owner = torch.arange(5)
    for constant in (-100.0, 100.0):
        moved = query_ranks(scores + constant, owner)
        assert moved.image_to_text.tolist() == query_ranks(scores, owner).image_to_text.tolist()


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_score_that_is_not_finite_is_refused(bad):
    scores = torch.zeros(3, 3)
    scores[1, 2] = bad
    with pytest.raises(ValueError, match="1 of 9 scores are NaN or infinite, the first at image 1, text 2"):
        query_ranks(scores, torch.arange(3))


def test_an_image_without_text_is_refused():
    with pytest.raises(ValueError, match="image 1 has no text"):
        query_ranks(torch.zeros(2, 2), torch.tensor([0, 0]))


def test_a_tie_costs_nothing_and_is_counted():
    ranks = query_ranks(torch.zeros(3, 3), torch.arange(3))
    assert ranks.image_to_text.tolist() == [1, 1, 1]
    assert ranks.image_tied.tolist() == [True, True, True]
    assert ranks.text_tied.tolist() == [True, True, True]


def test_a_tie_between_texts_of_the_same_image_is_no_tie():
    ranks = query_ranks(torch.tensor([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), torch.tensor([0, 0, 1]))
    assert not bool(ranks.image_tied.any())


def test_recall_and_reciprocal_rank():
    ranks = torch.tensor([1, 2, 10, 11])
    assert recall_at(ranks, 1).mean().item() == 0.25
    assert recall_at(ranks, 10).mean().item() == 0.75
    assert reciprocal(ranks).mean().item() == pytest.approx((1 + 0.5 + 0.1 + 1 / 11) / 4)


def test_image_contributions_average_to_rsum_with_uneven_captions():
    generator = torch.Generator().manual_seed(3)
    owner = torch.tensor([0, 0, 0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    scores = torch.randn(12, 15, generator=generator)
    ranks = query_ranks(scores, owner)
    images, texts = oracle_ranks(scores.tolist(), owner.tolist())
    expected = sum(100 * sum(r <= k for r in images) / 12 for k in (1, 5, 10))
    expected += sum(100 * sum(r <= k for r in texts) / 15 for k in (1, 5, 10))
    assert image_rsum(ranks, owner).double().mean().item() == pytest.approx(expected, rel=1e-5)


def test_the_report_agrees_with_the_oracle_and_pairs_its_differences():
    generator = torch.Generator().manual_seed(5)
    owner = torch.cat([torch.arange(20), torch.randint(20, (11,), generator=generator)])
    images = torch.randn(20, 6, generator=generator)
    pairs = PairedEmbeddings.from_arrays(
        images, images[owner] + torch.randn(31, 6, generator=generator), text_image=owner
    )
    weights = torch.rand(6, generator=generator)
    report = retrieval_report(pairs, weights=weights, n_draws=200)
    scores = (pairs.image_tokens[:, 0] * weights) @ pairs.text_tokens[:, 0].T
    found_images, found_texts = oracle_ranks(scores.tolist(), owner.tolist())
    assert report.weighted.metrics.i2t_r5.value == pytest.approx(100 * sum(r <= 5 for r in found_images) / 20)
    assert report.weighted.metrics.t2i_r1.value == pytest.approx(100 * sum(r <= 1 for r in found_texts) / 31)
    reciprocals = [sum(1 / r for r in ranks) / len(ranks) for ranks in (found_images, found_texts)]
    assert report.weighted.metrics.mrr.value == pytest.approx(100 * sum(reciprocals) / 2, rel=1e-5)
    assert report.weighted.metrics.i2t_median_rank.value == sorted(found_images)[(20 - 1) // 2]  # the lower of two
    assert report.weighted.metrics.t2i_median_rank.value == sorted(found_texts)[(31 - 1) // 2]
    change = report.weighted.metrics.rsum.value - report.baseline.metrics.rsum.value
    assert report.difference.value == pytest.approx(change, abs=1e-3)
    assert report.difference.low <= report.difference.value <= report.difference.high
    assert (report.baseline.difference.low, report.baseline.difference.high) == (0.0, 0.0)
    assert report.baseline.verdict.value == "none"


def test_a_paired_difference_is_the_reports_own_and_turns_round():
    generator = torch.Generator().manual_seed(6)
    owner = torch.cat([torch.arange(20), torch.randint(20, (11,), generator=generator)])
    images = torch.randn(20, 6, generator=generator)
    pairs = PairedEmbeddings.from_arrays(
        images, images[owner] + torch.randn(31, 6, generator=generator), text_image=owner
    )
    report = retrieval_report(pairs, weights=torch.tensor([2.0, 2.0, 0.5, 0.5, 0.5, 0.5]))
    found = paired_difference(report.weighted.ranks, report.baseline.ranks, pairs.text_image)
    assert found == report.difference
    swapped = paired_difference(report.baseline.ranks, report.weighted.ranks, pairs.text_image)
    assert (swapped.value, swapped.low) == pytest.approx((-found.value, -found.high))


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "arrays", "expected"),
    [
        ("coco500_clip_b16", ("image_emb", "text_emb"), (55.2, 50.6)),
        ("coco500_clip_b16", ("image_emb_random", "text_emb_random"), (0.2, 0.2)),
        ("flickr8k_test1k", ("image_global", "text_global"), (19.9, 14.7)),
    ],
)
def test_recall_at_one_is_what_others_measured(real_data, name, arrays, expected):
    """Of global vectors our score is twice the cosine, so the published recall must come out to the last digit."""
    mapping = dict(zip(("image_emb", "text_emb"), arrays, strict=True))
    pairs = open_pairs(real_data / name / "pairs.npz", mapping=mapping)
    metrics = retrieval_report(pairs, weights=torch.ones(pairs.n_columns), n_draws=20).baseline.metrics
    assert (round(metrics.i2t_r1.value, 1), round(metrics.t2i_r1.value, 1)) == expected
