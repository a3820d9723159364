"""Repairs against their definitions in numpy; nothing but the fit split decides them."""

import dataclasses

import numpy as np
import pytest
import torch

from pico_core.retrieval.schemes.repairs import (
    canonical_correlations,
    gap_removal,
    mean_removal,
    modality_mean_removal,
    whitening,
)


@pytest.fixture(scope="module")
def splits(planted):
    return planted.pairs.split(seed=1)


def means(pairs):
    return pairs.image_means.double().numpy(), pairs.text_means.double().numpy()


def unit(vector):
    return vector / np.linalg.norm(vector)


def first(pairs):
    return pairs.image_tokens[0, 0].double().numpy(), pairs.text_tokens[0, 0].double().numpy()


def assert_moved(splits, transform, image, text):
    changed = transform(splits.test)
    before = first(splits.test)
    np.testing.assert_allclose(first(changed)[0], unit(image(before[0])), atol=1e-4)
    np.testing.assert_allclose(first(changed)[1], unit(text(before[1])), atol=1e-4)
    norms = torch.linalg.vector_norm(changed.text_tokens, dim=-1)
    torch.testing.assert_close(norms, changed.text_mask.float(), atol=1e-5, rtol=0)  # padding stays 0


def test_mean_removal(splits):
    common = np.concatenate(means(splits.fit)).mean(axis=0)
    assert_moved(splits, mean_removal(splits.fit), lambda x: x - common, lambda y: y - common)


def test_modality_mean_removal(splits):
    images, texts = (each.mean(axis=0) for each in means(splits.fit))
    assert_moved(splits, modality_mean_removal(splits.fit), lambda x: x - images, lambda y: y - texts)


def test_gap_removal(splits):
    images, texts = means(splits.fit)
    axis = unit(images.mean(axis=0) - texts.mean(axis=0))
    assert_moved(splits, gap_removal(splits.fit), *[lambda x: x - axis * (x @ axis)] * 2)


def test_whitening(splits):
    pooled = np.concatenate(means(splits.fit))
    covariance = np.cov(pooled.T, bias=True)
    shrunk = 0.7 * covariance + 0.3 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh(shrunk)
    root = axes / np.sqrt(values) @ axes.T
    move = [lambda x: (x - pooled.mean(axis=0)) @ root] * 2
    assert_moved(splits, whitening(splits.fit, shrinkage=0.3), *move)
    centring = [lambda x: x - pooled.mean(axis=0)] * 2
    assert_moved(splits, whitening(splits.fit, shrinkage=1.0), *centring)


def test_canonical_correlations_are_those_of_their_definition(splits):
    """Scores are x A y with A = Rx U S^2 V^T Ry, and S the correlations: no sign or order of axes matters."""
    images, texts = means(splits.fit)
    images = images[splits.fit.text_image.numpy()]
    x, y = images - images.mean(axis=0), texts - texts.mean(axis=0)

    def root(centred):
        covariance = centred.T @ centred / len(centred)
        covariance = 0.9 * covariance + 0.1 * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
        values, axes = np.linalg.eigh(covariance)
        return axes / np.sqrt(values) @ axes.T

    left, s, right = np.linalg.svd(root(x) @ (x.T @ y / len(x)) @ root(y))
    image = (first(splits.test)[0] - images.mean(axis=0)) @ root(x) @ left * s
    text = (first(splits.test)[1] - texts.mean(axis=0)) @ root(y) @ right.T * s
    changed = first(canonical_correlations(splits.fit, shrinkage=0.1)(splits.test))
    assert changed[0] @ changed[1] == pytest.approx(unit(image) @ unit(text), abs=1e-4)
    assert 0 < s.max() < 1


@pytest.mark.parametrize(
    "repair",
    [
        mean_removal,
        modality_mean_removal,
        gap_removal,
        lambda fit: whitening(fit, shrinkage=0.1),
        lambda fit: canonical_correlations(fit, shrinkage=0.1),
    ],
)
def test_a_repair_depends_on_the_fit_split_alone(planted, splits, repair):
    """Other images in feedback and test, the same in fit: the same change of the same items."""
    garbage = planted.pairs.image_tokens.clone()
    elsewhere = [i for i, name in enumerate(planted.pairs.ids) if name not in set(splits.fit.ids)]
    garbage[elsewhere] = garbage[elsewhere].flip(-1)
    other = dataclasses.replace(planted.pairs, image_tokens=garbage).split(seed=1)
    assert not torch.equal(other.test.image_tokens, splits.test.image_tokens)
    before, after = repair(splits.fit)(splits.test), repair(other.fit)(splits.test)
    assert torch.equal(before.image_tokens, after.image_tokens)
    assert torch.equal(before.text_tokens, after.text_tokens)
    assert not torch.equal(before.image_tokens, splits.test.image_tokens.float())
