"""One column in detail: signs, neighbours, associations, offset and bands, each against a naive count."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from torch.testing import assert_close

from pico_core.columns.detail.interaction import sign_table
from pico_core.columns.detail.items import BANDS, column_items, column_neighbours, modality_offset, quantile_bands
from pico_core.columns.style_shares import MANY_VALUES, column_associations
from pico_core.data.pairs import PairedEmbeddings
from pico_core.method.probabilities import pseudo_semantic_probabilities
from pico_core.retrieval.uncertainty import bootstrap_counts

N, CAPTIONS, P, W, D = 30, 5, 4, 6, 3
CELLS = ("both_positive", "image_only", "text_only", "both_negative")


@pytest.fixture(scope="module")
def pairs():
    """Five captions per image in mixed order, masks on both sides, exact zeros, and shared signs."""
    generator = torch.Generator().manual_seed(0)
    owner = torch.arange(N).repeat(CAPTIONS)[torch.randperm(N * CAPTIONS, generator=generator)]
    shared = torch.randn(N, 1, D, generator=generator)
    images = shared + torch.randn(N, P, D, generator=generator) + 0.3
    texts = shared[owner] + torch.randn(N * CAPTIONS, W, D, generator=generator) - 0.2
    images[torch.rand(N, P, D, generator=generator) < 0.15] = 0
    texts[torch.rand(N * CAPTIONS, W, D, generator=generator) < 0.15] = 0
    images[images.abs().sum(dim=2) == 0] = 1.0
    texts[texts.abs().sum(dim=2) == 0] = 1.0
    image_mask = torch.arange(P) < torch.randint(1, P + 1, (N, 1), generator=generator)
    text_mask = torch.arange(W) < torch.randint(1, W + 1, (N * CAPTIONS, 1), generator=generator)
    return PairedEmbeddings.from_arrays(images, texts, image_mask=image_mask, text_mask=text_mask, text_image=owner)


def signs_by_hand(pairs, column):
    """Shares of the four cells per text [m, 4], by a loop over patches and words."""
    rows = []
    for text, image in enumerate(pairs.text_image.tolist()):
        patches = pairs.image_tokens[image][pairs.image_mask[image]][:, column].tolist()
        words = pairs.text_tokens[text][pairs.text_mask[text]][:, column].tolist()
        cells = [0, 0, 0, 0]
        for v in patches:
            for t in words:
                if v != 0 and t != 0:
                    cells[(0 if v > 0 else 2) + (0 if t > 0 else 1)] += 1
        rows.append([count / (len(patches) * len(words)) for count in cells])
    return np.array(rows)


def resampled(pairs, n_draws, seed):
    """Which texts, and which images, every resample holds."""
    counts = bootstrap_counts(pairs.n_images, n_draws=n_draws, seed=seed).int().numpy()
    owner = pairs.text_image.numpy()
    for row in counts:
        yield np.repeat(np.arange(len(owner)), row[owner]), np.repeat(np.arange(len(row)), row)


def test_signs_are_counted_over_all_real_patches_and_words(pairs):
    for column in range(D):
        table = sign_table(pairs, column, n_draws=10)
        found = [getattr(table, cell).matched.value for cell in CELLS]
        np.testing.assert_allclose(found, signs_by_hand(pairs, column).mean(axis=0), atol=1e-6)
        assert sum(found) < 0.95  # zeros are in no cell
        assert table.agreement == pytest.approx(float(pseudo_semantic_probabilities(pairs)[column]), abs=1e-6)


def test_intervals_of_signs_resample_images_with_all_their_texts(pairs):
    table, by_hand = sign_table(pairs, 1, n_draws=40, seed=3), signs_by_hand(pairs, 1)
    draws = np.array([by_hand[texts].mean(axis=0) for texts, _ in resampled(pairs, 40, 3)])
    for place, cell in enumerate(CELLS):
        matched = getattr(table, cell).matched
        np.testing.assert_allclose((matched.low, matched.high), np.quantile(draws[:, place], [0.025, 0.975]), atol=1e-6)


def test_strangers_share_signs_as_often_as_the_product_of_their_shares_says(pairs):
    table = sign_table(pairs, 0)
    image, text = pairs.image_tokens[..., 0], pairs.text_tokens[..., 0]
    of_images = {
        sign: np.mean([(s * v[k] > 0).float().mean() for v, k in zip(image, pairs.image_mask, strict=True)])
        for sign, s in (("+", 1), ("-", -1))
    }
    of_texts = {
        sign: np.mean([(s * v[k] > 0).float().mean() for v, k in zip(text, pairs.text_mask, strict=True)])
        for sign, s in (("+", 1), ("-", -1))
    }
    for cell, v, t in zip(CELLS, "++--", "+-+-", strict=True):
        null = getattr(table, cell).null
        assert null.value == pytest.approx(of_images[v] * of_texts[t], abs=0.005)
        assert null.low < of_images[v] * of_texts[t] < null.high
    # The signs of this column are shared, so matched pairs agree more often than strangers ever do.
    assert table.both_positive.matched.value > table.both_positive.null.high
    assert table.image_only.matched.value < table.image_only.null.low


def test_the_seed_decides_the_resamples_and_the_strangers(pairs):
    one, same, other = (sign_table(pairs, 0, n_draws=50, seed=seed) for seed in (1, 1, 2))
    assert one == same
    assert one.both_positive.matched.low != other.both_positive.matched.low
    assert one.both_positive.null != other.both_positive.null


def test_the_offset_is_a_difference_of_means_with_its_interval(pairs):
    found = modality_offset(pairs, 2, n_draws=40, seed=5)
    images, texts = pairs.image_means[:, 2].numpy(), pairs.text_means[:, 2].numpy()
    assert found.offset.value == pytest.approx(images.mean() - texts.mean(), abs=1e-6)
    draws = [images[i].mean() - texts[t].mean() for t, i in resampled(pairs, 40, 5)]
    np.testing.assert_allclose((found.offset.low, found.offset.high), np.quantile(draws, [0.025, 0.975]), atol=1e-5)


def test_the_share_of_the_mean_dot_product_is_that_of_matched_pairs(pairs):
    found = modality_offset(pairs, 2, n_draws=40, seed=5).cosine_share
    products = (pairs.image_means[pairs.text_image] * pairs.text_means).numpy()
    assert found.value == pytest.approx(products[:, 2].sum() / products.sum(), abs=1e-5)
    draws = [products[t, 2].sum() / products[t].sum() for t, _ in resampled(pairs, 40, 5)]
    np.testing.assert_allclose((found.low, found.high), np.quantile(draws, [0.025, 0.975]), atol=1e-4)


def test_shares_of_all_columns_are_everything(pairs):
    found = [modality_offset(pairs, column, n_draws=5) for column in range(D)]
    assert sum(one.gap_share for one in found) == pytest.approx(1, abs=1e-5)
    assert sum(one.cosine_share.value for one in found) == pytest.approx(1, abs=1e-5)
    gaps = np.array([one.offset.value for one in found]) ** 2
    np.testing.assert_allclose([one.gap_share for one in found], gaps / gaps.sum(), atol=1e-5)


def with_columns(study, points, centres):
    """A construction whose columns and prototypes in images are these; its other columns never vary."""
    made = study.construction
    points = torch.nn.functional.pad(points, (0, 0, 0, len(made.probabilities) - len(points)))
    prototypes = replace(made.prototypes, image=replace(made.prototypes.image, centres=centres))
    return replace(made, image_columns=points, prototypes=prototypes)


def test_company_is_what_a_loop_over_columns_finds(study):
    generator = torch.Generator().manual_seed(4)
    points = torch.nn.functional.normalize(torch.randn(9, 5, generator=generator), dim=1)
    centres = 3 * torch.randn(2, 5, generator=generator)
    made = with_columns(study, points, centres)
    lengths = centres.norm(dim=1)
    for column in range(9):
        found = column_neighbours(made, column, top=3).image
        cosines = [[float(p @ c / length) for c, length in zip(centres, lengths, strict=True)] for p in points]
        nearest = [max(range(2), key=lambda k, row=row: abs(row[k])) for row in cosines]
        own = nearest[column]
        sharing = [i for i in range(9) if nearest[i] == own and i != column]
        assert (found.prototype, found.n_sharing) == (own, len(sharing))
        assert found.cosine == pytest.approx(cosines[column][own], abs=1e-6)
        closest = sorted(sharing, key=lambda i: -abs(cosines[i][own]))[:3]
        assert [one.column for one in found.sharing] == closest
        assert_close([one.value for one in found.sharing], [cosines[i][own] for i in closest], rtol=0, atol=1e-6)
        products = [float(p @ points[column]) for p in points]
        with_it = sorted((i for i in range(9) if i != column), key=lambda i: -abs(products[i]))[:3]
        assert [one.column for one in found.correlated] == with_it
        assert_close([one.value for one in found.correlated], [products[i] for i in with_it], rtol=0, atol=1e-6)


def test_a_column_that_carries_the_style_upside_down_has_a_negative_cosine(study):
    points = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]])
    made = with_columns(study, points, torch.tensor([[0.0, 1.0], [2.0, 0.0]]))
    found = column_neighbours(made, 1).image
    assert (found.prototype, found.cosine) == (1, -1.0)
    assert [(one.column, one.value) for one in found.sharing] == [(0, 1.0)]
    assert [(one.column, one.value) for one in found.correlated] == [(0, -1.0), (2, 0.0)]


def test_a_column_that_never_varies_has_no_neighbours(study):
    points = torch.tensor([[1.0, 0.0], [0.0, 0.0], [0.8, 0.6]])
    made = with_columns(study, points, torch.tensor([[1.0, 0.0]]))
    found = column_neighbours(made, 0).image
    assert [one.column for one in found.sharing] == [2]
    assert [one.column for one in found.correlated] == [2]
    still = column_neighbours(made, 1).image
    assert (still.cosine, still.n_sharing, still.sharing, still.correlated) == (0.0, 0, (), ())


def test_images_and_texts_have_their_own_neighbours(study):
    found = column_neighbours(study.construction, 2, top=1)
    for side, points in (
        (found.image, study.construction.image_columns),
        (found.text, study.construction.text_columns),
    ):
        products = (points @ points[2]).abs()
        products[2] = -1
        assert side.correlated[0].column == int(products.argmax())


LABELS = {
    "subject": [None, "dog", *["cat", "dog", "bird"] * 9, "cat"],
    "serial": [f"number {i}" for i in range(N)],
    "grade": [i % 3 for i in range(N)],
    "weight": [None, *[float((7 * i) % 29) for i in range(1, N)]],
    "style": ["night" if i % 2 else "flat" for i in range(N)],
}


@pytest.fixture(scope="module")
def labelled(pairs):
    """Image labels by image, and a tone for each text."""
    tones = ["formal" if i % 4 else "terse" for i in range(pairs.n_texts)]
    texts = pairs.texts.with_columns(pl.Series("tone", tones))
    images = pairs.images.with_columns(*(pl.Series(name, row) for name, row in LABELS.items()))
    return replace(pairs, images=images, texts=texts)


def eta_by_hand(values, labels):
    kept = [(v, label) for v, label in zip(values.tolist(), labels, strict=True) if label is not None]
    held = np.array([v for v, _ in kept])
    groups = [np.array([v for v, label in kept if label == one]) for one in {label for _, label in kept}]
    within = sum(((group - group.mean()) ** 2).sum() for group in groups)
    return 1 - within / ((held - held.mean()) ** 2).sum(), (len(groups) - 1) / (len(held) - 1)


def test_groups_are_compared_by_their_share_of_variance(labelled):
    found = {one.label: one for one in column_associations(labelled, 1)}
    for name in ("subject", "grade", "style", "tone"):
        values = labelled.text_means[:, 1] if name == "tone" else labelled.image_means[:, 1]
        labels = labelled.texts["tone"].to_list() if name == "tone" else LABELS[name]
        share, chance = eta_by_hand(values, labels)
        one = found[name]
        assert (one.kind, one.modality) == ("eta²", "text" if name == "tone" else "image")
        assert one.n_values == len({label for label in labels if label is not None})
        assert one.value.value == pytest.approx(share, abs=1e-5)
        assert one.chance == pytest.approx(chance)
        assert one.value.low <= one.value.value <= one.value.high
    assert "serial" not in found  # every image has its own: nothing gathers


def test_a_number_of_many_values_is_correlated_over_the_images_that_have_it(labelled):
    one = next(one for one in column_associations(labelled, 1, seed=2) if one.label == "weight")
    assert one.n_values > MANY_VALUES
    x, y = labelled.image_means[1:, 1].numpy(), np.array(LABELS["weight"][1:])
    assert (one.kind, one.chance) == ("r", 0.0)
    assert one.value.value == pytest.approx(np.corrcoef(x, y)[0, 1], abs=1e-6)
    draws = []
    for row in bootstrap_counts(N, n_draws=500, seed=2).int().numpy()[:, 1:]:
        chosen = np.repeat(np.arange(N - 1), row)
        draws.append(np.corrcoef(x[chosen], y[chosen])[0, 1])
    np.testing.assert_allclose((one.value.low, one.value.high), np.quantile(draws, [0.025, 0.975]), atol=1e-5)


def test_style_comes_first_and_then_the_strongest(labelled):
    # A number that runs against the column: far from chance, though below 0.
    against = labelled.images.with_columns(pl.Series("against", (-labelled.image_means[:, 1]).tolist()))
    found = column_associations(replace(labelled, images=against), 1)
    assert [one.role for one in found] == ["style", "style", *["content"] * (len(found) - 2)]
    assert {one.label for one in found[:2]} == {"style", "tone"}
    assert found[2].label == "against"
    assert found[2].value.value == pytest.approx(-1)
    for part in (found[:2], found[2:]):
        sizes = [abs(one.value.value) for one in part]
        assert sizes == sorted(sizes, reverse=True)


def test_more_than_chance_is_said_of_what_was_planted_only(labelled):
    high = labelled.image_means[:, 0] > labelled.image_means[:, 0].median()
    images = labelled.images.with_columns(
        pl.Series("planted", ["high" if h else "low" for h in high.tolist()]),
        pl.Series("against", (-labelled.image_means[:, 0]).tolist()),
    )
    said = {one.label: one.more_than_chance for one in column_associations(replace(labelled, images=images), 0)}
    assert said["planted"]
    assert said["against"]
    assert not said["grade"]
    assert not said["weight"]


def test_captions_of_one_image_are_not_taken_as_independent():
    generator = torch.Generator().manual_seed(6)
    vectors, owner = torch.randn(N, D, generator=generator), torch.arange(N).repeat_interleave(CAPTIONS)
    labels = pl.DataFrame({"kind": [i % 4 for i in range(N)], "size": [float((11 * i) % 31) for i in range(N)]})
    copied = PairedEmbeddings.from_arrays(
        vectors, vectors[owner], text_image=owner, image_labels=labels, text_labels=labels[owner.tolist()]
    )
    found = column_associations(copied, 0)
    assert len(found) == 4
    for label in ("kind", "size"):
        image, text = (one.value for one in found if one.label == label)
        # Five copies of every image say no more than the image does.
        assert_close((text.value, text.low, text.high), (image.value, image.low, image.high), rtol=0, atol=1e-5)
        assert image.high - image.low > 0.1


@pytest.mark.parametrize("per_band", [1, 2, 3, 5])
def test_bands_run_from_the_highest_to_the_lowest_and_no_item_is_in_two(per_band):
    generator = torch.Generator().manual_seed(per_band)
    names = [name for name, _ in BANDS]
    for count in range(1, 30):
        values = torch.randn(count, generator=generator)
        bands = quantile_bands(values, per_band)
        shown = [item.index for band in bands for item in band.items]
        drawn = [item.value for band in bands for item in band.items]
        assert len(set(shown)) == len(shown)
        assert drawn == sorted(drawn, reverse=True)
        assert drawn == [float(values[i]) for i in shown]
        assert [band.name for band in bands] == [name for name in names if name in {band.name for band in bands}]
        assert all(0 < len(band.items) <= per_band for band in bands)
        assert shown[: len(bands[0].items)] == values.argsort(descending=True).tolist()[:per_band]
        if count > per_band:
            assert shown[-1] == int(values.argmin())
        if count >= 5 * per_band + 4:
            assert len(shown) == 5 * per_band


def test_a_band_lies_around_its_place_in_the_order():
    bands = quantile_bands(torch.arange(101.0), 3)
    assert [[item.index for item in band.items] for band in bands] == [
        [100, 99, 98],
        [76, 75, 74],
        [51, 50, 49],
        [26, 25, 24],
        [2, 1, 0],
    ]


def test_ties_keep_the_order_of_the_items_and_the_column_is_the_one_asked_for(pairs):
    tied = quantile_bands(torch.zeros(10), 2)
    assert [[item.index for item in band.items] for band in tied] == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]
    # Few items keep their order by luck.
    many = quantile_bands(torch.zeros(1001), 1)
    assert [band.items[0].index for band in many] == [0, 250, 500, 750, 1000]
    found = column_items(pairs, 1, per_band=2)
    assert_close(found.images, pairs.image_means[:, 1])
    assert_close(found.texts, pairs.text_means[:, 1])
    assert found.image_bands[0].items[0].index == int(pairs.image_means[:, 1].argmax())
    assert found.text_bands[-1].items[-1].index == int(pairs.text_means[:, 1].argmin())
    assert len(found.text_bands[0].items) == 2
