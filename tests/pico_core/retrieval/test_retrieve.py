"""One query from a prepared index, and the best candidates of many without the table of all scores."""

from dataclasses import replace

import pytest
import torch

import pico_core
from pico_core.common.errors import DataError, SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import best_first, row_ranks
from pico_core.retrieval.best_candidates import top_candidates
from pico_core.retrieval.scoring import query_row, query_scores, retrieval_index, score_pairs

# Checked to the bit where the matrix product is that of MKL; elsewhere its sums may differ in the last bit.
BITS = {"rtol": 0, "atol": 0 if torch.backends.mkl.is_available() else 1e-6}
KINDS = ["image", "text"]


def ragged_pairs(seed=0, n=30, m=70, p=7, w=6, d=24, dtype=torch.float16):
    """Random ragged tokens in which a third of the items are copies of others."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(n, p, d, generator=generator).to(dtype)
    texts = torch.randn(m, w, d, generator=generator).to(dtype)
    image_mask, text_mask = torch.rand(n, p, generator=generator) < 0.7, torch.rand(m, w, generator=generator) < 0.7
    image_mask[:, 1], text_mask[:, 0] = True, True
    twins, doubles = (
        torch.randint(2 * n // 3, (n,), generator=generator),
        torch.randint(m // 2, (m,), generator=generator),
    )
    return PairedEmbeddings.from_arrays(
        images[twins],
        texts[doubles],
        image_mask=image_mask[twins],
        text_mask=text_mask[doubles],
        text_image=torch.cat((torch.arange(n), torch.randint(n, (m - n,), generator=generator))),
    )


def whole_pairs(seed=0, n=40, m=90):
    """Tokens that are one-hot: every sum is exact, so ties are exact on every machine, and most scores tie."""
    generator = torch.Generator().manual_seed(seed)
    eye = torch.eye(6)
    return PairedEmbeddings.from_arrays(
        eye[torch.randint(6, (n, 2), generator=generator)],
        eye[torch.randint(6, (m, 4), generator=generator)],
        text_mask=torch.rand(m, 4, generator=generator) < torch.tensor([1.1, 0.5, 0.5, 0.5]),
        text_image=torch.cat((torch.arange(n), torch.randint(n, (m - n,), generator=generator))),
    )


def query(pairs, kind, index):
    if kind == "image":
        return pairs.image_tokens[index][pairs.image_mask[index]]
    return pairs.text_tokens[index][pairs.text_mask[index]]


def table(pairs, kind, weights=None):
    scores = score_pairs(pairs, weights)
    return scores if kind == "image" else scores.T


def sorted_by_hand(rows, k):
    """The k best of every row by Python's stable sort."""
    return torch.tensor([sorted(range(len(row)), key=lambda c: -row[c])[:k] for row in rows.tolist()])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_a_row_of_the_index_is_that_of_the_table(kind, dtype):
    pairs = ragged_pairs(dtype=dtype)
    index = retrieval_index(pairs)
    generator = torch.Generator().manual_seed(1)
    for weights in (None, torch.rand(24, generator=generator), 2 * torch.rand(24, generator=generator)):
        rows = table(pairs, kind, weights)
        for i in range(0, len(rows), 6):
            found = query_row(index, query(pairs, kind, i), kind=kind, weights=weights)
            close = {"rtol": 0, "atol": 1e-14} if dtype == torch.float64 else BITS
            torch.testing.assert_close(found, rows[i], **close)
            bare = query_scores(pairs, i, kind=kind, weights=weights)
            torch.testing.assert_close(found, bare, rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_of_rows_are_those_of_the_table_where_items_are_doubled(kind):
    pairs = ragged_pairs(seed=2)
    index, weights = retrieval_index(pairs), torch.rand(24, generator=torch.Generator().manual_seed(3))
    rows = table(pairs, kind, weights)
    relevant = pairs.text_image[None] == torch.arange(pairs.n_images)[:, None]
    relevant = relevant if kind == "image" else relevant.T
    single = torch.stack(
        [query_row(index, query(pairs, kind, i), kind=kind, weights=weights) for i in range(len(rows))]
    )
    found, expected = row_ranks(single, relevant), row_ranks(rows, relevant)
    assert bool(expected.tied.any())
    assert found.ranks.tolist() == expected.ranks.tolist()
    assert found.tied.tolist() == expected.tied.tolist()


def test_an_index_says_what_it_takes_and_leaves_the_tokens_alone():
    pairs = ragged_pairs()
    before = pairs.digest
    index = retrieval_index(pairs)
    real = int(pairs.image_mask.sum() + pairs.text_mask.sum()) * 24 * 4
    assert real <= index.nbytes <= real + 13 * 15 * 24 * 4  # each of 13 lengths is filled up by at most 15 tokens
    query_row(index, query(pairs, "image", 0), kind="image", weights=torch.rand(24))
    assert replace(pairs).digest == before
    first = query_row(index, query(pairs, "text", 0), kind="text")
    query_row(index, query(pairs, "text", 0), kind="text", weights=torch.zeros(24))
    torch.testing.assert_close(query_row(index, query(pairs, "text", 0), kind="text"), first, rtol=0, atol=0)


def test_queries_that_are_none_are_refused():
    index = retrieval_index(ragged_pairs())
    with pytest.raises(DataError, match=r"shape \[0, 24\]; expected one or more rows of 24 columns"):
        query_row(index, torch.ones(0, 24), kind="text")
    with pytest.raises(DataError, match=r"shape \[2, 23\]"):
        query_row(index, torch.ones(2, 23), kind="image")


@pytest.mark.parametrize("k", [1, 3, 40, 41])
def test_the_best_come_in_the_order_of_a_stable_sort(k):
    generator = torch.Generator().manual_seed(k)
    for scores in (torch.randint(4, (50, 40), generator=generator).float(), torch.randn(50, 40, generator=generator)):
        found = best_first(scores, k=k)
        assert found.indices.tolist() == sorted_by_hand(scores, k).tolist()
        torch.testing.assert_close(found.values, scores.gather(1, found.indices), rtol=0, atol=0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("k", "block"), [(1, 7), (5, 3), (5, 16), (10, 30), (10, 1024), (60, 25)])
@pytest.mark.parametrize("make", [whole_pairs, ragged_pairs])
def test_top_candidates_are_those_of_the_whole_table(kind, k, block, make):
    pairs = make()
    weights = None if make is whole_pairs else torch.rand(24, generator=torch.Generator().manual_seed(4))
    rows = table(pairs, kind, weights)
    found = top_candidates(pairs, kind=kind, k=k, weights=weights, block=block)
    assert found.queries.tolist() == list(range(len(rows)))
    assert found.candidates.shape == found.scores.shape == (len(rows), min(k, rows.shape[1]))
    torch.testing.assert_close(found.scores, rows.gather(1, found.candidates), **BITS)
    assert found.candidates.tolist() == sorted_by_hand(rows, k).tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_only_some_may_ask_in_any_order(kind):
    pairs = ragged_pairs()
    every = top_candidates(pairs, kind=kind, k=4, block=11)
    chosen = torch.tensor([17, 3, 29, 3])
    found = top_candidates(pairs, kind=kind, k=4, queries=chosen, block=3)
    assert found.queries.tolist() == [17, 3, 29, 3]
    assert found.candidates.tolist() == every.candidates[chosen].tolist()
    none = top_candidates(pairs, kind=kind, k=4, queries=chosen[:0])
    assert none.candidates.shape == none.scores.shape == (0, 4)


def test_top_candidates_refuse_what_is_not_there():
    pairs = ragged_pairs()
    with pytest.raises(DataError, match="image 30 is not in the all split; it has images 0 to 29"):
        top_candidates(pairs, kind="image", k=1, queries=torch.tensor([0, 30]))
    with pytest.raises(DataError, match="text -1 is not in"):
        top_candidates(pairs, kind="text", k=1, queries=torch.tensor([-1]))
    with pytest.raises(SettingError, match="k is 0"):
        top_candidates(pairs, kind="text", k=0)
    with pytest.raises(SettingError, match="block is 0"):
        top_candidates(pairs, kind="text", k=1, block=0)


def test_the_engine_exports_it():
    assert pico_core.top_candidates is top_candidates
