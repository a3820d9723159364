"""Patch-word maps against naive loops and the score kernel: winners, parts of the score, masks, places."""

import pytest
import torch

from pico_core.common.errors import DataError
from pico_core.kernels.similarity import late_interaction
from pico_core.retrieval.explain import Tokens, score_split
from pico_core.retrieval.token_maps import NOBODY, TwoMaps, patch_places, token_map


def tokens(seed=0, p=7, w=4, d=6, dtype=torch.float32):
    generator = torch.Generator().manual_seed(seed)
    patches = torch.randn(p, d, generator=generator).to(dtype)
    words = torch.randn(w, d, generator=generator).to(dtype)
    real = torch.rand(p, generator=generator) < 0.7
    real[1] = True
    return patches, words, real, torch.rand(d, generator=generator)


def kernel(patches, words, real, weights):
    """The score of the pair as retrieval computes it."""
    all_words = torch.ones(1, len(words), dtype=torch.bool)
    return late_interaction(
        patches[None], words[None], image_mask=real[None], text_mask=all_words, weights=weights
    ).item()


@pytest.mark.parametrize("seed", range(6))
def test_table_winners_and_parts_equal_the_naive_loop(seed):
    patches, words, real, weights = tokens(seed)
    found = token_map(patches, words, weights=weights, real=real)
    places = [i for i in range(len(patches)) if real[i]]

    def similarity(i, j):
        return sum(float(weights[d]) * float(patches[i, d]) * float(words[j, d]) for d in range(patches.shape[1]))

    for i in range(len(patches)):
        if i not in places:
            assert found.table[i].isnan().all()
            assert (int(found.word_of_patch[i]), float(found.from_patches[i])) == (NOBODY, 0.0)
            continue
        row = [similarity(i, j) for j in range(len(words))]
        torch.testing.assert_close(found.table[i], torch.tensor(row, dtype=torch.float64))
        assert int(found.word_of_patch[i]) == row.index(max(row))
        assert float(found.from_patches[i]) == pytest.approx(max(row) / len(places))
    for j in range(len(words)):
        column = {i: similarity(i, j) for i in places}
        assert int(found.patch_of_word[j]) == max(column, key=column.get)
        assert float(found.from_words[j]) == pytest.approx(max(column.values()) / len(words))


@pytest.mark.parametrize(("dtype", "close"), [(torch.float16, 1e-3), (torch.float32, 1e-5), (torch.float64, 1e-10)])
@pytest.mark.parametrize("seed", range(4))
def test_parts_sum_to_the_score_of_the_kernel(seed, dtype, close):
    patches, words, real, weights = tokens(seed, dtype=dtype)
    weights = weights.to(torch.promote_types(dtype, torch.float32))
    found = token_map(patches, words, weights=weights, real=real)
    assert found.table.dtype == torch.float64
    assert found.score == pytest.approx(kernel(patches, words, real, weights), abs=close)
    assert found.score == pytest.approx(float(found.from_words.sum() + found.from_patches.sum()), abs=1e-15)


def test_the_score_of_the_real_tokens_is_that_of_the_split_into_columns():
    patches, words, real, weights = tokens(3)
    split = score_split(Tokens(patches[real], words), before=torch.ones(6), after=weights)
    assert token_map(patches, words, weights=torch.ones(6), real=real).score == pytest.approx(split.before)
    assert token_map(patches, words, weights=weights, real=real).score == pytest.approx(split.after)


def test_garbage_in_masked_patches_changes_nothing():
    patches, words, real, weights = tokens(1)
    assert not real.all()
    for garbage in (1e9, torch.nan, torch.inf):
        dirty = patches.masked_fill(~real[:, None], garbage)
        one, other = (token_map(rows, words, weights=weights, real=real) for rows in (patches, dirty))
        torch.testing.assert_close(one.table, other.table, equal_nan=True)
        assert one.score == other.score
        assert torch.equal(one.patch_of_word, other.patch_of_word)


def test_a_masked_patch_never_wins_over_negative_similarities():
    patches, words = torch.tensor([[1.0], [2.0]]), torch.tensor([[-1.0]])
    found = token_map(patches, words, weights=torch.ones(1), real=torch.tensor([False, True]))
    assert found.patch_of_word.tolist() == [1]
    assert found.from_patches.tolist() == [0.0, -2.0]
    assert found.score == -4.0


