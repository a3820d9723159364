"""Own pictures on the command line: one dataset, bad ones by name, nothing encoded twice, mistakes as sentences."""

import json
import os
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from pico_core.encoders import OpenClipEncoder, small
from pico_core.encoders.captions import caption_columns
from pico_core.formats import open_pairs
from tests.photos import COLOURS, write_encoder, write_photos


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    return write_encoder(tmp_path_factory.mktemp("encoder") / "small.safetensors", ["a dog", *COLOURS])


@pytest.fixture
def own(tmp_path):
    """Five pictures with two captions each."""
    return write_photos(tmp_path)


@pytest.fixture
def spoilt(own):
    """The same, with a damaged picture, a missing one, one without caption, and one that nobody names."""
    (own / "images" / "green.png").write_bytes((own / "images" / "green.png").read_bytes()[:60])
    (own / "images" / "blue.png").rename(own / "images" / "other.png")
    with (own / "c.csv").open("a") as sink:
        sink.write("bare.png,,\nred.png,a dog,a dog\nwhite.png,a zebra dog," + "a dog " * 40 + "\n")
    return own


@pytest.fixture
def counted(monkeypatch):
    """How many pictures and captions every call was asked for."""
    calls = {"images": [], "texts": []}
    for kind, asked in calls.items():
        real = getattr(OpenClipEncoder, f"encode_{kind}")

        def encode(self, items, *, asked=asked, real=real, **settings):
            asked.append(len(items))
            return real(self, items, **settings)

        monkeypatch.setattr(OpenClipEncoder, f"encode_{kind}", encode)
    return calls


def command(own, *more):
    return ["encode", own / "images", own / "c.csv", "--out", own / "set", *more]


def test_a_folder_becomes_a_dataset(pico, own, encoder):
    made = pico(*command(own, "--pretrained", encoder, "--json"))
    assert made.code == 0, made.err
    pairs, found = open_pairs(own / "set"), made.json
    assert (found["n_images"], found["n_texts"], found["n_columns"]) == (5, 10, 64)
    assert found["digest"] == pairs.digest
    assert pairs.captions[:2] == ["a red dog", "a dog"]
    assert (found["left_out_images"], found["left_out_texts"], found["notes"]) == ([], [], [])
    assert (found["captions_format"], found["n_shared"]) == ("delimited", 5)


def test_people_read_lines(pico, own, encoder):
    made = pico(*command(own, "--pretrained", encoder, "--level", "globals", "--batch-size", 2))
    assert made.code == 0, made.err
    assert "n_columns        64" in made.out
    assert "{" not in made.out
    assert open_pairs(own / "set").image_tokens.shape == (5, 1, 64)


def test_a_missing_picture_is_refused_by_name(pico, spoilt, encoder, counted):
    made = pico(*command(spoilt, "--pretrained", encoder))
    assert made.code == 2
    assert made.out == ""
    assert "1 of 5 pictures cannot be found: blue.png" in made.err
    assert counted["images"] == []
    assert not (spoilt / "set").exists()


def test_a_damaged_picture_is_refused_by_name(pico, spoilt, encoder):
    (spoilt / "images" / "other.png").rename(spoilt / "images" / "blue.png")
    made = pico(*command(spoilt, "--pretrained", encoder))
    assert made.code == 2
    assert "green.png: the picture is cut short or damaged" in made.err
    assert not (spoilt / "set").exists()


def test_bad_ones_are_skipped_and_listed(pico, spoilt, encoder):
    made = pico(*command(spoilt, "--pretrained", encoder, "--on-bad", "skip", "--json"))
    assert made.code == 0, made.err
    found = made.json
    assert open_pairs(spoilt / "set").ids == ["red.png", "white.png", "black.png"]
    assert [item["name"] for item in found["left_out_images"]] == ["green.png", "blue.png"]
    assert "cut short" in found["left_out_images"][0]["reason"]
    assert "no such file" in found["left_out_images"][1]["reason"]
    assert (found["without_caption"], found["unnamed_pictures"]) == (["bare.png"], ["other.png"])
    assert (found["unknown_words"], found["n_truncated"], found["n_repeated"]) == (["zebra"], 1, 2)
    shown = pico(*command(spoilt, "--pretrained", encoder, "--on-bad", "skip")).out
    assert "blue.png: there is no such file" in shown
    assert "zebra" in shown


