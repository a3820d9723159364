"""The built-in demos: whole, small, and what their record says."""

import json
from dataclasses import asdict, replace

import polars as pl
import pytest
import torch
from PIL import Image

from pico_core.columns.probe import style_probe
from pico_core.common.errors import DataError, SettingError
from pico_core.common.places import ASSETS
from pico_core.data.labels import eta_squared
from pico_core.data.pairs import PairedEmbeddings
from pico_core.data.planted import read_truth
from pico_core.data.scenes import ScenesConfig, render_scenes
from pico_core.demo import DEMOS, SCENES, demo_of, read_record
from pico_core.demo import scenes as building
from pico_core.demo.catalogue import BASES, CAPTIONS, PICTURES, Demo
from pico_core.demo.encoding import encode_scenes
from pico_core.demo.measures import DEMO_SEED, DEVELOPMENT_SEED, FINAL_SEED, pooled_recall
from pico_core.demo.probes import demo_probe
from pico_core.demo.recipes import RECIPES, TRAINING_SEED, Recipe
from pico_core.demo.record import write_record
from pico_core.demo.scenes import build_encoder, measure_recipe
from pico_core.encoders import SmallClipConfig, load_small, vocabulary_of
from pico_core.encoders.small import builtin_encoder
from pico_core.formats import open_pairs
from pico_core.method.basis import Basis
from pico_core.method.config import StudyConfig
from pico_core.retrieval.alignment import peak_hits
from pico_core.studies.probes import study_variants
from pico_core.studies.runs import load_run
from pico_core.training.settings import TrainingConfig
from tests.marks import LONG

WITH_ENCODER = [demo for demo in DEMOS if demo.encoder.is_file()]


