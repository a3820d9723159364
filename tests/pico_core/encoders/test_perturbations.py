"""Pictures and captions in another style, and a dataset encoded again: what stays, what moves, what is refused."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import torch
from PIL import Image

from pico_core.common.errors import DataError, SettingError
from pico_core.common.reporter import Cancelled
from pico_core.data.scenes import ScenesConfig, render_scenes
from pico_core.encoders import encode_dataset, load_small
from pico_core.encoders.perturbations import (
    CAPTION_PERTURBATIONS,
    PICTURE_PERTURBATIONS,
    perturb_caption,
    perturb_picture,
    reencode,
)
from pico_core.encoders.perturbations.reencoding import check_same
from pico_core.encoders.perturbations.variants import names_a_colour
from pico_core.kernels.masking import masked_mean
from tests.photos import write_encoder
from tests.reporters import Calls, stop_at

ISSUE = {"grayscale", "warm tint", "cold tint", "blur", "sketch", "posterise", "pixelate", "darken", "low contrast"}


def photo(size=(50, 36), mode="RGB"):
    values = np.random.default_rng(0).integers(0, 256, size=(size[1], size[0], 3), dtype=np.uint8)
    values[: size[1] // 2] = (200, 120, 60)  # a plain half, so that noise and blur differ from what is there
    return Image.fromarray(values).convert(mode)


@pytest.mark.parametrize("name", PICTURE_PERTURBATIONS)
@pytest.mark.parametrize(("size", "mode"), [((50, 36), "RGB"), ((9, 64), "L"), ((31, 8), "RGBA"), ((200, 3), "P")])
def test_a_picture_keeps_its_size_and_becomes_rgb(name, size, mode):
    picture = photo(size, mode)
    before = picture.copy()
    made = perturb_picture(picture, name, seed=1)
    assert (made.size, made.mode) == (size, "RGB")
    assert picture.tobytes() == before.tobytes(), "the picture that came in was changed"


@pytest.mark.parametrize("name", PICTURE_PERTURBATIONS)
def test_every_perturbation_changes_pixels_and_only_noise_is_random(name):
    picture = photo()
    one, again, other = (np.asarray(perturb_picture(picture, name, seed=s), dtype=float) for s in (1, 1, 2))
    assert np.abs(one - np.asarray(picture)).mean() > 2
    assert (one == again).all()
    assert (one == other).all() == (name != "noise")


def test_the_pictures_of_the_issue_are_all_there():
    assert set(PICTURE_PERTURBATIONS) == ISSUE | {"noise"}
    with pytest.raises(SettingError, match="cubist"):
        perturb_picture(photo(), "cubist")
    with pytest.raises(SettingError, match="rude"):
        perturb_caption("a dog", "rude")


def test_colour_goes_or_shifts_as_the_names_say():
    picture = Image.new("RGB", (8, 8), (100, 100, 100))
    red, _, blue = perturb_picture(picture, "warm tint").getpixel((0, 0))
    assert red > 100 > blue
    red, _, blue = perturb_picture(picture, "cold tint").getpixel((0, 0))
    assert red < 100 < blue
    grey = np.asarray(perturb_picture(photo(), "grayscale"))
    assert (grey.max(axis=2) == grey.min(axis=2)).all()
    assert len(np.unique(np.asarray(perturb_picture(photo(), "posterise")))) <= 8
    assert np.asarray(perturb_picture(photo(), "darken")).mean() < 0.5 * np.asarray(photo()).mean()
    assert np.asarray(perturb_picture(photo(), "low contrast")).std() < 0.5 * np.asarray(photo()).std()
    # The same picture three times as large looks the same, smaller again.
    large = photo((96, 96)).resize((288, 288), Image.Resampling.NEAREST)
    there = np.asarray(perturb_picture(large, "pixelate").resize((96, 96), Image.Resampling.BOX), dtype=float)
    assert (
        np.abs(there - np.asarray(perturb_picture(photo((96, 96)), "pixelate"), dtype=float)).max() <= 2
    )  # rounded twice


@pytest.mark.parametrize("name", CAPTION_PERTURBATIONS)
@pytest.mark.parametrize("caption", ["A red bus, seen near the park!", "NASA's rocket on a pad.", "dog"])
def test_a_caption_keeps_its_words_of_content(name, caption):
    made = perturb_caption(caption, name)
    assert made == perturb_caption(caption, name)
    for word in ("red", "bus", "seen", "near", "park") if "bus" in caption else (caption.split()[0].strip(".!"),):
        assert word.lower() in made.lower()
    assert "  " not in made
    assert made.strip() == made


def test_captions_are_framed_like_sentences():
    said = {name: perturb_caption("A Dog, asleep.", name) for name in CAPTION_PERTURBATIONS}
    assert said["lower case"] == "a dog, asleep."
    assert said["upper case"] == "A DOG, ASLEEP."
    assert said["no punctuation"] == "A Dog asleep"
    assert said["full stop"] == "A Dog, asleep."
    assert said["photo prefix"] == "a photo of a Dog, asleep"
    assert said["terse"] == "Dog, asleep"
    assert perturb_caption("NASA rocket", "photo prefix") == "a photo of NASA rocket"
    assert perturb_caption("the", "terse") == "the", "a caption of little words only stays"
    assert names_a_colour("two GREY cats")
    assert not names_a_colour("a predator and a greyhound")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Twelve scenes encoded by a small encoder of random weights, and that encoder."""
    folder = tmp_path_factory.mktemp("probe")
    scenes = render_scenes(ScenesConfig(n_images=12), seed=4)
    (folder / "pictures").mkdir()
    for i in range(12):
        scenes.picture(i).save(folder / "pictures" / f"{i}.png")
    pl.DataFrame({"image": [f"{i}.png" for i in scenes.text_image.tolist()], "caption": scenes.captions}).write_csv(
        folder / "c.csv"
    )
    encoder = load_small(write_encoder(folder / "e.safetensors", scenes.captions))
    pairs = encode_dataset(encoder, folder / "pictures", folder / "c.csv", out=folder / "dataset").pairs
    return encoder, pairs, folder


