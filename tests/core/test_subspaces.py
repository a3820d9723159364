"""Spaces, maps and purity: against literal loops, limits and planted truth."""

import numpy as np
import polars as pl
import pytest
import torch

from pico_core.analysis.labels import guess_label, usable_labels
from pico_core.analysis.purity import neighbour_agreement, separation
from pico_core.analysis.subspaces import (
    Space,
    map_key,
    pca_plane,
    planes_from_frame,
    sample_items,
    shown,
    subspace,
    umap_frame,
    umap_plane,
)
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import PlantedConfig, planted_pairs

SMALL = PlantedConfig(n_images=60, n_columns=24, n_patches=3, n_words=4, n_concepts=6, concepts_per_image=1)


@pytest.fixture(scope="module")
def planted():
    return planted_pairs(SMALL, seed=2)


def test_dot_products_are_weighted_cosines(planted):
    pairs, p = planted.pairs, planted.semantic_share
    space = subspace(pairs, p, name="semantic")
    v, t = pairs.image_means[3], pairs.text_means[5]
    expected = (p * v * t).sum() / ((p * v * v).sum() * (p * t * t).sum()).sqrt()
    torch.testing.assert_close((space.image[3] * space.text[5]).sum(), expected)


def test_spaces_are_unit_and_swap_with_the_probabilities(planted):
    pairs, p = planted.pairs, planted.semantic_share
    for name in ("semantic", "style", "unweighted"):
        norms = torch.linalg.vector_norm(subspace(pairs, p, name=name).image, dim=1)
        torch.testing.assert_close(norms, torch.ones(60))
    style, swapped = subspace(pairs, p, name="style"), subspace(pairs, 1 - p, name="semantic")
    torch.testing.assert_close(style.text, swapped.text)


def test_thirds_share_no_column(planted):
    p = planted.semantic_share
    semantic = subspace(planted.pairs, p, name="semantic", reading="thirds").image.abs().sum(dim=0) > 0
    style = subspace(planted.pairs, p, name="style", reading="thirds").image.abs().sum(dim=0) > 0
    assert int(semantic.sum()) == int(style.sum()) == 8
    assert not bool((semantic & style).any())
    assert float(p[semantic].min()) > float(p[style].max())


def test_pca_keeps_distances_of_points_on_a_plane():
    plane = torch.randn(20, 2, generator=torch.Generator().manual_seed(0))
    axes = torch.linalg.qr(torch.randn(5, 2, generator=torch.Generator().manual_seed(1))).Q
    points = plane @ axes.T
    flat = pca_plane(Space("semantic", points[:8], points[8:]))
    assert sum(flat.explained) == pytest.approx(1.0)
    found = torch.from_numpy(np.concatenate([flat.image, flat.text]))
    torch.testing.assert_close(torch.cdist(found, found), torch.cdist(plane, plane), atol=1e-4, rtol=1e-4)


def test_a_space_without_spread_gives_zeros_not_warnings():
    empty = Space("style", torch.zeros(3, 4), torch.zeros(6, 4))
    flat = pca_plane(empty)
    assert flat.explained == (0.0, 0.0)
    assert not flat.image.any()
    assert umap_plane(empty).text.shape == (6, 2)


def test_sampling_is_in_proportion_seeded_and_said():
    assert sample_items(3, 6).sentence == ""
    sample = sample_items(1000, 5000, limit=600, seed=4)
    assert (len(sample.images), len(sample.texts)) == (100, 500)
    assert torch.equal(sample.images, sample_items(1000, 5000, limit=600, seed=4).images)
    assert not torch.equal(sample.images, sample_items(1000, 5000, limit=600, seed=5).images)
    assert "600 of 6,000 items are shown: 100 of 1,000 images and 500 of 5,000 texts" in sample.sentence


def test_a_stored_map_comes_back_and_a_foreign_one_is_refused(planted):
    pairs, p = planted.pairs, planted.semantic_share
    sample, key = sample_items(pairs.n_images, pairs.n_texts), map_key(pairs, p)
    rows = pairs.n_images + pairs.n_texts
    numbers = {f"{n}_{a}": np.arange(rows, dtype=np.float32) for n in ("semantic", "style") for a in "xy"}
    kinds = ["image"] * 60 + ["text"] * 120
    frame = pl.DataFrame({"item_kind": kinds, "item": [*range(60), *range(120)], **numbers, "key": [key] * rows})
    maps = planes_from_frame(frame, sample, key=key)
    assert maps.semantic.method == "umap"
    assert maps.style.text[0].tolist() == [60.0, 60.0]
    assert planes_from_frame(frame, sample, key=map_key(pairs, 1 - p)) is None
    assert planes_from_frame(frame.reverse(), sample, key=key) is None
    assert planes_from_frame(frame.drop("key"), sample, key=key) is None


