"""A dataset remembers who encoded it: on disk, in every part of it, and against another encoder."""

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import open_clip
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from torch.testing import assert_close

from pico_core.common.errors import DataError
from pico_core.data.compact import rounded_to_bytes
from pico_core.data.marks import EncoderMark, mark_from_text, mark_to_text
from pico_core.data.pairs import PairedEmbeddings
from pico_core.encoders import (
    encode_dataset,
    load_encoder,
    load_small,
    save_small,
    small_clip,
    small_encoder,
    vocabulary_of,
)
from pico_core.encoders.perturbations import reencode
from pico_core.formats import inspect, native, open_pairs
from pico_core.formats.native import save_pairs
from tests.photos import COLOURS, CONFIG, write_encoder, write_photos

MARK = EncoderMark("Große Modelle", "ViT-B-32", "0123456789abcdef", "bf16", "globals", "tag")
SAID = ["a dog", *COLOURS]


def pairs_of(n: int = 12) -> PairedEmbeddings:
    draw = torch.Generator().manual_seed(0)
    return PairedEmbeddings.from_arrays(torch.randn(n, 2, 8, generator=draw), torch.randn(n, 3, 8, generator=draw))


def header_of(folder: Path) -> dict[str, str]:
    with safe_open(folder / native.ARRAYS, framework="pt") as stored:
        return dict(stored.metadata())


def with_header(folder: Path, header: dict[str, str]) -> None:
    arrays = {name: tensor.clone() for name, tensor in load_file(folder / native.ARRAYS).items()}
    save_file(arrays, folder / native.ARRAYS, metadata=header)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory):
    """Five photos encoded by a small encoder of random weights, and that encoder."""
    folder = write_photos(tmp_path_factory.mktemp("marked"))
    encoder = load_small(write_encoder(folder / "small.safetensors", SAID))
    pairs = encode_dataset(encoder, folder / "images", folder / "c.csv", out=folder / "set", storage="float32").pairs
    return encoder, pairs, folder


@pytest.mark.parametrize("packed", [False, True])
def test_the_mark_is_read_back_and_the_digest_knows_nothing_of_it(tmp_path: Path, packed: bool) -> None:
    bare = rounded_to_bytes(pairs_of()) if packed else pairs_of()
    marked = replace(bare, encoder=MARK)
    save_pairs(marked, tmp_path / "set", packed=packed)
    back = open_pairs(tmp_path / "set")
    assert back.encoder == MARK
    assert back.digest == marked.digest == bare.digest


@pytest.mark.parametrize("packed", [False, True])
def test_without_a_mark_nothing_is_written_and_old_datasets_have_none(tmp_path: Path, packed: bool) -> None:
    save_pairs(pairs_of(), tmp_path / "set", packed=packed)
    assert set(header_of(tmp_path / "set")) == {"format", "name", "part", "normalisation"}
    assert open_pairs(tmp_path / "set").encoder is None


def test_every_part_keeps_the_mark() -> None:
    marked = replace(pairs_of(), encoder=MARK)
    splits = marked.split()
    kept = [marked.select([3, 1]), splits.fit, splits.feedback, splits.test, marked.to(dtype=torch.float16)]
    assert [part.encoder for part in (*kept, rounded_to_bytes(marked))] == [MARK] * 6


