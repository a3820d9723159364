"""The style probe: loops as oracles, planted movers, what leaves it alone, and its agreement with probabilities."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from scipy.stats import spearmanr

from pico_core.columns.detectors import DETECTORS, detector_agreements, probe_agreement
from pico_core.columns.probe import FIXED, axes_key, label_probe, style_probe
from pico_core.columns.style_shares import eta_band, style_share
from pico_core.common.errors import DataError
from pico_core.data.labels import eta_squared
from pico_core.encoders.perturbations import StyleVariants, Variants
from pico_core.method.basis import Basis
from pico_core.method.config import StudyConfig
from pico_core.retrieval.uncertainty import bootstrap_counts
from pico_core.studies.probes import check_target, load_probe, part_name, save_probe, study_label_probe, with_styles

GIVEN = Basis("given")


def moving(seed=0, items=20, variants=4, d=6):
    torch.manual_seed(seed)
    return torch.randn(items, 1, d) + 0.6 * torch.randn(items, variants, d)


def naive_share(means, rows):
    """By the definition, with the items of `rows` (an item may come several times)."""
    values = means.double()[rows]
    grand = values.mean(dim=(0, 1))
    found = []
    for column in range(values.shape[2]):
        within = total = 0.0
        for item in values[..., column]:
            for value in item:
                within += float((value - item.mean()) ** 2)
                total += float((value - grand[column]) ** 2)
        found.append(within / total)
    return torch.tensor(found)


def rotated(d=6, seed=1):
    torch.manual_seed(seed)
    return Basis("pca", torch.linalg.qr(torch.randn(d, d)).Q)


def variants(images, texts=None, **more):
    names = tuple(f"v{k}" for k in range(1, images.shape[1]))
    text = None if texts is None else Variants(texts, tuple(f"t{k}" for k in range(1, texts.shape[1])))
    return StyleVariants(Variants(images, names), text, "an encoder", "digest", 0, **more)


def test_the_share_is_that_of_the_definition_with_and_without_an_offset():
    means = moving() + torch.tensor([0.0, 100.0, -7.0, 0.0, 3.0, 0.0])
    found = style_share(means, n_draws=3)
    torch.testing.assert_close(found.share, naive_share(means, list(range(20))).float(), atol=1e-5, rtol=1e-4)


def test_every_resample_is_the_share_of_the_items_it_drew():
    means = moving(items=7)
    counts = bootstrap_counts(7, n_draws=40, seed=5)
    found = style_share(means, counts=counts)
    loop = torch.stack([naive_share(means, [i for i, k in enumerate(row) for _ in range(int(k))]) for row in counts])
    torch.testing.assert_close(found.low, torch.quantile(loop, 0.025, dim=0).float(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.high, torch.quantile(loop, 0.975, dim=0).float(), atol=1e-5, rtol=1e-4)
    assert bool((found.low < found.share).all() and (found.share < found.high).all())


def test_content_alone_has_no_style_and_style_alone_is_nothing_but_style():
    content = torch.randn(9, 1, 4).expand(9, 3, 4)
    torch.testing.assert_close(style_share(content).share, torch.zeros(4), atol=1e-12, rtol=0)
    probe = style_probe(variants(content.contiguous()), GIVEN)
    assert probe.shares("image").tolist() == [0.0] * 4
    assert probe.side("image").without_effect == ("v1", "v2")
    style = torch.randn(1, 3, 4).expand(9, 3, 4)
    torch.testing.assert_close(style_share(style).share, torch.ones(4))
    assert style_share(torch.zeros(5, 3, 2)).share.tolist() == [0.0, 0.0], "a column that never varies has none"


def test_within_and_total_keep_their_sum_in_every_basis():
    means = moving()
    given, turned = style_probe(variants(means), GIVEN), style_probe(variants(means), rotated())
    one, other = given.side("image").overall, turned.side("image").overall
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high), abs=1e-5)
    assert (given.shares("image") - turned.shares("image")).abs().max() > 0.05
    torch.testing.assert_close(
        turned.shares("image"), naive_share(rotated().turn(means), list(range(20))).float(), atol=1e-5, rtol=1e-4
    )


def test_columns_that_were_moved_on_purpose_come_first_and_by_what_moved_them():
    torch.manual_seed(2)
    means = torch.randn(30, 1, 8).repeat(1, 3, 1)
    means[:, 1, 2] += 3.0
    means[:, 2, 5] += 2.0
    means += 0.01 * torch.randn(means.shape)
    probe = style_probe(variants(means), GIVEN)
    assert sorted(probe.strongest("image", 2)["column"]) == [2, 5]
    assert probe.drivers(2, "image")["perturbation"].to_list()[0] == "v1"
    assert probe.drivers(5, "image")["perturbation"].to_list()[0] == "v2"
    alone = style_share(means[:, [0, 2]])
    torch.testing.assert_close(probe.shares("image", "v2"), alone.share)
    assert float(probe.shares("image", "v1")[5]) < 0.01
    assert probe.perturbations("image") == ["v1", "v2"]


def test_what_the_encoder_does_not_see_and_what_changes_content_are_shown_but_not_counted():
    means = moving(variants=4)
    means[:, 1] = means[:, 0]
    held = StyleVariants(Variants(means, ("upper case", "blur", "grayscale"), ("grayscale",)), None, "e", "x", 0)
    probe = style_probe(held, GIVEN)
    side = probe.side("image")
    assert (side.without_effect, side.aside, side.n_variants) == (("upper case",), ("grayscale",), 1)
    torch.testing.assert_close(probe.shares("image"), style_share(means[:, [0, 2]]).share)
    assert probe.shares("image", "upper case").abs().max() == 0
    assert probe.shares("image", "grayscale").min() > 0
    assert "does not see upper case" in probe.notes[0]
    assert "grayscale change content" in probe.notes[1]
    assert probe.side("text") is None
    assert probe.shares("text") is None


def naive_fixed(means, styles, rows):
    """Within items over within plus between items of one style, the latter times (n - 1) / (n - groups)."""
    values = means.double()[rows]
    said = [styles[row] for row in rows]
    item = values.mean(dim=1)
    within = (values - item[:, None]).square().sum(dim=(0, 1))
    between = torch.zeros(values.shape[2], dtype=torch.float64)
    for i, style in enumerate(said):
        group = item[[j for j, other in enumerate(said) if other == style]].mean(dim=0)
        between += values.shape[1] * (item[i] - group).square()
    between *= (len(rows) - 1) / (len(rows) - len(set(said)))
    return within / (within + between)


def test_at_fixed_style_items_are_compared_within_their_style_in_every_resample():
    means, styles = moving(items=18), [*"aaabbbcc"] * 2 + ["a", "d"]
    counts = bootstrap_counts(18, n_draws=30, seed=2)
    found = style_share(means, counts=counts, styles=styles)
    torch.testing.assert_close(found.share, naive_fixed(means, styles, list(range(18))).float(), atol=1e-5, rtol=1e-4)
    loop = torch.stack(
        [naive_fixed(means, styles, [i for i, k in enumerate(row) for _ in range(int(k))]) for row in counts]
    )
    loop = (loop - loop.mean(dim=0) + naive_fixed(means, styles, list(range(18)))).clamp(0, 1)
    torch.testing.assert_close(found.low, torch.quantile(loop, 0.025, dim=0).float(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.high, torch.quantile(loop, 0.975, dim=0).float(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(style_share(means, counts=counts, styles=["a"] * 18).share, style_share(means).share)


def test_a_column_of_the_items_own_style_looks_still_unless_style_is_held_fixed():
    torch.manual_seed(5)
    styles = ("plain", "sepia") * 15
    means = torch.randn(30, 1, 6) + 0.5 * torch.randn(30, 5, 6)
    means[1::2, :, 3] += 8.0  # the items' own style
    means[:, 1:, 3] += 2.0 * torch.randn(30, 4)  # and the perturbations move this column most
    held = StyleVariants(Variants(means, ("a", "b", "c", "d"), styles=styles), None, "e", "x", 0)
    probe = style_probe(held, GIVEN)
    assert int(probe.shares("image").argmin()) == 3
    assert int(probe.shares("image", FIXED).argmax()) == 3
    assert probe.has_fixed
    assert probe.perturbations("image") == ["a", "b", "c", "d"]
    assert "Among items of one style label" in probe.sentence_of(FIXED)
    assert "column 3 most" in probe.sentence_of(FIXED)
    rising = 1 - probe.combined(FIXED)
    found = probe_agreement(probe, rising, which=FIXED)
    assert found.both.value == 1.0
    p = torch.rand(6)
    rho = float(spearmanr(1 - p, probe.shares("image", FIXED)).statistic)
    assert probe_agreement(probe, p, which=FIXED).image.value == pytest.approx(rho, abs=1e-6)
    assert probe_agreement(probe, p).image.value != pytest.approx(rho, abs=1e-6)
    assert found.sentence.startswith("With the style label held fixed, the style probe agrees closely")
    assert probe_agreement(probe, rising).both.value < 1.0


def test_labels_that_say_nothing_change_nothing_on_average():
    off = []
    for seed in range(40):
        means = moving(seed, items=30)
        torch.manual_seed(seed)
        styles = [str(k) for k in (torch.arange(30) % 10)[torch.randperm(30)].tolist()]
        off.append((style_share(means, styles=styles, n_draws=2).share - style_share(means, n_draws=2).share).mean())
    assert abs(float(torch.stack(off).mean())) < 0.01


def test_without_labels_or_with_too_many_there_is_no_share_at_fixed_style():
    for styles in ((), tuple(str(i) for i in range(20)), ("one",) * 20):
        held = StyleVariants(Variants(moving(), ("a", "b", "c"), styles=styles), None, "e", "x", 0)
        probe = style_probe(held, GIVEN)
        assert not probe.has_fixed
        assert probe.shares("image", FIXED) is None
    with pytest.raises(DataError, match="3 styles for 20 items"):
        Variants(moving(), ("a", "b", "c"), styles=("x", "y", "z"))


def test_style_labels_of_the_sampled_rows_go_with_the_items(planted):
    pairs = planted.pairs
    rows = (5, 0, 9)
    means = pairs.image_means[list(rows)][:, None].repeat(1, 2, 1)
    found = with_styles(StyleVariants(Variants(means, ("a",), rows=rows), None, "e", "x", 0), pairs)
    assert found.images.styles == tuple(pairs.images["style"][row] for row in rows)
    gaps = pairs.images.with_columns(style=pl.when(pl.int_range(pl.len()) == 9).then(None).otherwise(pl.col("style")))
    unknown = with_styles(
        StyleVariants(Variants(means, ("a",), rows=rows), None, "e", "x", 0), replace(pairs, images=gaps)
    )
    assert unknown.images.styles == ()


def test_style_in_either_modality_is_combined():
    images, texts = moving(0), moving(1)
    probe = style_probe(variants(images, texts), GIVEN)
    a, b = probe.shares("image"), probe.shares("text")
    torch.testing.assert_close(probe.combined(), 1 - (1 - a) * (1 - b))
    assert probe.frame.height == 6 * (4 + 4)
    assert probe.frame["share"].is_between(0, 1).all()
    assert "Style explains" in probe.sentence
    assert "20 images" in probe.sentence


def test_names_must_fit_the_variants():
    with pytest.raises(DataError, match="2 names for 4 variants"):
        Variants(moving(), ("a", "b"))
    with pytest.raises(DataError, match="at least 2"):
        Variants(moving(items=1), ("a", "b", "c"))


def test_eta_with_intervals_is_eta_of_the_items_drawn():
    values = moving(items=30, variants=1)[:, 0]
    labels = [*"aabbbcccc" * 3, None, "a", "b"]
    counts = bootstrap_counts(30, n_draws=60, seed=1)
    found = eta_band(values, labels, counts=counts)
    torch.testing.assert_close(found.share, eta_squared(values, labels), atol=1e-5, rtol=1e-4)
    draws = []
    for row in counts:
        rows = [i for i, k in enumerate(row) for _ in range(int(k))]
        draws.append(eta_squared(values[rows], [labels[i] for i in rows]))
    loop = torch.stack(draws)
    moved = (loop - loop.mean(dim=0) + found.share).clamp(0, 1)
    torch.testing.assert_close(found.low, torch.quantile(moved, 0.025, dim=0), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(found.high, torch.quantile(moved, 0.975, dim=0), atol=1e-5, rtol=1e-4)


def test_labels_give_a_probe_of_the_same_form_with_its_chance(planted):
    pairs = planted.pairs
    probe = label_probe(pairs, GIVEN)
    assert probe.source == "labels"
    for modality, table, means in (("image", pairs.images, pairs.image_means), ("text", pairs.texts, pairs.text_means)):
        torch.testing.assert_close(
            probe.shares(modality, "style"), eta_squared(means, table["style"].to_list()), atol=1e-5, rtol=1e-4
        )
        torch.testing.assert_close(probe.shares(modality), probe.shares(modality, "style"))
        chance = (table["style"].n_unique() - 1) / (table.height - 1)
        assert probe.side(modality).chance == pytest.approx(chance)
        # Texts of one image are drawn together.
        owner = pairs.text_image if modality == "text" else torch.arange(pairs.n_images)
        counts = bootstrap_counts(pairs.n_images, n_draws=500, seed=0)[:, owner]
        band = eta_band(means, table["style"].to_list(), counts=counts)
        held = probe.frame.filter((pl.col("modality") == modality) & (pl.col("perturbation") == "style"))
        torch.testing.assert_close(torch.tensor(held["low"].to_list()), band.low)
        torch.testing.assert_close(torch.tensor(held["high"].to_list()), band.high)
    assert "Chance alone" in probe.sentence
    assert set(probe.frame.columns) == set(style_probe(variants(moving()), GIVEN).frame.columns)
    bare = replace(pairs, images=pairs.images.select("id", "path"), texts=pairs.texts.select("caption"))
    assert label_probe(bare, GIVEN) is None


def test_of_several_labels_the_largest_speaks_for_all():
    torch.manual_seed(0)
    values = torch.randn(24, 1, 3)
    style, tone = ["x", "y"] * 12, ["u"] * 12 + ["v"] * 12
    values[::2, :, 0] += 3
    values[12:, :, 1] += 3
    from pico_core.data.pairs import PairedEmbeddings

    pairs = PairedEmbeddings.from_arrays(values, values, image_labels=pl.DataFrame({"style": style, "tone": tone}))
    probe = label_probe(pairs, GIVEN)
    both = torch.stack([probe.shares("image", "style"), probe.shares("image", "tone")])
    torch.testing.assert_close(probe.shares("image"), both.amax(dim=0))
    assert probe.perturbations("image") == ["style", "tone"]
    assert probe.drivers(1, "image")["perturbation"][0] == "tone"


def test_rank_agreement_is_that_of_one_minus_p():
    probe = style_probe(variants(moving(3, d=30), moving(4, d=30)), GIVEN)
    torch.manual_seed(0)
    p = torch.rand(30)
    found = probe_agreement(probe, p)
    for rho, shares in (
        (found.image, probe.shares("image")),
        (found.text, probe.shares("text")),
        (found.both, probe.combined()),
    ):
        assert rho.value == pytest.approx(float(spearmanr(1 - p, shares).statistic), abs=1e-6)
        assert rho.low < rho.value < rho.high


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (lambda s: 1 - s, "agrees closely with the probabilities; +1.00"),
        (lambda s: s, "contradicts the probabilities"),
        (lambda s: torch.rand(len(s), generator=torch.Generator().manual_seed(1)), "does not agree"),
        (lambda s: torch.full_like(s, 0.5), "no order to compare"),
    ],
)
def test_the_verdict_comes_before_the_digits(values, words):
    probe = style_probe(variants(moving(3, d=40), moving(4, d=40)), GIVEN)
    assert words in probe_agreement(probe, values(probe.combined())).sentence


def test_labels_are_named_in_the_verdict(planted, study):
    probe = study_label_probe(planted.pairs, study.config, study.basis)
    assert probe.part == part_name(study.config)
    found = probe_agreement(probe, study.construction.probabilities)
    assert found.sentence.startswith("The style labels agree ")
    table = detector_agreements(probe, study.columns)
    assert table["detector"].unique(maintain_order=True).to_list() == [detector.name for detector in DETECTORS]
    assert table.height == 3 * len(DETECTORS)
    row = table.filter((pl.col("detector") == "image_similarity") & (pl.col("modality") == "image")).row(0, named=True)
    expected = spearmanr(study.columns["image_similarity"], probe.shares("image")).statistic
    assert row["rho"] == pytest.approx(float(expected), abs=1e-6)
    row = table.filter((pl.col("detector") == "p_hat") & (pl.col("modality") == "text")).row(0, named=True)
    assert row["rho"] == pytest.approx(-float(spearmanr(study.columns["p_hat"], probe.shares("text")).statistic))


def test_planted_style_is_found_by_labels_and_by_the_probabilities(planted):
    probe = label_probe(planted.pairs, GIVEN)
    assert probe_agreement(probe, planted.semantic_share).both.value > 0.7


def test_a_probe_on_disk_reads_back_the_same_and_only_for_its_own_data(tmp_path):
    held = variants(moving(0), moving(1), unknown_words=("photo",), part="fit")
    held = replace(held, images=replace(held.images, styles=tuple("ab" * 10)))
    probe = style_probe(held, rotated())
    file = save_probe(probe, tmp_path / "p.parquet")
    again = load_probe(file, digest="digest", part="fit", axes=axes_key(rotated()))
    assert again.sides == probe.sides
    assert (again.notes, again.sentence) == (probe.notes, probe.sentence)
    assert again.frame.schema == probe.frame.schema
    np.testing.assert_allclose(again.frame["share"], probe.frame["share"], atol=1e-6)
    assert again.frame.drop("share", "low", "high").equals(probe.frame.drop("share", "low", "high"))
    for wrong in ({"digest": "other"}, {"part": "all"}, {"axes": "given"}):
        with pytest.raises(DataError, match=next(iter(wrong))):
            load_probe(file, **wrong)
    with pytest.raises(DataError, match=r"gone\.parquet"):
        load_probe(tmp_path / "gone.parquet")


def test_a_place_of_something_else_is_not_written_over(tmp_path):
    table = tmp_path / "t.parquet"
    pl.DataFrame({"a": [1]}).write_parquet(table)
    with pytest.raises(DataError, match="no style probe"):
        load_probe(table)
    (tmp_path / "notes.txt").write_text("mine")
    for taken in (table, tmp_path / "notes.txt", tmp_path):
        with pytest.raises(DataError, match="choose another name"):
            check_target(taken)
    with pytest.raises(DataError, match="make it first"):
        check_target(tmp_path / "no" / "p.parquet")
    ours = save_probe(style_probe(variants(moving()), GIVEN), tmp_path / "p.parquet")
    assert check_target(ours) == ours
    assert check_target(tmp_path / "new.parquet").name == "new.parquet"


def test_axes_have_a_name_of_their_own():
    assert axes_key(GIVEN) == "given"
    assert axes_key(rotated()) == axes_key(rotated())
    assert axes_key(rotated()) != axes_key(rotated(seed=2))
    assert part_name(StudyConfig()) != part_name(StudyConfig(seed=1))