def test_an_interrupted_encoding_goes_on_where_it_was(pico, own, encoder, counted, monkeypatch):
    steady = OpenClipEncoder.encode_images

    def pressed(self, images, **settings):
        if len(counted["images"]) == 2:
            raise KeyboardInterrupt
        return steady(self, images, **settings)

    monkeypatch.setattr(OpenClipEncoder, "encode_images", pressed)
    stopped = pico(*command(own, "--pretrained", encoder, "--batch-size", 2))
    assert (stopped.code, stopped.out) == (130, "")
    assert "interrupted after 4 of 5 images; start it again to go on" in stopped.err
    assert "nothing was written" not in stopped.err
    assert counted["images"] == [2, 2]
    monkeypatch.setattr(OpenClipEncoder, "encode_images", steady)
    assert pico(*command(own, "--pretrained", encoder, "--batch-size", 2)).code == 0
    assert counted == {"images": [2, 2, 1], "texts": [2] * 5}
    assert sorted(entry.name for entry in own.iterdir()) == ["c.csv", "images", "set"]


def test_interrupted_before_the_first_batch_nothing_was_written(pico, own, encoder, monkeypatch):
    def pressed(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(OpenClipEncoder, "encode_images", pressed)
    stopped = pico(*command(own, "--pretrained", encoder))
    assert stopped.code == 130
    assert "nothing was written" in stopped.err


KEY_PRESS = """
import os, signal, sys, time
from pico_core import cli
from pico_core.encoders import OpenClipEncoder

real = OpenClipEncoder.encode_texts

def slow(self, *args, **settings):
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(5)
    return real(self, *args, **settings)

OpenClipEncoder.encode_texts = slow
cli.main()
"""


@pytest.mark.skipif(os.name != "posix", reason="signals are sent the POSIX way")
def test_a_key_press_keeps_what_is_done(own, encoder):
    done = subprocess.run(
        [sys.executable, "-c", KEY_PRESS, *map(str, command(own, "--pretrained", encoder))],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 128 + signal.SIGINT
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "interrupted after 5 of 5 images" in done.stderr
    assert [entry.name for entry in own.glob(".set*")] == [".set.encoding.part"]


def test_columns_of_ones_own(pico, own, encoder):
    (own / "c.csv").write_text("wer,was,noch\n" + "".join(f"{name}.png,a dog,a {name} dog\n" for name in COLOURS))
    refused = pico(*command(own, "--pretrained", encoder))
    assert refused.code == 2
    assert "'wer', 'was', 'noch'" in refused.err
    assert caption_columns(own / "c.csv") == ("wer", "was", "noch")
    chosen = ["--image-column", "wer", "--caption-column", "was", "--caption-column", "noch"]
    made = pico(*command(own, "--pretrained", encoder, *chosen, "--json"))
    assert made.json["n_texts"] == 10


def test_columns_are_named_where_the_format_leaves_them_open(tmp_path):
    import polars as pl

    table = pl.DataFrame({"wer": ["a.png", "b.png"], "was": ["a dog", "a cat"]})
    table.write_parquet(tmp_path / "a")
    table.write_csv(tmp_path / "b", separator="\t")
    table.write_ndjson(tmp_path / "c")
    (tmp_path / "d").write_text("a.png#0\ta dog\n")
    (tmp_path / "e").write_text(json.dumps({"a.png": "a dog"}))
    assert [caption_columns(tmp_path / name) for name in "abcde"] == [("wer", "was")] * 3 + [()] * 2


def test_the_built_in_encoder_is_the_default(pico, own, encoder, monkeypatch):
    monkeypatch.setattr(small, "BUILTIN", own / "none.safetensors")
    refused = pico(*command(own))
    assert refused.code == 2
    assert "no encoder is built into this installation" in refused.err
    monkeypatch.setattr(small, "BUILTIN", encoder)
    assert pico(*command(own, "--json")).json["encoder"] == "pico-small"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--model", "ViT-B-23", "--random-weights"], ["no model 'ViT-B-23'", "ViT-B-32"]),
        (["--model", "ViT-B-32"], ["needs weights", "laion2b_s34b_b79k", "random weights"]),
        (["--model", "ViT-B-32", "--pretrained", "laion"], ["'laion' is neither a file nor one of", "openai"]),
        (["--model", "ViT-B-32", "--pretrained", "{none}.pt"], ["none.pt", "no such file"]),
        (["--model", "ViT-B-32", "--pretrained", "{small}"], ["it is a small encoder of PICO Lens, not ViT-B-32"]),
        (["--pretrained", "openai"], ["no small encoder", "name the model"]),
        (["--pretrained", "{other}"], ["no small encoder", "name the model"]),
        (["--model", "pico-small", "--pretrained", "{other}"], ["it is no small encoder"]),
        (["--pretrained", "{small}", "--random-weights"], ["choose one"]),
        (["--model", "pico-small", "--random-weights"], ["no random weights"]),
        (["--pretrained", "{small}", "--device", "cuda:99"], ["cuda:99"]),
        (["--pretrained", "{small}", "--image-column", "nobody"], ["no column 'nobody'"]),
    ],
)
def test_mistakes_are_sentences_with_code_2(pico, own, encoder, more, words):
    save_file({"weight": torch.ones(2)}, own / "other.safetensors")
    places = {"none": own / "none", "small": encoder, "other": own / "other.safetensors"}
    made = pico(*command(own, *(text.format(**places) for text in more)))
    assert (made.code, made.out) == (2, "")
    assert made.err.startswith("pico-lens: ")
    for word in words:
        assert word in made.err
    assert not (own / "set").exists()