def test_all_assets_stay_small():
    files = [path for path in ASSETS.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 12_000_000
    assert not [path.name for path in files if path.suffix in (".py", ".pkl", ".pt")]


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("demo", DEMOS, ids=lambda demo: demo.name)
def test_a_demo_is_whole_and_its_runs_are_those_of_its_data(demo, basis):
    pairs = open_pairs(demo.dataset)
    study = load_run(demo.run(basis), pairs)
    assert study.config == StudyConfig(basis=basis)
    assert study.digest == pairs.digest
    assert demo.maps.is_file()


def test_two_demos_have_an_encoder_and_one_has_the_truth():
    assert [demo.name for demo in WITH_ENCODER] == ["shortcut", "clean"]
    planted = demo_of("planted")
    assert len(read_truth(planted.truth, open_pairs(planted.dataset).n_columns)) == 64


@pytest.mark.parametrize("demo", WITH_ENCODER, ids=lambda demo: demo.name)
def test_the_tokens_of_a_demo_are_what_its_encoder_makes_of_its_pictures(demo):
    pairs, encoder = open_pairs(demo.dataset), load_small(demo.encoder)
    paths = [demo.dataset / path for path in pairs.image_paths[:6]]
    for path in paths:
        with Image.open(path) as picture:
            assert picture.size == (64, 64)
    images = encoder.encode_images(paths)
    texts = encoder.encode_texts([str(caption) for caption in pairs.captions[:30]])
    for stored, made, mask in (
        (pairs.image_tokens[:6], images.tokens, images.mask),
        (pairs.text_tokens[:30, : texts.mask.shape[1]], texts.tokens, texts.mask),
    ):
        norms = torch.linalg.vector_norm(stored.float(), dim=2)[mask]
        cosine = (stored.float() * made).sum(dim=2)[mask] / norms
        assert float(cosine.min()) > 0.999  # bytes round a little
        assert float((norms - 1).abs().max()) < 0.01


@pytest.mark.parametrize("basis", BASES)
@pytest.mark.parametrize("demo", WITH_ENCODER, ids=lambda demo: demo.name)
def test_the_style_probe_of_a_demo_is_of_its_run_and_no_other(demo, basis):
    pairs = open_pairs(demo.dataset)
    study = load_run(demo.run(basis), pairs)
    probe = demo_probe(demo, study)
    assert probe.n_columns == pairs.n_columns
    assert [side.n_items for side in probe.sides] == [100, 100]
    assert probe.has_fixed
    assert demo_probe(demo, replace(study, digest="0" * 16)) is None
    assert demo_probe(demo, replace(study, config=replace(study.config, seed=1))) is None
    assert demo_probe(demo, replace(study, basis=Basis(basis, torch.eye(pairs.n_columns)))) is None


@LONG  # twenty encodings of all scenes and captions
@pytest.mark.parametrize("demo", WITH_ENCODER, ids=lambda demo: demo.name)
def test_the_style_probe_of_a_demo_can_be_made_again(demo):
    pairs = open_pairs(demo.dataset)
    runs = {basis: load_run(demo.run(basis), pairs) for basis in BASES}
    variants = study_variants(load_small(demo.encoder), pairs, runs["given"].config, folder=demo.dataset)
    for study in runs.values():
        again, kept = style_probe(variants, study.basis), demo_probe(demo, study)
        for modality in ("image", "text"):
            torch.testing.assert_close(again.shares(modality), kept.shares(modality), atol=1e-3, rtol=0)
            assert again.side(modality).without_effect == kept.side(modality).without_effect


def test_a_demo_without_an_encoder_has_no_style_probe():
    planted = demo_of("planted")
    assert demo_probe(planted, load_run(planted.run("given"))) is None


def test_both_demos_show_the_same_scenes_with_every_factor_known():
    one, other = (open_pairs(demo.dataset) for demo in WITH_ENCODER)
    assert one.captions == other.captions
    assert one.images.equals(other.images)
    assert {"style", "count", "relation", "first_object"} <= set(one.image_labels)
    assert one.images["style"].n_unique() == 10
    assert one.texts_per_image == (5, 5)
    assert sorted(one.texts["register"].unique()) == ["chatty", "formal", "plain", "poetic", "terse"]
    table = pl.read_csv(SCENES / CAPTIONS)
    assert table["caption"].to_list() == one.captions
    assert len(list((SCENES / PICTURES).iterdir())) == one.n_images


def test_the_shortcut_keeps_style_and_the_clean_one_does_not():
    style, register = {}, {}
    for demo in WITH_ENCODER:
        pairs = open_pairs(demo.dataset)
        style[demo.name] = float(eta_squared(pairs.image_means, pairs.images["style"].to_list()).mean())
        register[demo.name] = float(eta_squared(pairs.text_means, pairs.texts["register"].to_list()).mean())
    assert style["shortcut"] > 1.5 * style["clean"]
    assert register["shortcut"] > 10 * register["clean"]


def test_the_record_holds_every_recipe_and_reads_back_the_same(tmp_path):
    record = read_record(SCENES)
    assert [recipe.name for recipe in record] == [recipe.name for recipe in RECIPES]
    assert {recipe.demo for recipe in record} == {"shortcut", "clean", ""}
    write_record(record, tmp_path)
    assert read_record(tmp_path) == record
    with pytest.raises(DataError, match=r"recipes\.json"):
        read_record(tmp_path / "nowhere")


def test_the_record_is_of_five_seeds_with_all_controls():
    for recipe in read_record(SCENES):
        if recipe.final is None:
            continue
        assert [report.basis for report in recipe.final.seeds] == list(BASES)
        for report in recipe.final.seeds:
            assert len(report.seeds) >= 5
            names = {row.name for row in report.rows}
            assert {"unweighted", "weighted", "permuted", "p_hat", "correlation", "oracle_labels"} <= names


@pytest.mark.parametrize("demo", WITH_ENCODER, ids=lambda demo: demo.name)
def test_words_of_a_plain_scene_look_at_what_they_name(demo):
    encoder = load_small(demo.encoder)
    scenes = render_scenes(ScenesConfig(n_images=40, styles=("flat",), registers=("plain",)), seed=77)
    encoded = encode_scenes(encoder, scenes)
    for hits in peak_hits(encoded.pairs, encoded.things, grid=encoder.grid):
        assert hits.lift.low > 4, hits


@pytest.mark.parametrize("demo", WITH_ENCODER, ids=lambda demo: demo.name)
def test_the_encoder_finds_most_plain_scenes(demo):
    for recipe in read_record(SCENES):
        if recipe.demo == demo.name:
            for measures in (recipe.development, recipe.final):
                assert 60 <= measures.plain_i2t.value <= 95
                assert 60 <= measures.plain_t2i.value <= 95


def test_recall_in_pools_is_that_of_each_pool():
    draw = torch.Generator().manual_seed(0)
    images = torch.randn(9, 6, generator=draw)
    texts = images.repeat_interleave(2, dim=0) + 0.8 * torch.randn(18, 6, generator=draw)
    pairs = PairedEmbeddings.from_arrays(images, texts, text_image=torch.arange(18) // 2)
    found = pooled_recall(pairs, pool=4)
    hits_images, hits_texts = [], []
    for first in (0, 4):  # the ninth image fills no pool
        part = range(first, first + 4)
        scores = pairs.image_tokens[list(part), 0] @ pairs.text_tokens[[2 * i + k for i in part for k in (0, 1)], 0].T
        hits_images += [int(scores[i].argmax()) // 2 == i for i in range(4)]
        hits_texts += [int(scores[:, t].argmax()) == t // 2 for t in range(8)]
    assert found.image_to_text.value == pytest.approx(100 * sum(hits_images) / 8)
    assert found.text_to_image.value == pytest.approx(100 * sum(hits_texts) / 16)
    with pytest.raises(DataError, match="9 images do not fill one pool of 10"):
        pooled_recall(pairs, pool=10)


def test_the_record_says_that_words_look_at_their_thing():
    for recipe in read_record(SCENES):
        if recipe.final is not None:
            every = next(hits for hits in recipe.final.peaks if hits.kind == "all")
            assert every.lift.low > 4


def test_training_development_demo_and_final_scenes_are_different_scenes():
    assert len({TRAINING_SEED, DEVELOPMENT_SEED, DEMO_SEED, FINAL_SEED, 9}) == 5


def test_the_built_in_encoder_is_that_of_the_first_demo():
    assert builtin_encoder() == DEMOS[0].encoder


def test_an_unknown_demo_is_refused():
    with pytest.raises(SettingError, match="no demo 'x'; choose one of shortcut, clean, planted"):
        demo_of("x")


def test_things_are_found_for_every_word_that_names_one():
    scenes = render_scenes(ScenesConfig(n_images=6, styles=("flat",)), seed=8)
    encoded = encode_scenes(load_small(WITH_ENCODER[0].encoder), scenes)
    assert encoded.pairs.n_texts == 30
    for thing in encoded.things:
        image = int(scenes.text_image[thing.text])
        words = scenes.images[f"{thing.kind}s"][image].split()
        place = [tuple(box) for box in scenes.images["boxes"][image]].index(thing.box)
        assert words[place] in scenes.captions[thing.text]
    told = {(thing.text, thing.kind) for thing in encoded.things}
    assert len(told) == 60  # every caption names a colour and a shape


@pytest.mark.usefixtures("few_words")
def test_a_build_goes_on_where_it_was(tmp_path):
    tiny = SmallClipConfig(vision_width=64, vision_layers=1, text_width=64, text_layers=1, embed_dim=16)
    recipe = Recipe("tiny", "Few scenes.", ScenesConfig(n_images=16))
    config = TrainingConfig(model=tiny, n_epochs=1, batch_size=8)
    told: list[str] = []
    file = build_encoder(recipe, tmp_path, config=config, tell=told.append)
    assert load_small(file).n_columns == 16
    assert any("step 2 of 2" in words for words in told)
    told.clear()
    assert build_encoder(recipe, tmp_path, config=config, tell=told.append) == file
    assert told == []
    measures = read_record(SCENES)[0].development
    (tmp_path / "tiny.development.json").write_text(json.dumps(asdict(measures)))
    assert measure_recipe(recipe, tmp_path, part="development", tell=told.append) == measures
    assert told == []


def test_paths_of_a_demo_lie_in_its_folder(tmp_path):
    demo = Demo("a", "A", "b", tmp_path)
    assert {demo.dataset.parent, demo.maps.parent, demo.run("given").parent, demo.encoder.parent} == {tmp_path}
    assert torch.is_tensor(open_pairs(demo_of("clean").dataset).image_tokens)


@pytest.fixture
def few_words(monkeypatch):
    """The words of a few scenes: those of 4,000 take half a minute to gather."""
    captions = render_scenes(ScenesConfig(n_images=300, size=32, name_style=0.5), seed=9).captions
    monkeypatch.setattr(building, "scene_vocabulary", lambda: vocabulary_of(captions))


@pytest.mark.usefixtures("few_words")
def test_the_whole_build_makes_a_demo_that_opens(tmp_path, monkeypatch):
    """`pico-lens demo build` in small: train, measure, render, encode, run, record."""
    monkeypatch.setattr(building, "N_DEMO", 24)
    monkeypatch.setattr(building, "N_FINAL", 100)
    monkeypatch.setattr(building, "FINAL_SEEDS", (0, 1))
    tiny = SmallClipConfig(vision_width=64, vision_layers=1, text_width=64, text_layers=1, embed_dim=16)
    recipe = Recipe("tiny", "Few scenes.", ScenesConfig(n_images=16))
    demo = Demo("tiny", "Tiny scenes", "Nothing.", tmp_path / "scenes" / "tiny")
    build_encoder(recipe, tmp_path / "work", config=TrainingConfig(model=tiny, n_epochs=1, batch_size=8))
    measured = read_record(SCENES)[0].development  # done before the build was interrupted
    (tmp_path / "work" / "tiny.development.json").write_text(json.dumps(asdict(measured)))
    made = building.build_scenes((recipe,), {"tiny": demo}, work=tmp_path / "work")
    assert read_record(demo.folder.parent) == made
    assert made[0].development == measured
    assert made[0].final is not None
    assert [report.seeds for report in made[0].final.seeds] == [(0, 1), (0, 1)]
    pairs = open_pairs(demo.dataset)
    assert (pairs.n_images, pairs.n_texts, pairs.n_columns) == (24, 120, 16)
    assert all((demo.dataset / str(path)).is_file() for path in pairs.image_paths)
    for basis in BASES:
        study = load_run(demo.run(basis), pairs)
        assert study.config == StudyConfig(basis=basis)
        assert demo_probe(demo, study).encoder == "scenes tiny"
    assert demo.maps.is_file()
