"""A patch and a word taken apart, signs of a pair, p̂ as it settles: each against a naive loop."""

import math

import pytest
import torch
from torch.testing import assert_close

from pico_core.columns.detail.interaction import column_profile, interaction, pair_signs, running_agreement
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.config import ConstructionConfig
from pico_core.method.probabilities import pseudo_semantic_probabilities
from pico_core.method.prototypes import column_points

N, CAPTIONS, P, W, D = 14, 3, 5, 4, 6


@pytest.fixture(scope="module")
def pairs():
    """Masks on both sides, texts in mixed order, some exact zeros."""
    generator = torch.Generator().manual_seed(3)
    owner = torch.arange(N).repeat(CAPTIONS)[torch.randperm(N * CAPTIONS, generator=generator)]
    images = torch.randn(N, P, D, generator=generator) + 0.2
    texts = torch.randn(N * CAPTIONS, W, D, generator=generator)
    images[..., 1][torch.rand(N, P, generator=generator) < 0.3] = 0
    image_mask = torch.arange(P) < torch.randint(2, P + 1, (N, 1), generator=generator)
    text_mask = torch.arange(W) < torch.randint(2, W + 1, (N * CAPTIONS, 1), generator=generator)
    return PairedEmbeddings.from_arrays(images, texts, image_mask=image_mask, text_mask=text_mask, text_image=owner)


@pytest.fixture(scope="module")
def weights():
    return torch.rand(D, generator=torch.Generator().manual_seed(1)) + 0.5


def tokens(pairs, text):
    image = int(pairs.text_image[text])
    patches = [
        row for row, real in zip(pairs.image_tokens[image].tolist(), pairs.image_mask[image], strict=True) if real
    ]
    words = [row for row, real in zip(pairs.text_tokens[text].tolist(), pairs.text_mask[text], strict=True) if real]
    return patches, words


@pytest.mark.parametrize("text", [0, 7, 20])
def test_products_add_up_to_the_similarity_and_the_table_to_the_score(pairs, weights, text):
    patches, words = tokens(pairs, text)
    table = [[sum(w * a * b for w, a, b in zip(weights.tolist(), v, t, strict=True)) for t in words] for v in patches]
    found = interaction(pairs, text, 1, 1, weights=weights)
    for d in range(D):
        assert math.isclose(
            float(found.products[d]), float(weights[d]) * patches[1][d] * words[1][d], rel_tol=1e-5, abs_tol=1e-7
        )
    assert_close(found.table, torch.tensor(table), rtol=1e-5, atol=1e-6)
    assert found.similarity == pytest.approx(table[1][1], abs=1e-6)
    assert float(found.running[-1]) == pytest.approx(found.similarity, abs=1e-6)
    assert float(found.running[2]) == pytest.approx(float(found.products[:3].sum()), abs=1e-6)
    score = sum(max(row) for row in table) / len(patches) + sum(max(c) for c in zip(*table, strict=True)) / len(words)
    assert found.score == pytest.approx(score, abs=1e-5)


@pytest.mark.parametrize("column", [0, 1])
def test_signs_of_a_pair_are_counted_product_by_product(pairs, column):
    for text in range(pairs.n_texts):
        patches, words = tokens(pairs, text)
        positive = sum(v[column] * t[column] > 0 for v in patches for t in words)
        found = pair_signs(pairs, text, column)
        assert (found.n_positive, found.n_products) == (positive, len(patches) * len(words))
        assert found.agreement == pytest.approx(positive / found.n_products, abs=1e-6)
        assert int((found.products > 0).sum()) == positive


def test_the_running_mean_ends_at_p_hat_and_strangers_are_strangers(pairs):
    found = running_agreement(pairs, 0, n_steps=8)
    assert found.counted[0] == 1
    assert found.counted[-1] == pairs.n_texts
    assert float(found.matched[-1]) == pytest.approx(float(pseudo_semantic_probabilities(pairs)[0]), abs=1e-6)
    # Where only matched pairs agree, every stranger disagrees: nobody keeps the image that is its own.
    own = torch.eye(4).repeat_interleave(2, dim=1) * 2 - 1
    signs = PairedEmbeddings.from_arrays(own, own)
    matched = running_agreement(signs, 0)
    assert matched.matched.tolist() == [1.0] * len(matched.matched)
    assert float(matched.mismatched[-1]) == pytest.approx(0.5)  # the one positive image agrees with no stranger


def test_a_profile_is_the_point_that_the_method_clusters(pairs):
    config = ConstructionConfig(n_anchors=9)
    points = column_points(pairs, config=config, generator=torch.Generator().manual_seed(5))
    found = column_profile(pairs.image_means, points.image, points.image_owner, 2)
    for place, item in enumerate(points.image_owner.tolist()):
        raw = float(pairs.image_means[item, 2])
        assert (raw - found.mean) / found.norm == pytest.approx(float(found.point[place]), abs=1e-5)