def test_the_variants_are_what_the_encoder_makes_of_them(made):
    encoder, pairs, _ = made
    found = reencode(encoder, pairs, n_items=6, seed=3)
    names = tuple(PICTURE_PERTURBATIONS)
    assert found.images.names == names
    assert found.texts.names == tuple(CAPTION_PERTURBATIONS)
    assert found.images.means.shape == (6, 1 + len(names), pairs.n_columns)
    chosen = torch.randperm(12, generator=torch.Generator().manual_seed(3))[:6].sort().values.tolist()
    assert found.images.rows == tuple(chosen)
    assert pairs.text_image[list(found.texts.rows)].tolist() == chosen
    for item, row in enumerate(chosen):
        with Image.open(pairs.image_paths[row]) as picture:
            for place, name in ((0, None), (1, names[0]), (10, names[9])):
                seen = picture if name is None else perturb_picture(picture, name, seed=3 * 1_000_003 + row)
                tokens = encoder.encode_images([seen])
                expected = masked_mean(tokens.tokens, tokens.mask)[0]
                torch.testing.assert_close(found.images.means[item, place], expected, atol=1e-5, rtol=1e-4)
    # Every text item is one caption of the image in the same place.
    stored = pairs.text_means
    for item, row in enumerate(chosen):
        own = (pairs.text_image == row).nonzero()[:, 0].tolist()
        nearest = [t for t in own if (stored[t] - found.texts.means[item, 0]).abs().max() < 1e-3]
        assert nearest
        expected = {
            place: encoder.encode_texts([perturb_caption(pairs.captions[nearest[0]], name)])
            for place, name in enumerate(CAPTION_PERTURBATIONS, 1)
        }
        for place, words in expected.items():
            mean = masked_mean(words.tokens, words.mask)[0]
            torch.testing.assert_close(found.texts.means[item, place], mean, atol=1e-5, rtol=1e-4)


