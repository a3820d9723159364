"""Axes beside the given ones: independent components, style last, and cross axes of a small fit split."""

import dataclasses
import warnings

import polars as pl
import pytest
import torch
from sklearn.decomposition import FastICA

from pico_core.common.errors import DataError, SettingError
from pico_core.data.pairs import PairedEmbeddings
from pico_core.demo import demo_of
from pico_core.method.bases import fit_basis
from pico_core.method.bases.cross import choose_shrinkage, cross_axes, cross_covariance
from pico_core.method.bases.ica import independent_axes
from pico_core.method.bases.labels import label_covariance
from pico_core.method.basis import nested_axes
from pico_core.method.config import StudyConfig
from pico_core.retrieval.scoring import score_pairs
from pico_core.retrieval.switching.column_sets import axes_name
from pico_core.studies.runs import load_run, replay, save_run
from pico_core.studies.study import run_study, study_splits

NEW = [("ica", 0.0), ("labels", 0.0), ("cross", 0.5), ("cross", 1.0)]
STYLES = ["ink", "oil", "wash"]


def seeded(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def rotation(d, seed=9):
    return torch.linalg.qr(seeded(d, d, seed=seed)).Q


def global_pairs(images, texts, **labels):
    return PairedEmbeddings.from_arrays(images, texts, **labels)


def styled_pairs(n=900, d=16, n_style=2, seed=0):
    """Unit vectors of which the last `n_style` rotated axes move with the style label; and the rotation."""
    turn = rotation(d)
    place = torch.arange(n) % len(STYLES)
    points = torch.zeros(len(STYLES), d)
    points[:, d - n_style :] = 3 * seeded(len(STYLES), n_style, seed=1)
    content = seeded(n, d, seed=seed)
    content[:, d - n_style :] *= 0.1
    images = (content + points[place]) @ turn
    texts = (content + 0.1 * seeded(n, d, seed=seed + 1) + points[place.flip(0)]) @ turn
    names = [STYLES[int(one)] for one in place]
    return (
        global_pairs(
            images, texts, image_labels=pl.DataFrame({"style": names}), text_labels=pl.DataFrame({"style": names[::-1]})
        ),
        turn,
    )


@pytest.mark.parametrize(("name", "shrinkage"), NEW)
def test_axes_are_orthonormal_and_leave_unweighted_scores_alone(planted, name, shrinkage):
    splits = planted.pairs.split(seed=2)
    basis = fit_basis(splits.fit, name, shrinkage=shrinkage)
    torch.testing.assert_close(basis.matrix @ basis.matrix.T, torch.eye(24), rtol=0, atol=1e-5)
    assert not torch.allclose(basis.matrix, torch.eye(24), atol=0.1)
    torch.testing.assert_close(score_pairs(basis.apply(splits.test)), score_pairs(splits.test), rtol=0, atol=1e-4)
    largest = basis.matrix.gather(1, basis.matrix.abs().argmax(dim=1, keepdim=True))
    assert bool((largest > 0).all())
    assert basis.title(3).startswith(f"{name} axis 3 (given columns ")


@pytest.mark.parametrize(("name", "shrinkage"), NEW)
def test_the_same_fit_split_gives_the_same_axes_whatever_else_there_is(planted, name, shrinkage):
    splits = planted.pairs.split(seed=2)
    config = StudyConfig(seed=2, basis=name, shrinkage=shrinkage)
    noise = seeded(*planted.pairs.image_tokens.shape).half()
    outside = torch.tensor([one not in set(splits.fit.ids) for one in planted.pairs.ids])
    spoilt = dataclasses.replace(
        planted.pairs, image_tokens=torch.where(outside[:, None, None], noise, planted.pairs.image_tokens)
    )
    before, after = study_splits(planted.pairs, config), study_splits(spoilt, config)
    assert torch.equal(after.fit.image_tokens, before.fit.image_tokens)
    assert not torch.equal(after.test.image_tokens, before.test.image_tokens)


# Independent components


def test_independent_sources_along_rotated_axes_are_found():
    turn = rotation(8).double()
    draw = torch.rand(3000, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    heavy = seeded(3000, 4).double() ** 3
    sources = torch.cat([draw[:, :4] - 0.5, heavy], dim=1) * torch.linspace(1, 3, 8)
    axes = independent_axes(sources @ turn)
    found = (axes @ turn.T).abs()
    assert float(found.amax(dim=1).min()) > 0.98
    assert sorted(found.argmax(dim=1).tolist()) == list(range(8))
    assert set(found.argmax(dim=1)[:4].tolist()) == {4, 5, 6, 7}, "the heavy tails have the larger kurtosis"
    principal = nested_axes([(sources @ turn).T.cov()], torch.eye(8, dtype=torch.float64))
    assert float((principal @ turn.T).abs().amax(dim=1).min()) < 0.98, "variance alone does not find them"


def test_a_seed_decides_the_independent_axes():
    values = seeded(300, 6).double()
    assert torch.equal(independent_axes(values, seed=1), independent_axes(values, seed=1))
    assert not torch.allclose(independent_axes(values, seed=1), independent_axes(values, seed=2), atol=1e-3)


@pytest.mark.parametrize(("n", "constant"), [(3, 0), (45, 0), (400, 3), (2000, 1)])
def test_independent_axes_are_whole_whatever_the_rank(n, constant):
    values = seeded(n, 32)
    values[:, :constant] = 0.25
    axes = independent_axes(values.double())
    torch.testing.assert_close(axes @ axes.T, torch.eye(32, dtype=torch.float64), rtol=0, atol=1e-9)
    still = (axes[:, :constant].square().sum(dim=1) > 0.5).nonzero().flatten().tolist()
    assert not constant or still == list(range(32 - constant, 32)), "what does not vary comes last"


def test_values_that_never_vary_have_the_given_columns_as_axes():
    assert torch.equal(independent_axes(torch.ones(20, 4, dtype=torch.float64)).abs(), torch.eye(4).double())


def test_an_unfinished_search_is_no_error(monkeypatch):
    monkeypatch.setattr("pico_core.method.bases.ica.MAX_ITERATIONS", 1)
    values = seeded(300, 6).double()
    with pytest.warns(match="did not converge"):
        FastICA(whiten=False, max_iter=1, random_state=0).fit(values.numpy())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes = independent_axes(values)
    torch.testing.assert_close(axes @ axes.T, torch.eye(6, dtype=torch.float64), rtol=0, atol=1e-9)


# Style last


def test_planted_style_lies_in_the_last_axes():
    pairs, turn = styled_pairs()
    basis = fit_basis(pairs, "labels")
    within = (basis.matrix[-2:] @ turn[-2:].T).square().sum(dim=1)
    assert float(within.min()) > 0.95
    spread = (basis.matrix.double() @ label_covariance(pairs) @ basis.matrix.double().T).diag()
    assert bool((spread.diff() >= -1e-9).all())


def test_axes_without_style_are_ordered_by_what_varies_most():
    pairs, _ = styled_pairs()
    basis = fit_basis(pairs, "labels")
    pooled = torch.cat([pairs.image_means, pairs.text_means]).double() @ basis.matrix.double().T
    n_style = 2 * (len(STYLES) - 1)
    null = pooled[:, :-n_style].T.cov(correction=0)
    torch.testing.assert_close(null, null.diag().diag(), rtol=0, atol=1e-7)
    assert bool((null.diag().diff() <= 0).all())


def test_items_in_another_order_have_the_same_axes_with_style_last():
    pairs, _ = styled_pairs()
    order = torch.randperm(pairs.n_images, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(
        fit_basis(pairs.select(order), "labels").matrix, fit_basis(pairs, "labels").matrix, rtol=0, atol=1e-4
    )


def test_items_of_unknown_style_are_left_out():
    pairs, _ = styled_pairs()
    names = pairs.images["style"].to_list()
    unknown = pairs.images.with_columns(pl.Series("style", [None] * 60 + names[60:]))
    found = label_covariance(dataclasses.replace(pairs, images=unknown, texts=pairs.texts.drop("style")))
    known = pairs.image_means[60:].double()
    means = torch.stack([known[[one == style for one in names[60:]]].mean(dim=0) for style in STYLES])
    torch.testing.assert_close(found, means.T.cov(correction=0), rtol=0, atol=1e-9)


def test_without_labels_of_style_the_axes_are_refused_with_the_mend(planted):
    bare = dataclasses.replace(
        planted.pairs, images=planted.pairs.images.drop("style"), texts=planted.pairs.texts.drop("style")
    )
    with pytest.raises(DataError, match="add a label column with 'style' in its name"):
        run_study(bare, StudyConfig(basis="labels"))


# Shrinkage of cross axes


def sharing_pairs(n, d, *, noise, aligned, seed):
    """What images and texts share lies along axes of its own size; where not `aligned`, style hides them."""
    draw = torch.Generator().manual_seed(seed)
    shared = torch.randn(n, d, generator=draw) * torch.linspace(2, 0.1, d)
    turn = torch.eye(d) if aligned else rotation(d, seed=4)
    own = torch.linspace(0.1, 3, d).flip(0) if aligned else torch.linspace(3, 0.1, d)
    sides = [shared + noise * (torch.randn(n, d, generator=draw) * own) @ turn for _ in range(2)]
    return global_pairs(*sides)


def test_no_shrinkage_gives_cross_axes_to_the_bit(planted):
    fit = planted.pairs.split(seed=0).fit
    images, texts = fit.image_means.double(), fit.text_means.double()
    cross = images[fit.text_image].T @ texts / len(texts)
    axes = torch.linalg.eigh((cross + cross.T) / 2).eigenvectors.flip(1).T
    assert torch.equal(cross_axes(fit), axes)
    assert StudyConfig().shrinkage == 0


def test_stored_runs_open_and_their_axes_are_found_again():
    demo = demo_of("planted")
    study = load_run(demo.run("cross"))
    assert study.config == StudyConfig(basis="cross")
    from pico_core import open_pairs

    fitted = fit_basis(open_pairs(demo.dataset).split(seed=0).fit, "cross")
    torch.testing.assert_close(fitted.matrix, study.basis.matrix, rtol=0, atol=1e-4)


def test_full_shrinkage_gives_principal_axes(planted):
    fit = planted.pairs.split(seed=0).fit
    axes = cross_axes(fit, shrinkage=1.0)
    pooled = torch.cat([fit.image_means, fit.text_means]).double()
    moment = axes @ (pooled.T @ pooled) @ axes.T / len(pooled)
    torch.testing.assert_close(moment, moment.diag().diag(), rtol=0, atol=1e-9)
    shared = (axes @ cross_covariance(fit) @ axes.T).diag()
    assert bool((shared.diff() <= 1e-12).all()), "in the order of what is shared along them"


def test_the_feedback_split_asks_for_shrinkage_where_pairs_are_few():
    few = sharing_pairs(200, 48, noise=0.6, aligned=True, seed=0)
    chosen = choose_shrinkage(few.select(range(30)), few.select(range(30, 200)))
    assert chosen.value >= 0.25
    assert (
        chosen.off_diagonal[0] > min(chosen.off_diagonal) == chosen.off_diagonal[chosen.candidates.index(chosen.value)]
    )
    many = sharing_pairs(6000, 12, noise=0.6, aligned=False, seed=1)
    assert choose_shrinkage(many.select(range(5000)), many.select(range(5000, 6000))).value <= 0.1


def test_the_share_off_the_diagonal_is_what_it_says(planted):
    splits = planted.pairs.split(seed=0)
    chosen = choose_shrinkage(splits.fit, splits.feedback, [0.5, 0.0])
    for value, share in zip(chosen.candidates, chosen.off_diagonal, strict=True):
        turned = fit_basis(splits.fit, "cross", shrinkage=value).apply(splits.feedback)
        squares = cross_covariance(turned).square()
        assert share == pytest.approx(float(1 - squares.diag().sum() / squares.sum()), abs=1e-5)
    assert chosen.candidates == (0.0, 0.5)


@pytest.mark.parametrize("candidates", [[], [0.5, 1.5], [float("nan")]])
def test_candidates_that_are_no_shrinkage_are_refused(planted, candidates):
    splits = planted.pairs.split(seed=0)
    with pytest.raises(SettingError, match="from 0 to 1"):
        choose_shrinkage(splits.fit, splits.feedback, candidates)


@pytest.mark.parametrize("value", ["-0.1", "1.1", "nan", "some"])
def test_a_shrinkage_beyond_its_ends_is_refused(value):
    with pytest.raises(SettingError, match="shrinkage is"):
        StudyConfig().with_settings({"shrinkage": value})


@pytest.mark.parametrize("settings", [{"basis": "ica"}, {"basis": "labels"}, {"basis": "cross", "shrinkage": "0.5"}])
def test_a_run_in_these_axes_replays_to_the_same_bits(planted, tmp_path, settings):
    small = {"n_prototypes": 3, "n_iterations": 2, "n_anchors": 16}
    study = run_study(planted.pairs, StudyConfig().with_settings(settings | small))
    fit = planted.pairs.split(seed=0).fit
    wanted = fit_basis(fit, study.config.basis, shrinkage=float(settings.get("shrinkage", 0)))
    assert torch.equal(study.basis.matrix, wanted.matrix)
    folder = save_run(study, tmp_path / "run")
    assert load_run(folder, planted.pairs).config == study.config
    assert replay(folder, planted.pairs).identical


def test_columns_of_shrunk_axes_are_not_those_of_others():
    assert axes_name(StudyConfig(basis="cross", shrinkage=0.5)) == "cross axes of seed 0, fit share 0.45, shrinkage 0.5"
    assert axes_name(StudyConfig(basis="pca", shrinkage=0.5)) == axes_name(StudyConfig(basis="pca"))