def test_wrong_places_are_sentences(pico, own, encoder):
    chosen = ["--pretrained", encoder]
    assert "no such folder of pictures" in pico("encode", own / "x", own / "c.csv", "--out", own / "set", *chosen).err
    assert "no such file" in pico("encode", own / "images", own / "x.csv", "--out", own / "set", *chosen).err
    assert "something else than a data set" in pico(
        "encode", own / "images", own / "c.csv", "--out", own / "images", *chosen
    ).err  # fmt: skip
    assert "Usage" in pico(*command(own, "--on-bad", "ignore")).err


def test_random_weights_are_said_loudly(pico, own, monkeypatch):
    """A tiny stand-in for open_clip's model: what is said, not what is encoded."""
    import open_clip

    def tiny(*_, **__):
        vision = {"image_size": 32, "patch_size": 8, "width": 64, "layers": 1, "head_width": 32}
        return open_clip.CLIP(16, vision, {"context_length": 12, "width": 32, "heads": 2, "layers": 1})

    monkeypatch.setattr(open_clip, "create_model", tiny)
    made = pico(*command(own, "--model", "ViT-B-32", "--random-weights", "--json"))
    assert made.code == 0, made.err
    assert "Note: the weights are random" in made.err
    assert "random" in made.json["notes"][0]


def test_a_checkpoint_of_open_clip(pico, own):
    import open_clip

    model = open_clip.create_model("ViT-B-32")
    save_file({name: value.contiguous() for name, value in model.state_dict().items()}, own / "vit.safetensors")
    del model
    for stale in ("white", "black"):
        (own / "images" / f"{stale}.png").unlink()
    (own / "c.csv").write_text("image,caption\nred.png,a dog\ngreen.png,a green dog\nblue.png,a zebra\n")
    chosen = ["--model", "ViT-B-32", "--pretrained", own / "vit.safetensors"]
    made = pico(*command(own, *chosen, "--json"))
    assert made.code == 0, made.err
    assert (made.json["n_columns"], made.json["encoder"], made.json["notes"]) == (512, "ViT-B-32 vit", [])
    assert open_pairs(own / "set").image_tokens.shape == (3, 49, 512)


@pytest.mark.real
def test_two_hundred_real_pictures(pico, real_data, tmp_path):
    source = real_data / "flickr8k_test1k"
    if not (source / "images").is_dir():
        pytest.skip("no real pictures")
    arrays = np.load(source / "pairs.npz")
    (tmp_path / "images").mkdir()
    names = [f"{name}.jpg".replace(".jpg.jpg", ".jpg") for name in arrays["ids"][:200].tolist()]
    for name in names:
        shutil.copy(source / "images" / name, tmp_path / "images" / name)
    damaged = tmp_path / "images" / names[7]
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    said = [(names[i], str(c)) for i, c in zip(arrays["image_index"], arrays["captions"], strict=True) if i < 200]
    lines = [json.dumps({"image": image, "caption": caption}) for image, caption in [*said, ("gone.jpg", "a dog")]]
    (tmp_path / "c.jsonl").write_text("\n".join(lines))
    weights = write_encoder(tmp_path / "small.safetensors", [caption for _, caption in said[::2]])
    asked = ["encode", tmp_path / "images", tmp_path / "c.jsonl", "--out", tmp_path / "set", "--pretrained", weights]
    assert "gone.jpg" in pico(*asked).err
    made = pico(*asked, "--on-bad", "skip", "--json")
    assert made.code == 0, made.err
    found = made.json
    assert (found["n_images"], found["n_columns"], found["captions_format"]) == (199, 64, "records")
    assert [item["name"] for item in found["left_out_images"]] == [names[7], "gone.jpg"]
    assert len(found["unknown_words"]) > 10
    pairs = open_pairs(tmp_path / "set")
    assert pairs.texts_per_image == (5, 5)
    assert pairs.image_tokens.shape[1] == 64
