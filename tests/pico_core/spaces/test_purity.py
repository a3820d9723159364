"""Neighbours and purity: against literal loops, limits and planted truth."""

import numpy as np
import polars as pl
import pytest
import torch

from pico_core.data.labels import content_and_style, usable_labels
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.spaces import neighbours as counting
from pico_core.spaces.neighbours import Neighbourhoods, nearest
from pico_core.spaces.purity import agreement, separation
from tests.reporters import Calls

SMALL = PlantedConfig(n_images=60, n_columns=24, n_patches=3, n_words=4, n_concepts=6, concepts_per_image=1)


@pytest.fixture(scope="module")
def planted():
    return planted_pairs(SMALL, seed=2)


def thirds(pairs, p):
    return separation(Neighbourhoods(pairs, p, reading="thirds"), content=["first_concept"], style=["style"])


def test_neighbours_are_the_literal_loop_without_the_own_group():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(30, 3)).astype(np.float32)
    labels, groups = generator.integers(0, 3, 30), np.repeat(np.arange(10), 3)
    expected = []
    for i in range(30):
        order = sorted(
            (j for j in range(30) if groups[j] != groups[i]), key=lambda j: ((points[i] - points[j]) ** 2).sum()
        )
        expected.append(order[:4])
    assert nearest(points, groups, neighbours=4).tolist() == expected
    some = np.array([3, 17])
    assert nearest(points, groups, neighbours=4, queries=some).tolist() == [expected[3], expected[17]]
    share = [np.mean([labels[j] == labels[i] for j in order]) for i, order in enumerate(expected)]
    np.testing.assert_allclose(agreement(labels, np.array(expected), np.arange(30)), share)


def test_fewer_neighbours_than_asked_for_are_filled_with_nobody():
    points = np.arange(4, dtype=np.float32)[:, None]
    assert nearest(points, np.array([0, 0, 0, 1]), neighbours=3).tolist() == [
        [3, -1, -1],
        [3, -1, -1],
        [3, -1, -1],
        [2, 1, 0],
    ]


def test_only_a_sample_is_measured_but_neighbours_are_sought_among_all(planted, monkeypatch):
    whole = Neighbourhoods(planted.pairs, planted.semantic_share).of("semantic", items="texts")
    monkeypatch.setattr(counting, "MEASURED", 50)
    near = Neighbourhoods(planted.pairs, planted.semantic_share)
    some = near.measured("texts")
    assert len(some) == 50
    np.testing.assert_array_equal(near.of("semantic", items="texts"), whole[some])
    purity = separation(near, content=[], style=["style"]).labels
    assert [(p.n_items, p.n_measured) for p in purity] == [(60, 50), (120, 50)]


def test_progress_is_told_and_everything_counted_beforehand(planted, monkeypatch):
    near, told = Neighbourhoods(planted.pairs, planted.semantic_share, n_draws=2), []
    near.prepare(Calls(share=told.append))
    assert told == sorted(told)
    monkeypatch.setattr(counting, "nearest", None)
    separation(near, content=["first_concept"], style=["style"])


def test_planted_content_and_style_gather_where_they_should(planted):
    found = thirds(planted.pairs, planted.semantic_share)
    assert {(p.role, p.items) for p in found.labels} == {
        (role, items) for role in ("content", "style") for items in ("images", "texts")
    }
    for purity in found.labels:
        assert purity.as_hoped is not False
        chance = purity.semantic.permuted
        assert chance.low < chance.value < chance.high
        assert purity.semantic.purity.low <= purity.semantic.purity.value <= purity.semantic.purity.high
    content = [p for p in found.labels if p.role == "content"]
    assert all(p.beyond_random for p in content)
    assert all(p.as_hoped and p.semantic.purity.low > p.semantic.permuted.high for p in content)


def test_swapped_probabilities_turn_the_verdict_round(planted):
    found = thirds(planted.pairs, 1 - planted.semantic_share)
    assert [p.as_hoped for p in found.labels if p.role == "content"] == [False, False]
    assert found.outcome != "yes"


def test_random_weights_separate_nothing_where_planted_ones_do(planted):
    for purity in thirds(planted.pairs, planted.semantic_share).labels:
        chance = purity.random_difference
        assert chance.low <= chance.value <= chance.high
        if purity.role == "content":
            assert abs(chance.value) < abs(purity.difference.value)
            assert purity.semantic.random.high < purity.semantic.purity.value
    unweighted = purity.unweighted
    assert unweighted.random == unweighted.purity


def test_a_difference_that_random_weights_have_too_is_counted_as_such(planted):
    chance = Neighbourhoods(planted.pairs, planted.semantic_share, reading="thirds")
    chance._permuted = [planted.semantic_share] * chance.n_draws  # a control that does just the same
    found = separation(chance, content=["first_concept"], style=[])
    assert all(p.as_hoped and not p.beyond_random for p in found.labels)
    assert (found.n_as_hoped, found.n_reversed, found.n_by_chance, found.outcome) == (2, 0, 2, "barely")


def test_labels_at_random_are_as_pure_as_permuted_ones():
    generator = torch.Generator().manual_seed(5)
    vectors = torch.randn(200, 8, generator=generator)
    noise = pl.DataFrame({"style": [("a", "b")[int(i)] for i in torch.randint(2, (200,), generator=generator)]})
    pairs = PairedEmbeddings.from_arrays(vectors, vectors, image_labels=noise)
    purity = separation(Neighbourhoods(pairs, torch.full((8,), 0.5)), content=[], style=["style"]).labels[0]
    assert abs(purity.semantic.purity.value - purity.semantic.permuted.value) < 0.04
    assert purity.as_hoped is None


def test_without_labels_the_modality_is_what_is_told():
    vectors = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    shifted = vectors + 10 * torch.eye(6)[0]
    near = Neighbourhoods(PairedEmbeddings.from_arrays(vectors, shifted), torch.full((6,), 0.5))
    found = separation(near, content=[], style=[])
    assert found.labels == ()
    assert (found.clearest("content"), found.clearest("style")) == (None, None)
    assert found.modality.semantic.purity.value > 0.9


def test_labels_with_gaps_and_useless_ones():
    frame = pl.DataFrame({"same": ["a"] * 6, "unique": list("abcdef"), "good": ["a", "b", None, "a", "b", "a"]})
    assert usable_labels(frame, frame.columns) == ["good"]
    pairs = PairedEmbeddings.from_arrays(torch.eye(6), torch.eye(6), image_labels=frame)
    found = separation(Neighbourhoods(pairs, torch.full((6,), 0.5)), content=["good"], style=["unique"])
    assert [(p.role, p.n_items, p.neighbours) for p in found.labels] == [("content", 5, 4)]


def test_style_is_guessed_by_name_and_content_shared_by_both_comes_first():
    images = pl.DataFrame({"count": ["1", "2"] * 3, "art_style": ["a", "b"] * 3, "object": ["x", "y"] * 3})
    texts = pl.DataFrame({"tone": ["dry", "warm"] * 3, "object": ["x", "y"] * 3})
    pairs = PairedEmbeddings.from_arrays(torch.eye(6), torch.eye(6), image_labels=images, text_labels=texts)
    roles = content_and_style(pairs)
    assert roles.every == ("count", "art_style", "object", "tone")
    assert roles.content == ("object", "count")
    assert roles.style == ("art_style", "tone")
