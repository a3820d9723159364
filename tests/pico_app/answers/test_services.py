"""What is cached is named by everything that it depends on: nothing old is ever shown as current."""

from dataclasses import replace

import polars as pl
import pytest
import torch
from PIL import Image

from pico_app.answers import colours, compare, datasets, maps, outside, pictures, studies
from pico_app.answers.compare import side
from pico_app.answers.pictures import data_address
from pico_app.choices.sides import Sides
from pico_core.formats import open_pairs
from pico_core.formats.native import save_pairs
from pico_core.method.config import StudyConfig
from pico_core.studies.study import study_splits


def workspace_on(pairs, study):
    dataset = datasets.Dataset(pairs, None)
    return studies.Workspace(
        dataset=dataset,
        study=study,
        splits=study_splits(pairs, study.config, study.basis),
        strength=1.0,
        weights=torch.ones(pairs.n_columns),
        key=studies.study_key(dataset, study.config),
    )


@pytest.fixture
def relabelled(planted):
    """The same pairs whose style labels were corrected since."""
    images = planted.pairs.images.with_columns(pl.col("style").reverse())
    return replace(planted.pairs, images=images)


def test_corrected_labels_are_shown_and_counted_anew(planted, relabelled, study):
    before, after = workspace_on(planted.pairs, study), workspace_on(relabelled, study)
    old, new = (colours.colouring(space, "style", None).groups for space in (before, after))
    assert list(old[:32]) == before.splits.test.images["style"].to_list()
    assert list(new[:32]) == after.splits.test.images["style"].to_list()
    assert old != new
    numbers = []
    for space in (before, after):
        counted = maps.space_numbers(space, "weighted")
        assert counted.job.ended.wait(60)
        numbers.append(counted.value)
    asked = {"content": (), "style": ("style",)}
    found = [
        maps.purities(space, counted, **asked).labels[0].style.purity
        for space, counted in zip((before, after), numbers, strict=True)
    ]
    assert found[0] != found[1]
    assert maps.purities(before, numbers[0], **asked) is maps.purities(before, numbers[0], **asked)
    assert maps.space_numbers(before, "weighted").value is numbers[0]


def test_another_setting_or_another_truth_is_another_study(planted):
    bare, known = datasets.Dataset(planted.pairs, None), datasets.Dataset(planted.pairs, planted.semantic_share)
    other = datasets.Dataset(planted.pairs, 1 - planted.semantic_share)
    keys = {studies.study_key(dataset, StudyConfig()) for dataset in (bare, known, other)}
    keys.add(studies.study_key(bare, StudyConfig(seed=1)))
    assert len(keys) == 4
    assert studies.study_key(datasets.Dataset(planted.pairs, None), StudyConfig()) in keys


def test_the_demos_finished_study_is_not_lent_to_data_without_its_truth():
    demo = datasets.open_dataset("planted")
    assert studies.find_study(demo, StudyConfig()) is not None
    assert studies.find_study(datasets.Dataset(demo.pairs, None), StudyConfig()) is None


def test_a_dataset_that_changed_on_disk_is_read_anew(planted, relabelled, tmp_path):
    save_pairs(planted.pairs, tmp_path / "mine")
    first = datasets.open_dataset(str(tmp_path / "mine"))
    assert datasets.open_dataset(str(tmp_path / "mine")) is first
    save_pairs(relabelled, tmp_path / "mine")
    assert datasets.open_dataset(str(tmp_path / "mine")).pairs.digest == relabelled.digest != first.pairs.digest


def test_pictures_of_a_demo_lie_beside_its_data_and_a_missing_one_is_none():
    dataset = datasets.open_dataset("shortcut")
    path = dataset.pairs.image_paths[3]
    assert str(pictures.thumbnail(dataset, path, size=40)).startswith("data:image/jpeg;base64,")
    assert pictures.thumbnail(dataset, "../../pictures/nobody.webp") is None
    assert pictures.thumbnail(dataset, None) is None


def test_a_very_narrow_picture_is_shown_too():
    assert len(data_address(Image.new("RGB", (3, 700), "red"), size=96)) > 100


def test_a_picture_that_would_start_another_program_is_not_opened(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n")
    assert pictures.thumbnail(datasets.open_dataset("shortcut"), str(tmp_path / "a.jpg")) is None


def test_a_typed_caption_ranks_the_same_without_weights_in_every_basis():
    dataset = datasets.open_dataset("shortcut")
    lists = []
    for basis in ("given", "cross"):
        study = studies.find_study(dataset, StudyConfig(basis=basis))
        space = studies.Workspace(
            dataset=dataset,
            study=study,
            splits=study_splits(dataset.pairs, study.config, study.basis),
            strength=1.0,
            weights=study.construction.unguarded_weights,
            key=studies.study_key(dataset, study.config),
        )
        read = outside.encode_words(dataset, "a red star above a blue ring")
        asked = compare.Outside("text", read.key, "typed", read.tokens)
        usual = Sides()
        found = compare.Comparison(side(space, usual.left), side(space, usual.right))
        lists.append(compare.lists_of(space, found, asked, top_k=10))
    assert [item.index for item in lists[0].left] == [item.index for item in lists[1].left]
    assert lists[0].left[0].score == pytest.approx(lists[1].left[0].score, abs=1e-4)
    assert lists[1].right != lists[1].left


def test_a_dataset_that_stays_in_its_file_is_opened_as_a_sample_that_says_so(planted, tmp_path, monkeypatch):
    save_pairs(planted.pairs, tmp_path / "large")
    streamed = open_pairs(tmp_path / "large", stream_from=0)
    monkeypatch.setattr(datasets, "SAMPLED_IMAGES", 30)
    drawn, sample = datasets.drawn_for_pages(streamed)
    assert sample.sentence == "sampled 30 of 80 images"
    assert drawn.name.endswith("(sampled 30 of 80 images)")
    assert not drawn.in_file
    chosen = [planted.pairs.ids.index(name) for name in drawn.ids]
    assert torch.equal(drawn.image_tokens, planted.pairs.image_tokens[chosen])
    assert datasets.drawn_for_pages(planted.pairs) == (planted.pairs, None)


def test_a_sample_is_bounded_in_bytes_too(planted, tmp_path, monkeypatch):
    save_pairs(planted.pairs, tmp_path / "large")
    streamed = open_pairs(tmp_path / "large", stream_from=0)
    whole = 2 * (streamed.image_tokens.numel() + streamed.text_tokens.numel())  # float16
    monkeypatch.setattr(datasets, "SAMPLED_BYTES", whole // 4)
    assert datasets.drawn_for_pages(streamed)[1].n == 20
    monkeypatch.setattr(datasets, "SAMPLED_BYTES", 2 * whole)
    drawn, sample = datasets.drawn_for_pages(streamed)
    assert (sample, drawn.in_file, drawn.n_images) == (None, False, 80)
