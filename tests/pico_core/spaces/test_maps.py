"""Maps: PCA turned onto PCA, UMAP begun at UMAP, stored maps that belong to their data."""

import numpy as np
import pytest
import torch
from scipy.linalg import orthogonal_procrustes

from pico_core.data.planted import PlantedConfig, planted_pairs
from pico_core.spaces import maps as making
from pico_core.spaces.maps import (
    NAMES,
    map_key,
    pca_pair,
    pca_plane,
    plane_of,
    planes_from_frame,
    turned_onto,
    umap_frame,
    umap_pair,
    umap_plane,
)
from pico_core.spaces.subspaces import Space, sample_items, subspace
from tests.reporters import Calls

SMALL = PlantedConfig(n_images=60, n_columns=24, n_patches=3, n_words=4, n_concepts=6, concepts_per_image=1)


@pytest.fixture(scope="module")
def planted():
    return planted_pairs(SMALL, seed=2)


@pytest.fixture(scope="module")
def spaces(planted):
    return [subspace(planted.pairs, planted.semantic_share, name=name) for name in ("semantic", "style")]


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


def test_a_turned_and_mirrored_copy_is_laid_over_its_original_exactly():
    draws = np.random.default_rng(0)
    flat = draws.normal(size=(30, 2))
    flat -= flat.mean(axis=0)
    first = plane_of(flat, 10, method="pca", explained=(0.5, 0.2))
    angle = 2.1
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) @ np.diag([1.0, -1.0])
    found = turned_onto(plane_of(flat @ turn, 10, method="pca", explained=(0.5, 0.2)), first)
    np.testing.assert_allclose(found.stacked, first.stacked, atol=1e-5)
    assert found.aligned
    assert not first.aligned


def test_alignment_turns_and_never_stretches(spaces):
    pair, free = pca_pair(*spaces), pca_plane(spaces[1])
    before, after = torch.from_numpy(free.stacked).double(), torch.from_numpy(pair.style.stacked).double()
    torch.testing.assert_close(torch.cdist(after, after), torch.cdist(before, before), atol=1e-4, rtol=1e-4)
    rotation, _ = orthogonal_procrustes(free.stacked.astype(float), pair.semantic.stacked.astype(float))
    np.testing.assert_allclose(pair.style.stacked, free.stacked @ rotation, atol=1e-4)

    def apart(plane):
        return np.square(plane.stacked - pair.semantic.stacked).sum()

    assert apart(pair.style) < apart(free)
    assert sum(pair.style.explained) == pytest.approx(sum(free.explained))


def test_umap_begins_where_it_is_told_and_comes_out_the_same_again(spaces):
    semantic, style = spaces
    first = umap_pair(semantic, style, seed=1)
    again = umap_pair(semantic, style, seed=1)
    np.testing.assert_array_equal(first.semantic.stacked, again.semantic.stacked)
    np.testing.assert_array_equal(first.style.stacked, again.style.stacked)
    np.testing.assert_array_equal(first.semantic.stacked, umap_plane(semantic, seed=1).stacked)

    def together(plane):
        return np.corrcoef(plane.stacked.T.ravel(), first.semantic.stacked.T.ravel())[0, 1]

    assert together(first.style) > together(umap_plane(style, seed=1)) + 0.2
    assert first.style.aligned
    assert np.isfinite(first.style.stacked).all()


def test_umap_tells_its_stages_in_order_and_stops_when_its_listener_does(spaces):
    stages, shares = [], []
    umap_pair(*spaces, reporter=Calls(stage=stages.append, share=shares.append))
    assert shares == sorted(shares)
    assert shares[0] >= 0.0
    assert shares[-1] <= 1.0
    assert any(stage.startswith("semantic map, finding neighbours") for stage in stages)
    assert any(stage.startswith("style map, laying out, epoch") for stage in stages)

    def stop(stage):
        if "epoch" in stage:
            raise KeyboardInterrupt

    for _ in range(2):  # a lock kept by the first would hold up the second
        with pytest.raises(KeyboardInterrupt):
            umap_pair(*spaces, reporter=Calls(stage=stop))
    from umap import layouts

    lock = layouts.tqdm.get_lock()
    with pytest.raises((RuntimeError, ValueError, AssertionError)):
        lock.release()  # nobody holds it


@pytest.fixture(scope="module")
def stored(planted):
    return umap_frame(planted.pairs, planted.semantic_share, seed=1)


def test_a_stored_map_comes_back_and_a_foreign_one_is_refused(planted, stored, monkeypatch):
    pairs, p = planted.pairs, planted.semantic_share
    sample, key = sample_items(pairs.n_images, pairs.n_texts), map_key(pairs, p)
    found = planes_from_frame(stored, sample, key=key)
    first, second = (subspace(pairs, p, name=name) for name in ("semantic", "style"))
    live = umap_pair(first, second, seed=1)
    for name in ("semantic", "style"):
        made, kept = getattr(live, name), getattr(found.planes, name)
        assert kept.method == "umap"
        np.testing.assert_allclose(kept.stacked, made.stacked, atol=0.0051)
    assert np.abs(found.random.semantic.stacked - found.planes.semantic.stacked).max() > 0.5
    assert planes_from_frame(stored, sample, key=map_key(pairs, 1 - p)) is None
    assert planes_from_frame(stored.reverse(), sample, key=key) is None
    for missing in ("key", f"{NAMES[3]}_y"):
        assert planes_from_frame(stored.drop(missing), sample, key=key) is None


def test_points_that_are_not_finite_lie_at_the_origin():
    flat = making.plane_of(np.array([[np.nan, 1.0], [2.0, np.inf]]), 1, method="umap", explained=None)
    assert np.isfinite(flat.stacked).all()
    assert flat.image[0].tolist() == [0.0, 1.0]
