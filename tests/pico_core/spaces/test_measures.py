"""Neighbourhood change, modality gap and trustworthiness: against naive loops, scikit-learn and limits."""

import numpy as np
import pytest
import torch
from sklearn.manifold import trustworthiness

from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.spaces import maps as trusting
from pico_core.spaces import neighbours as counting
from pico_core.spaces.gap import modality_gap, modality_gaps
from pico_core.spaces.maps import item_trust, map_trust, pca_pair
from pico_core.spaces.neighbours import Neighbourhoods, neighbourhood_change
from pico_core.spaces.subspaces import Sample, Space

SMALL = PlantedConfig(n_images=60, n_columns=24, n_patches=3, n_words=4, n_concepts=6, concepts_per_image=1)


@pytest.fixture(scope="module")
def planted():
    return planted_pairs(SMALL, seed=2)


@pytest.fixture(scope="module")
def near(planted):
    return Neighbourhoods(planted.pairs, planted.semantic_share)


def by_hand(vectors, owners, query, k):
    others = [j for j in range(len(vectors)) if owners[j] != owners[query]]
    return set(sorted(others, key=lambda j: float((vectors[query] - vectors[j]).square().sum()))[:k])


def test_change_is_the_literal_loop(near, planted):
    found = neighbourhood_change(near)
    semantic, style = near.space("semantic"), near.space("style")
    owners = planted.pairs.text_image.tolist()
    for side, one, two, groups in (
        (found.images, semantic.image, style.image, list(range(60))),
        (found.texts, semantic.text, style.text, owners),
    ):
        expected = [1 - len(by_hand(one, groups, i, 10) & by_hand(two, groups, i, 10)) / 10 for i in range(len(one))]
        np.testing.assert_allclose(side.each, expected)
        assert side.mean.value == pytest.approx(np.mean(expected))
        assert side.mean.low < side.mean.value < side.mean.high
        order = sorted(range(len(one)), key=lambda i: (-expected[i], i))
        assert side.most(7) == order[:7]


def test_equal_spaces_change_nothing(planted):
    found = neighbourhood_change(Neighbourhoods(planted.pairs, torch.full((24,), 0.5)))
    assert not found.images.each.any()
    assert found.texts.mean.high == 0.0
    assert found.texts.random.high == 0.0


def test_change_beyond_the_sample_is_not_a_number_and_never_most(planted, monkeypatch):
    monkeypatch.setattr(counting, "MEASURED", 20)
    found = neighbourhood_change(Neighbourhoods(planted.pairs, planted.semantic_share))
    assert int(np.isnan(found.texts.each).sum()) == 100
    assert len(found.texts.most(1000)) == 20
    assert np.isfinite(found.texts.mean.value)


def test_gap_is_the_distance_of_the_means(near, planted):
    found = modality_gaps(near)
    for name in ("semantic", "style"):
        space, gap = near.space(name), getattr(found, name)
        expected = (space.image.mean(dim=0) - space.text.mean(dim=0)).norm()
        assert gap.gap.value == pytest.approx(float(expected), abs=1e-6)
        assert gap.gap.low <= gap.gap.value <= gap.gap.high
        assert gap.random.low <= gap.random.value <= gap.random.high


def test_gap_of_the_same_points_is_none_and_of_opposite_ones_two():
    points = torch.eye(3)[[0, 1, 2, 0]]
    owners = torch.arange(4)
    assert modality_gap(Space("style", points, points), owners).value == pytest.approx(0.0, abs=1e-9)
    same = torch.eye(3)[[0, 0, 0, 0]]
    apart = modality_gap(Space("style", same, -same), owners)
    assert (apart.value, apart.low, apart.high) == pytest.approx((2.0, 2.0, 2.0))


def test_gap_interval_covers_the_truth_about_as_often_as_it_says():
    truth, hits = 0.0, 0
    draws = torch.Generator().manual_seed(0)
    direction = torch.nn.functional.normalize(torch.ones(6), dim=0)
    for trial in range(60):
        images, texts = (
            torch.nn.functional.normalize(shift * direction + 0.5 * torch.randn(200, 6, generator=draws), dim=1)
            for shift in (1.0, -1.0)
        )
        found = modality_gap(Space("style", images, texts), torch.arange(200), seed=trial)
        truth = truth or float(
            torch.nn.functional.normalize(direction + 0.5 * torch.randn(200_000, 6, generator=draws), dim=1)
            .mean(dim=0)
            .norm()
            * 2
        )
        hits += found.low <= truth <= found.high
    assert hits >= 50


def test_gap_of_texts_whose_images_are_not_shown(planted, monkeypatch):
    some = Sample(torch.arange(0, 60, 7), torch.arange(1, 120, 2))
    monkeypatch.setattr(counting, "sample_items", lambda *_, **__: some)
    found = modality_gaps(Neighbourhoods(planted.pairs, planted.semantic_share)).style.gap
    assert found.low < found.value < found.high


def test_trust_is_scikit_learns(near):
    points = near.space("style").stacked
    flat = np.ascontiguousarray(np.random.default_rng(1).normal(size=(len(points), 2)), dtype=np.float32)
    for k in (3, 10):
        each = item_trust(points, flat, neighbours=k)
        assert each.shape == (len(points),)
        assert each.mean() == pytest.approx(trustworthiness(points, flat, n_neighbors=k), abs=1e-9)


def test_trust_of_both_maps_with_random_weights_beside(near):
    planes = pca_pair(near.space("semantic"), near.space("style"))
    found = map_trust(near, planes)
    for name in ("semantic", "style"):
        one = getattr(found, name)
        expected = trustworthiness(near.space(name).stacked, getattr(planes, name).stacked, n_neighbors=10)
        assert one.trust.value == pytest.approx(expected, abs=1e-6)
        assert one.trust.low < one.trust.value < one.trust.high
        assert (one.draws, one.n_items) == (near.n_draws, 180)
        assert one.random.low <= one.random.value <= one.random.high
    one_draw = map_trust(near, planes, random=[planes])
    space = near.space("style", 0).stacked
    assert one_draw.style.random.value == pytest.approx(
        trustworthiness(space, planes.style.stacked, n_neighbors=10), abs=1e-6
    )
    assert map_trust(near, planes, random=[]).style.random is None


def test_trust_of_many_items_is_taken_from_a_sample(near, monkeypatch):
    monkeypatch.setattr(trusting, "TRUST_ITEMS", 50)
    planes = pca_pair(near.space("semantic"), near.space("style"))
    assert map_trust(near, planes).semantic.n_items == 50


def test_a_handful_of_items_has_no_trust():
    few = PairedEmbeddings.from_arrays(torch.eye(2), torch.eye(2))
    near = Neighbourhoods(few, torch.tensor([0.2, 0.8]))
    assert map_trust(near, pca_pair(near.space("semantic"), near.space("style"))) is None