def test_equal_similarities_go_to_the_first():
    found = token_map(torch.ones(3, 2), torch.ones(2, 2), weights=torch.ones(2))
    assert (found.patch_of_word.tolist(), found.word_of_patch.tolist()) == ([0, 0], [0, 0, 0])


def two(seed=0):
    patches, words, real, weights = tokens(seed)
    left = token_map(patches, words, weights=torch.ones(6), real=real)
    return TwoMaps(left, token_map(patches, words, weights=weights, real=real)), real


@pytest.mark.parametrize("seed", range(4))
def test_difference_scales_and_moves(seed):
    maps, real = two(seed)
    pairs = [(i, j) for i in range(7) for j in range(4) if real[i]]
    left = {pair: float(maps.left.table[pair]) for pair in pairs}
    right = {pair: float(maps.right.table[pair]) for pair in pairs}
    for pair in pairs:
        assert float(maps.difference[pair]) == pytest.approx(right[pair] - left[pair])
    assert maps.limits == (min(*left.values(), *right.values()), max(*left.values(), *right.values()))
    assert maps.largest_change == pytest.approx(max(abs(right[pair] - left[pair]) for pair in pairs))
    for j in range(4):
        best = [max((i for i in range(7) if real[i]), key=lambda i: side[i, j]) for side in (left, right)]
        assert bool(maps.moved_words[j]) == (best[0] != best[1])
    for i in range(7):
        best = [max(range(4), key=lambda j: side[i, j]) if real[i] else None for side in (left, right)]
        assert bool(maps.moved_patches[i]) == (best[0] != best[1])
    change = [abs(float(maps.right.from_words[j] - maps.left.from_words[j])) for j in range(4)]
    assert maps.changed_most == change.index(max(change))


def test_where_nothing_changed_the_word_that_adds_most_is_looked_at():
    maps, _ = two()
    same = TwoMaps(maps.right, maps.right)
    assert same.changed_most == int(maps.right.from_words.argmax())
    assert same.largest_change == 0.0
    assert not same.moved_words.any()
    assert not same.moved_patches.any()


def test_a_rotation_of_the_axes_leaves_the_unweighted_map_alone():
    patches, words, real, _ = tokens(2, dtype=torch.float64)
    turn = torch.linalg.qr(torch.randn(6, 6, generator=torch.Generator().manual_seed(5), dtype=torch.float64)).Q
    one = token_map(patches, words, weights=torch.ones(6), real=real)
    other = token_map(patches @ turn, words @ turn, weights=torch.ones(6), real=real)
    torch.testing.assert_close(one.table, other.table, equal_nan=True)


@pytest.mark.parametrize(
    ("n", "rows", "columns", "leading", "is_grid"),
    [
        (49, 7, 7, 0, True), (64, 8, 8, 0, True), (196, 14, 14, 0, True), (197, 14, 14, 1, True), (50, 7, 7, 1, True),
        (4, 2, 2, 0, True), (6, 1, 6, 0, False), (1, 1, 1, 0, False), (2, 1, 2, 0, False), (30, 3, 12, 0, False),
    ],
)  # fmt: skip
def test_the_number_of_patches_tells_the_grid(n, rows, columns, leading, is_grid):
    found = patch_places(n)
    assert (found.rows, found.columns, found.leading, found.is_grid) == (rows, columns, leading, is_grid)
    cells = [found.cell(patch) for patch in range(n)]
    assert cells.count(None) == leading
    places = [cell for cell in cells if cell is not None]
    assert len(set(places)) == n - leading
    assert places == sorted(places)  # row by row from the top left
    assert all(row < rows and column < columns for row, column in places)
    assert len({found.name(patch) for patch in range(n)}) == n


def test_what_makes_no_map_is_refused_with_its_mend():
    patches, words, real, weights = tokens()
    with pytest.raises(DataError, match="at least one of each"):
        token_map(patches, words, weights=weights, real=torch.zeros(7, dtype=torch.bool))
    with pytest.raises(DataError, match="at least one of each"):
        token_map(patches, words[:0], weights=weights)
    whole = token_map(patches, words, weights=weights)
    with pytest.raises(DataError, match="same pair"):
        TwoMaps(whole, token_map(patches, words, weights=weights, real=real))
    with pytest.raises(DataError, match="same pair"):
        TwoMaps(whole, token_map(patches, words[:2], weights=weights))