def test_umap_is_reproducible_and_warns_of_nothing(planted):
    first = umap_frame(planted.pairs, planted.semantic_share, seed=1)
    again = umap_frame(planted.pairs, planted.semantic_share, seed=1)
    assert first.equals(again)
    sample = sample_items(60, 120)
    maps = planes_from_frame(first, sample, key=map_key(planted.pairs, planted.semantic_share))
    assert np.isfinite(maps.style.text).all()


def test_agreement_is_the_literal_loop_without_the_own_group():
    generator = np.random.default_rng(0)
    points = generator.normal(size=(30, 3)).astype(np.float32)
    labels, groups = generator.integers(0, 3, 30), np.repeat(np.arange(10), 3)
    expected = []
    for i in range(30):
        order = sorted(
            (j for j in range(30) if groups[j] != groups[i]), key=lambda j: ((points[i] - points[j]) ** 2).sum()
        )
        expected.append(np.mean([labels[j] == labels[i] for j in order[:4]]))
    np.testing.assert_allclose(neighbour_agreement(points, labels, groups, neighbours=4), expected)


def test_planted_content_and_style_gather_where_they_should(planted):
    found = separation(planted.pairs, planted.semantic_share, content="first_concept", style="style", reading="thirds")
    assert {(p.role, p.items) for p in found.labels} == {
        (role, items) for role in ("content", "style") for items in ("images", "texts")
    }
    for purity in found.labels:
        assert purity.as_hoped is not False
        chance = purity.semantic.permuted
        assert chance.low < chance.value < chance.high
        assert purity.semantic.purity.low <= purity.semantic.purity.value <= purity.semantic.purity.high
    content = [p for p in found.labels if p.role == "content"]
    assert all(p.as_hoped and p.semantic.purity.low > p.semantic.permuted.high for p in content)


def test_swapped_probabilities_turn_the_verdict_round(planted):
    found = separation(
        planted.pairs, 1 - planted.semantic_share, content="first_concept", style="style", reading="thirds"
    )
    assert [p.as_hoped for p in found.labels if p.role == "content"] == [False, False]
    assert not found.sentence.startswith("Yes")


def test_labels_at_random_are_as_pure_as_permuted_ones():
    generator = torch.Generator().manual_seed(5)
    vectors = torch.randn(200, 8, generator=generator)
    noise = pl.DataFrame({"style": [("a", "b")[int(i)] for i in torch.randint(2, (200,), generator=generator)]})
    pairs = PairedEmbeddings.from_arrays(vectors, vectors, image_labels=noise)
    purity = separation(pairs, torch.full((8,), 0.5), content=None, style="style").labels[0]
    assert abs(purity.semantic.purity.value - purity.semantic.permuted.value) < 0.04
    assert purity.as_hoped is None


def test_without_labels_the_modality_is_what_is_told():
    vectors = torch.randn(40, 6, generator=torch.Generator().manual_seed(0))
    shifted = vectors + 10 * torch.eye(6)[0]
    found = separation(PairedEmbeddings.from_arrays(vectors, shifted), torch.full((6,), 0.5), content=None, style=None)
    assert found.labels == ()
    assert found.sentence.startswith("This cannot be told here, because the items carry no labels.")
    assert found.modality.semantic.purity.value > 0.9


def test_labels_with_gaps_and_useless_ones():
    frame = pl.DataFrame({"same": ["a"] * 6, "unique": list("abcdef"), "good": ["a", "b", None, "a", "b", "a"]})
    assert usable_labels(frame, frame.columns) == ["good"]
    assert guess_label(["good", "art_style"], role="style") == "art_style"
    assert guess_label(["art_style"], role="content") is None
    pairs = PairedEmbeddings.from_arrays(torch.eye(6), torch.eye(6), image_labels=frame)
    found = separation(pairs, torch.full((6,), 0.5), content="good", style="unique")
    assert [(p.role, p.n_items, p.neighbours) for p in found.labels] == [("content", 5, 4)]


def test_shown_keeps_the_sampled_rows(planted):
    space = subspace(planted.pairs, planted.semantic_share, name="semantic")
    sample = sample_items(60, 120, limit=18)
    part = shown(space, sample)
    assert torch.equal(part.image, space.image[sample.images])
    assert part.stacked.shape == (18, 24)
