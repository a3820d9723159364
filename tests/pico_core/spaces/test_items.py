"""The points of a map: names, colours, search, and lines between matched ones."""

import numpy as np
import polars as pl
import pytest
import torch

from pico_core.data.pairs import PairedEmbeddings
from pico_core.kernels.metrics import query_ranks
from pico_core.retrieval.records import Estimate
from pico_core.spaces.items import (
    by_change,
    by_column,
    by_label,
    by_modality,
    by_rank,
    by_rank_change,
    find_items,
    item_frame,
    matched_pairs,
)
from pico_core.spaces.neighbours import NeighbourhoodChange, SideChange
from pico_core.spaces.subspaces import Sample

ALL = Sample(torch.arange(3), torch.arange(5))
SOME = Sample(torch.tensor([0, 2]), torch.tensor([1, 4]))


@pytest.fixture
def pairs():
    return PairedEmbeddings.from_arrays(
        torch.tensor([[1.0, 0], [0, 1], [1, 1]]),
        torch.tensor([[1.0, 0], [0, 1], [1, 1], [1, 0], [2, 1]]),
        text_image=torch.tensor([0, 0, 1, 2, 2]),
        ids=["dog.jpg", "cat.jpg", "cow.jpg"],
        image_paths=["secret/dog.jpg", "secret/cat.jpg", "secret/cow.jpg"],
        captions=["A dog runs", "Dog, black", "a cat", "the Cow", "a cow and a dog"],
        image_labels=pl.DataFrame({"look": ["warm", "cold", None], "size": [0.5, 1.5, 2.0], "legs": [4, 4, 3]}),
        text_labels=pl.DataFrame({"tone": ["dry", "dry", "warm", "dry", "warm"]}),
    )


def test_every_point_has_its_name_and_its_image(pairs):
    items = item_frame(pairs, SOME)
    assert items.rows() == [
        ("image", 0, 0, "dog.jpg"),
        ("image", 2, 2, "cow.jpg"),
        ("text", 1, 0, "Dog, black"),
        ("text", 4, 2, "a cow and a dog"),
    ]


def test_a_label_of_one_modality_is_lent_to_the_other_and_said(pairs):
    look = by_label(pairs, ALL, "look")
    assert look.groups == ("warm", "cold", None, "warm", "warm", "cold", None, None)
    assert look.gap == "of-images"
    tone = by_label(pairs, ALL, "tone")
    assert tone.groups == ("dry", "warm", None, "dry", "dry", "warm", "dry", "warm")
    assert tone.gap == "of-texts"
    assert by_label(pairs, SOME, "tone").groups == ("dry", None, "dry", "warm")


def test_fractions_are_a_scale_and_few_whole_numbers_are_groups(pairs):
    size = by_label(pairs, ALL, "size")
    assert size.scale == "sequential"
    np.testing.assert_allclose(size.values, [0.5, 1.5, 2.0, 0.5, 0.5, 1.5, 2.0, 2.0])
    assert by_label(pairs, ALL, "legs").groups[:3] == ("4", "4", "3")


def test_modality_column_and_change(pairs):
    assert by_modality(SOME).groups == ("image", "image", "text", "text")
    column = by_column(pairs, SOME, 1, title="column 1")
    np.testing.assert_allclose(column.values, [0.0, 0.5**0.5, 1.0, 0.2**0.5], atol=1e-6)
    assert column.scale == "diverging"
    none = Estimate(0.0, 0.0, 0.0)
    change = NeighbourhoodChange(
        SideChange(np.array([0, 2]), np.array([0.1, 0.2]), none, none),
        SideChange(np.array([1, 4]), np.array([0.3, np.nan]), none, none),
        10,
    )
    assert by_change(change, title="change").values[:3].tolist() == [0.1, 0.2, 0.3]
    assert by_change(change, title="change").gap == "sampled"


def test_ranks_stand_at_their_own_items(pairs):
    scores = torch.tensor([[3.0, 0, 1, 2, 0], [0, 1, 2, 3, 4], [0, 2, 0, 1, 5]])
    ranks = query_ranks(scores, pairs.text_image)
    expected = [ranks.image_to_text[0], ranks.image_to_text[2], ranks.text_to_image[1], ranks.text_to_image[4]]
    assert by_rank(ranks, SOME, title="rank").values.tolist() == [int(rank) for rank in expected]
    better = ranks._replace(text_to_image=torch.ones_like(ranks.text_to_image))
    moved = by_rank_change(ranks, better, SOME, title="gained")
    assert moved.values.tolist() == [0, 0, int(expected[2]) - 1, int(expected[3]) - 1]
    assert moved.values.max() > 0


def test_search_reads_names_captions_and_labels_but_no_paths(pairs):
    def found(words):
        return find_items(pairs, ALL, words)

    assert found("DOG") == [0, 3, 4, 7]
    assert found("dog cow") == [7]
    assert found("warm") == [0, 5, 7]
    assert found("secret") == found("  ") == found("zebra") == []
    assert find_items(pairs, SOME, "dog") == [0, 2, 3]


def test_lines_join_what_belongs_together(pairs):
    items = item_frame(pairs, ALL)
    every = matched_pairs(items, [])
    assert every.pairs == ((0, 3), (0, 4), (1, 5), (2, 6), (2, 7))
    assert matched_pairs(items, [0]).pairs == ((0, 3), (0, 4))
    assert matched_pairs(items, [5, 2]).pairs == ((1, 5), (2, 6), (2, 7))
    cut = matched_pairs(items, [], limit=2)
    assert (len(cut.pairs), cut.total) == (2, 5)
    lonely = item_frame(pairs, Sample(torch.tensor([1]), torch.tensor([0, 2])))
    assert matched_pairs(lonely, []).pairs == ((0, 2),)