def test_the_sample_and_its_noise_follow_the_seed_and_progress_counts_up(made):
    encoder, pairs, _ = made
    seen = []

    def log(done, total, name):
        seen.append((name, done, total))

    one = reencode(encoder, pairs, n_items=5, seed=1, reporter=Calls(step=log), batch_size=4)
    again, other = reencode(encoder, pairs, n_items=5, seed=1), reencode(encoder, pairs, n_items=5, seed=2)
    torch.testing.assert_close(one.images.means, again.images.means, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(one.texts.means, again.texts.means, atol=1e-5, rtol=1e-4)
    assert (one.images.means - other.images.means).abs().max() > 1e-3
    for stage in ("images", "texts"):
        steps = [done for name, done, _ in seen if name == stage]
        assert steps == sorted(set(steps))
        assert steps[-1] == next(total for name, _, total in seen if name == stage) == 5 * 11
    with pytest.raises(Cancelled):
        reencode(encoder, pairs, n_items=5, reporter=stop_at(20))

    def refuse(*_, **__):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        reencode(encoder, pairs, n_items=5, reporter=Calls(step=refuse))


def test_missing_pictures_are_skipped_and_told(made):
    encoder, pairs, folder = made
    broken = folder / "broken.png"
    broken.write_bytes(b"not a picture")
    paths = pl.Series("path", [str(folder / "nowhere.png"), str(broken), *pairs.image_paths[2:]])
    partly = replace(pairs, images=pairs.images.with_columns(paths))
    found = reencode(encoder, partly, n_items=12)
    assert [item.position for item in found.skipped] == [0, 1]
    assert (len(found.images.means), len(found.texts.means)) == (10, 12)
    nothing = replace(pairs, images=pairs.images.with_columns(path=pl.lit(None, pl.String)))
    only_texts = reencode(encoder, nothing, n_items=12)
    assert only_texts.images is None
    assert len(only_texts.texts.means) == 12
    with pytest.raises(DataError, match="neither a picture nor a caption"):
        reencode(encoder, replace(nothing, texts=pairs.texts.with_columns(caption=pl.lit(None, pl.String))))
    few = pl.Series("path", [*pairs.image_paths[:3], *[None] * 9])
    with pytest.raises(DataError, match="at least 4"):
        reencode(encoder, replace(pairs, images=pairs.images.with_columns(few)))


def test_relative_paths_start_at_the_dataset(made):
    encoder, pairs, folder = made
    beside = replace(
        pairs, images=pairs.images.with_columns(path=pl.Series([f"../pictures/{name}" for name in pairs.ids]))
    )
    assert not reencode(encoder, beside, folder=folder / "dataset", n_items=4).skipped


def test_another_encoder_and_other_pictures_are_refused(made):
    encoder, pairs, _ = made
    torch.manual_seed(0)
    turned = torch.linalg.qr(torch.randn(pairs.n_columns, pairs.n_columns)).Q.to(pairs.image_tokens.dtype)
    with pytest.raises(DataError, match=r"this encoder did not make these embeddings.*cosine of"):
        reencode(encoder, replace(pairs, image_tokens=pairs.image_tokens @ turned))
    with pytest.raises(DataError, match=r"this encoder did not make these embeddings.*captions"):
        reencode(encoder, replace(pairs, text_tokens=pairs.text_tokens @ turned))
    narrow = replace(pairs, image_tokens=pairs.image_tokens[..., :8], text_tokens=pairs.text_tokens[..., :8])
    with pytest.raises(DataError, match="64 columns and the dataset has 8"):
        reencode(encoder, narrow)


def test_swapped_items_show_around_their_mean_even_where_all_vectors_lie_close_together():
    torch.manual_seed(0)
    stored = torch.tensor([1.0, *[0.0] * 15]) + 0.02 * torch.randn(20, 16)
    check_same(stored + 1e-4 * torch.randn(20, 16), stored, "e", "pictures")
    with pytest.raises(DataError, match="not the pictures that the dataset was made from"):
        check_same(stored.roll(1, dims=0), stored, "e", "pictures")


def test_a_dataset_of_one_vector_each_is_probed_by_global_vectors(made, tmp_path):
    encoder, _, folder = made
    pairs = encode_dataset(
        encoder, folder / "pictures", folder / "c.csv", out=tmp_path / "globals", level="globals"
    ).pairs
    found = reencode(encoder, pairs, n_items=4, seed=0)
    norms = torch.linalg.vector_norm(found.images.means, dim=2)
    torch.testing.assert_close(norms, torch.ones_like(norms))


def test_words_that_the_encoder_does_not_know_are_named(made):
    encoder, pairs, _ = made
    found = reencode(encoder, pairs, n_items=4)
    assert "photo" in found.unknown_words
    assert "image" not in found.unknown_words, "captions of scenes say image"
    assert all(any(letter.isalnum() for letter in word) for word in found.unknown_words)
    assert found.n_colour == 4
    assert found.images.aside == ("grayscale", "sketch"), "where captions name colours, colour is content"
