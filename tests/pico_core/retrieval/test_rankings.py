"""One query under two scorings, against counting by hand."""

import pytest
import torch

from pico_core.common.errors import DataError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.retrieval.evaluation import retrieval_report
from pico_core.retrieval.rankings import compare_lists, largest_moves, relevant_items
from pico_core.retrieval.scoring import WeightedPairs, check_queries, query_scores


def side_by_side(left: WeightedPairs, right: WeightedPairs, index, *, kind, top_k=10):
    """All candidates of one query under two scorings of the same items."""
    check_queries(left.pairs, torch.tensor([index]), kind=kind)
    before, after = (query_scores(side.pairs, index, kind=kind, weights=side.weights) for side in (left, right))
    return compare_lists(before, after, relevant=relevant_items(left.pairs, index, kind=kind), top_k=top_k)


@pytest.fixture(scope="module")
def pairs() -> PairedEmbeddings:
    return planted_pairs(PlantedConfig(n_images=24, n_columns=16, n_patches=3, n_words=4), seed=3).pairs


@pytest.fixture(scope="module")
def weights() -> torch.Tensor:
    drawn = torch.rand(16, generator=torch.Generator().manual_seed(1)) ** 3
    return drawn / drawn.mean()


def beside(pairs: PairedEmbeddings, index: int, *, kind, weights: torch.Tensor, top_k: int = 10):
    """Unweighted on the left, weighted on the right."""
    one = torch.ones(pairs.n_columns)
    return side_by_side(WeightedPairs(pairs, one), WeightedPairs(pairs, weights), index, kind=kind, top_k=top_k)


@pytest.mark.parametrize("kind", ["image", "text"])
def test_ranks_count_strictly_better_candidates(pairs, weights, kind):
    for index in (0, 7):
        both = beside(pairs, index, kind=kind, weights=weights, top_k=5)
        before = query_scores(pairs, index, kind=kind).tolist()
        after = query_scores(pairs, index, kind=kind, weights=weights).tolist()
        for items, own, other in ((both.left, before, after), (both.right, after, before)):
            assert [i.index for i in items] == sorted(range(len(own)), key=lambda j: (-own[j], j))[:5]
            for item in items:
                assert item.rank == 1 + sum(score > own[item.index] for score in own)
                assert item.other_rank == 1 + sum(score > other[item.index] for score in other)
                assert item.score == own[item.index]
                assert item.other_score == other[item.index]
                assert item.relevant == bool(relevant_items(pairs, index, kind=kind)[item.index])


def test_the_right_answer_has_the_rank_of_the_report(pairs, weights):
    report = retrieval_report(pairs, weights=weights, n_draws=10)
    for index in range(6):
        image = beside(pairs, index, kind="image", weights=weights)
        text = beside(pairs, index, kind="text", weights=weights)
        assert image.target_before.rank == int(report.baseline.ranks.image_to_text[index])
        assert image.target_after.rank == int(report.weighted.ranks.image_to_text[index])
        assert text.target_before.rank == int(report.baseline.ranks.text_to_image[index])
        assert text.target_after.rank == int(report.weighted.ranks.text_to_image[index])


def test_the_target_is_there_even_far_below_the_list(pairs, weights):
    both = [beside(pairs, i, kind="image", weights=weights, top_k=1) for i in range(pairs.n_images)]
    low = [b for b in both if b.target_before.rank > 1]
    assert low, "the planted pairs must hold a query that is not answered first"
    for b in low:
        assert b.target_before.relevant


def test_ties_share_a_rank_and_are_listed_by_index():
    same = torch.tensor([[0.6, 0.8]] * 3)
    tied = PairedEmbeddings.from_arrays(same, same)
    both = beside(tied, 1, kind="image", weights=torch.ones(2))
    assert [(item.index, item.rank) for item in both.left] == [(0, 1), (1, 1), (2, 1)]
    assert both.target_before == both.target_after


def test_equal_weights_change_nothing(pairs):
    both = beside(pairs, 2, kind="image", weights=torch.ones(16))
    assert both.left == both.right


def test_largest_losses_are_the_swapped_gains():
    before, after = torch.tensor([1, 4, 2]), torch.tensor([10, 1, 2])
    assert largest_moves(before, after) == [1]
    assert largest_moves(after, before) == largest_moves(before, after, gains=False) == [0]


def test_a_query_that_is_not_there_is_refused(pairs, weights):
    with pytest.raises(DataError, match="image 24 is not in the all split; it has images 0 to 23"):
        beside(pairs, 24, kind="image", weights=weights)


@pytest.mark.parametrize("kind", ["image", "text"])
def test_the_sides_change_places(pairs, weights, kind):
    plain, weighted = WeightedPairs(pairs, torch.ones(16)), WeightedPairs(pairs, weights)
    one, other = side_by_side(plain, weighted, 5, kind=kind), side_by_side(weighted, plain, 5, kind=kind)
    assert (one.left, one.right, one.target_before, one.target_after) == (
        other.right,
        other.left,
        other.target_after,
        other.target_before,
    )


def test_without_a_known_answer_there_is_no_target():
    both = compare_lists(torch.tensor([0.3, 0.2, 0.1]), torch.tensor([0.1, 0.2, 0.3]), top_k=2)
    assert both.target_before is both.target_after is None
