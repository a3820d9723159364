"""The two spaces and the sample of items: what their arithmetic promises."""

import pytest
import torch

from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.spaces.subspaces import permuted_probabilities, sample_items, shown, subspace

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


def test_sampling_is_in_proportion_and_seeded():
    whole = sample_items(3, 6)
    assert (whole.images.tolist(), whole.texts.tolist()) == ([0, 1, 2], [0, 1, 2, 3, 4, 5])
    sample = sample_items(1000, 5000, limit=600, seed=4)
    assert (len(sample.images), len(sample.texts), sample.seed) == (100, 500, 4)
    assert torch.equal(sample.images, sample_items(1000, 5000, limit=600, seed=4).images)
    assert not torch.equal(sample.images, sample_items(1000, 5000, limit=600, seed=5).images)


def test_shown_keeps_the_sampled_rows(planted):
    space = subspace(planted.pairs, planted.semantic_share, name="semantic")
    sample = sample_items(60, 120, limit=18)
    part = shown(space, sample)
    assert torch.equal(part.image, space.image[sample.images])
    assert part.stacked.shape == (18, 24)


def test_permuted_probabilities_are_the_same_numbers_on_other_columns(planted):
    p = planted.semantic_share
    draws = permuted_probabilities(p, n_draws=3, seed=4)
    assert len(draws) == 3
    for draw in draws:
        torch.testing.assert_close(draw.sort().values, p.sort().values)
        assert not torch.equal(draw, p)
    assert torch.equal(draws[0], permuted_probabilities(p, n_draws=1, seed=4)[0])
    assert not torch.equal(draws[0], draws[1])