FIELDS = asdict(MARK)
HOSTILE = {
    "no JSON": "{",
    "is a list": "[1]",
    "a name is missing": json.dumps({k: v for k, v in FIELDS.items() if k != "model"}),
    "one name more": json.dumps({**FIELDS, "run": "me"}),
    "a number": json.dumps({**FIELDS, "name": 7}),
    "null": json.dumps({**FIELDS, "digest": None}),
    "too long": json.dumps({**FIELDS, "name": "n" * 201}),
    "empty": json.dumps({**FIELDS, "model": ""}),
    "two lines": json.dumps({**FIELDS, "name": "a\nb"}),
    "half a letter": json.dumps({**FIELDS, "name": "\ud800"}),
    "no digest": json.dumps({**FIELDS, "digest": "xyz"}),
    "a longer digest": json.dumps({**FIELDS, "digest": "0123456789abcdef0"}),
    "another precision": json.dumps({**FIELDS, "precision": "int4"}),
    "another level": json.dumps({**FIELDS, "level": "words"}),
    "from elsewhere": json.dumps({**FIELDS, "weights_from": "mail"}),
    "deep": "[" * 4000,
    "huge": json.dumps({**FIELDS, "name": "n" * 5000}),
    "huge numbers": '{"name": ' + "9" * 4000 + "}",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_damaged_mark_is_a_sentence(tmp_path: Path, kind: str) -> None:
    save_pairs(pairs_of(), tmp_path / "set")
    with_header(tmp_path / "set", header_of(tmp_path / "set") | {"encoder": HOSTILE[kind]})
    with pytest.raises(
        DataError, match=r"^set/pairs.safetensors: the note of which encoder made this dataset is damaged: "
    ) as caught:
        open_pairs(tmp_path / "set")
    assert len(str(caught.value)) < 500
    assert ("letters; expected at most 4096" in str(caught.value)) == (kind == "huge")
    assert "damaged" in inspect(tmp_path / "set").problems[0]


def test_a_whole_mark_passes_the_same_door() -> None:
    assert mark_from_text(mark_to_text(MARK)) == MARK


def test_the_digest_follows_weights_and_vocabulary_not_the_file(tmp_path: Path) -> None:
    words = vocabulary_of(SAID)
    one = load_small(write_encoder(tmp_path / "one.safetensors", SAID)).mark
    assert load_small(write_encoder(tmp_path / "other name.safetensors", SAID)).mark == one
    seeded = save_small(
        small_clip(CONFIG, n_words=len(words), seed=1), words, tmp_path / "s.safetensors", config=CONFIG
    )
    assert load_small(seeded).mark.digest != one.digest
    # As many words, so the same random weights, but other ones.
    others = save_small(
        small_clip(CONFIG, n_words=len(words)),
        [*words[:1], *(word + 1 for word in words[1:-2]), *words[-2:]],
        tmp_path / "w.safetensors",
        config=CONFIG,
    )
    assert load_small(others).mark.digest != one.digest


def test_the_digest_follows_what_is_no_weight(tmp_path: Path) -> None:
    """The same weights with other pixels, or another activation, make other tokens."""
    words = vocabulary_of(SAID)

    def mark_of(change: Callable[[nn.Module], None]) -> EncoderMark:
        model = small_clip(CONFIG, n_words=len(words))
        change(model)
        return small_encoder(model, words, config=CONFIG).mark

    def other_pixels(model: nn.Module) -> None:
        model.visual.preprocess_cfg = {"size": 64, "mean": (0.5, 0.5, 0.5)}

    def other_activation(model: nn.Module) -> None:
        for module in list(model.modules()):
            for name, child in module.named_children():
                if isinstance(child, nn.GELU):
                    setattr(module, name, open_clip.transformer.QuickGELU())

    plain = mark_of(lambda model: None)
    assert plain == mark_of(lambda model: None)
    assert len({plain.digest, mark_of(other_pixels).digest, mark_of(other_activation).digest}) == 3


def test_encoding_leaves_the_mark_of_its_encoder_and_level(made, tmp_path: Path) -> None:
    encoder, pairs, folder = made
    assert pairs.encoder == encoder.mark
    assert (pairs.encoder.model, pairs.encoder.level, pairs.encoder.weights_from) == ("pico-small", "tokens", "file")
    assert open_pairs(folder / "set").encoder == encoder.mark
    whole = encode_dataset(encoder, folder / "images", folder / "c.csv", out=tmp_path / "whole", level="globals")
    assert open_pairs(tmp_path / "whole").encoder == whole.pairs.encoder == replace(encoder.mark, level="globals")


def test_a_marked_encoder_says_where_its_weights_came_from(tmp_path: Path) -> None:
    model = load_encoder("ViT-S-32-alt", None, device="cpu", seed=3)
    assert (model.mark.model, model.mark.weights_from, model.mark.name) == ("ViT-S-32-alt", "random", "ViT-S-32-alt")
    file = tmp_path / "mine.pt"
    torch.save(model.model.state_dict(), file)
    read = load_encoder("ViT-S-32-alt", file, device="cpu")
    assert read.mark == replace(model.mark, name="ViT-S-32-alt mine", weights_from="file")
    half = load_encoder("ViT-S-32-alt", file, device="cpu", precision="bf16")
    assert half.mark.digest != read.mark.digest
    assert read.mark.same_encoder(half.mark) is None


def test_what_the_marked_encoder_makes_is_what_the_dataset_holds(made) -> None:
    encoder, pairs, folder = made
    again = encoder.encode_images([folder / "images" / pairs.ids[2]])
    assert_close(again.tokens[0], pairs.image_tokens[2], rtol=0, atol=1e-6)


def test_inspect_names_the_encoder_on_a_line(made, tmp_path: Path, pico) -> None:
    _, pairs, folder = made
    found = pico("inspect", folder / "set")
    assert found.code == 0, found.err
    assert f"encoder          pico-small (weights {pairs.encoder.digest}, fp32, tokens)\n" in found.out
    assert pico("inspect", folder / "set", "--json").json["encoder"] == pairs.encoder.sentence
    save_pairs(pairs_of(), tmp_path / "bare")
    assert "encoder          unknown\n" in pico("inspect", tmp_path / "bare").out
    assert pico("inspect", tmp_path / "bare", "--json").json["encoder"] is None


class Silent:
    """An encoder that must not be asked."""

    name, notes, digest = "silent", (), "0" * 16

    def __init__(self, mark: EncoderMark) -> None:
        self.mark = mark

    def encode_images(self, *_: object, **__: object) -> None:
        raise AssertionError("encoded before the mark was read")

    encode_texts = encode_images


def test_the_probe_refuses_another_encoder_before_it_encodes(made) -> None:
    _, pairs, folder = made
    other = replace(pairs.encoder, digest="f" * 16)
    for mark in (other, replace(pairs.encoder, model="ViT-B-32")):
        with pytest.raises(DataError, match=r"silent: this encoder did not make .* encoded by pico-small \(weights"):
            reencode(Silent(mark), pairs, folder=folder)
    for mark in (pairs.encoder, replace(other, precision="fp16")):  # the same, or one that only its tokens can tell
        with pytest.raises(AssertionError, match="encoded before"):
            reencode(Silent(mark), pairs, folder=folder)
    with pytest.raises(AssertionError, match="encoded before"):
        reencode(Silent(other), replace(pairs, encoder=None), folder=folder)


def test_another_number_format_of_the_same_weights_is_judged_by_its_tokens(made) -> None:
    _, pairs, folder = made
    half = load_small(folder / "small.safetensors", precision="bf16")
    assert reencode(half, pairs, folder=folder).images is not None
